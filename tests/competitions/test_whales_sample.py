"""The generated whales: what lies in the folder, and that it is true."""

import csv
import hashlib

import cv2
import numpy as np
import pytest

from competitions.whales import prepare
from competitions.whales.sample import SINGLES, write_sample
from competitions.whales.scene import Pose, _draw_pose, draw_scene
from competitions.whales.sea import Weather
from competitions.whales.whale import BLOWHOLE, BONNET, draw_whales, head_outline
from pipeline.errors import DataError

SMALL = {"pictures": 60, "whales": 7, "days": 9}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "whales"
    write_sample(root, seed=3, **SMALL)
    return root


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def numbers(path):
    return {row.pop("Image"): np.array([float(value) for value in row.values()]) for row in table(path)}


def hashes(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_files_are_those_that_kaggle_gives(sample):
    train, test = table(sample / "train.csv"), table(sample / "test.csv")
    submission = table(sample / "sample_submission.csv")
    names = {row["whaleID"] for row in train}
    assert list(train[0]) == ["Image", "whaleID", "day"]
    assert list(test[0]) == ["Image"]
    assert list(submission[0]) == ["Image", *sorted(names)]
    assert all(len(name) == len("whale_00000") for name in names)
    assert [row["Image"] for row in submission] == [row["Image"] for row in test]
    images = [row["Image"] for row in train + test]
    assert len(set(images)) == len(images) == SMALL["pictures"]
    assert {path.name for path in (sample / "imgs").iterdir()} == set(images)
    for row in submission:
        assert sum(float(value) for key, value in row.items() if key != "Image") == pytest.approx(1, abs=1e-4)


def test_test_pictures_show_training_whales_on_other_days(sample):
    train, truth = table(sample / "train.csv"), table(sample / "truth" / "labels.csv")
    names, counts = np.unique([row["whaleID"] for row in train], return_counts=True)
    assert len(names) == SMALL["whales"]
    assert (counts == 1).sum() == SINGLES
    assert counts[counts > 1].min() >= 3
    assert {row["whaleID"] for row in truth} <= set(names)
    assert not {row["day"] for row in truth} & {row["day"] for row in train}
    assert [row["Image"] for row in truth] == [row["Image"] for row in table(sample / "test.csv")]


def test_a_whale_is_met_on_few_training_days(sample):
    days = {}
    for row in table(sample / "train.csv"):
        days.setdefault(row["whaleID"], set()).add(row["day"])
    assert sorted(len(met) for met in days.values()) == [1] * SINGLES + [3] * (SMALL["whales"] - SINGLES)


def test_annotations_are_the_truth_for_most_training_pictures(tmp_path):
    root = tmp_path / "whales"
    write_sample(root, seed=1, pictures=90, whales=5, days=6)
    train = {row["Image"] for row in table(root / "train.csv")}
    for name in ("boxes.csv", "points.csv"):
        given, truth = numbers(root / name), numbers(root / "truth" / name)
        assert set(given) < train
        assert len(given) > 0.8 * len(train)
        assert len(truth) == 90
        assert all((truth[image] == values).all() for image, values in given.items())


def test_box_lies_in_the_picture_and_around_both_points(sample):
    boxes, points = numbers(sample / "truth" / "boxes.csv"), numbers(sample / "truth" / "points.csv")
    shares = []
    for image, box in boxes.items():
        height, width, channels = cv2.imread(str(sample / "imgs" / image)).shape
        assert channels == 3
        assert 256 <= max(width, height) <= 384
        assert (box[:2] >= 0).all()
        assert box[2] <= width
        assert box[3] <= height
        for x, y in points[image].reshape(2, 2):
            assert box[0] < x < box[2]
            assert box[1] < y < box[3]
        axis = np.hypot(*(points[image][:2] - points[image][2:]))
        shares.append(1.5 * axis**2 / (width * height))  # a head is about 1.75 axes long, 0.86 wide
    assert 0.03 < np.mean(shares) < 0.08


def test_same_seed_gives_the_same_bytes(sample, tmp_path):
    write_sample(tmp_path / "again", seed=3, **SMALL)
    assert hashes(tmp_path / "again") == hashes(sample)


def test_other_seed_gives_other_pictures(sample, tmp_path):
    write_sample(tmp_path / "other", seed=4, **SMALL)
    mine, other = hashes(sample), hashes(tmp_path / "other")
    assert not [name for name in mine if name.startswith("imgs") and mine[name] == other[name]]


def test_points_lie_on_bonnet_and_blowhole():
    """The bonnet is lighter than the skin, the skin darker than any sea: tip and nape must show it."""
    rng = np.random.default_rng(0)
    brighter = []
    for whale in draw_whales(rng, 12):
        scene = draw_scene(rng, whale, Weather.draw(rng))
        bonnet, blowhole = np.array(scene.bonnet), np.array(scene.blowhole)
        nape = blowhole + 0.5 * (blowhole - bonnet)
        inside = (nape >= 3).all() and (nape[::-1] < np.array(scene.pixels.shape[:2]) - 3).all()
        if inside:
            brighter.append(_patch(scene.pixels, bonnet) / _patch(scene.pixels, nape))
    assert len(brighter) >= 6
    assert np.mean(np.array(brighter) > 1.4) > 0.8


def _patch(pixels, at):
    x, y = np.round(at).astype(int)
    return np.median(pixels[y - 2 : y + 3, x - 2 : x + 3].astype(float)) + 1


def test_pose_inverse_undoes_the_bend():
    linear = np.array([[0.012, -0.009], [0.010, 0.013]])
    pose = Pose(linear, np.array([80.0, 60.0]), bend=0.08, nod=-0.05, sway=0.03, phase=1.0)
    points = np.array([BONNET, BLOWHOLE, (-3.0, 0.4)])
    u, v = pose.to_whale(*pose.to_pixels(points).T)
    np.testing.assert_allclose(np.column_stack([u, v]), points, atol=1e-4)


def test_whales_are_not_mirrored():
    """A flipped head would be another whale: its right side must lie to the right of its axis."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        pose = _draw_pose(rng, 384, 256)
        blowhole, bonnet, right = pose.to_pixels(np.array([BLOWHOLE, BONNET, (0.0, 0.3)]))
        (ahead_x, ahead_y), (right_x, right_y) = bonnet - blowhole, right - blowhole
        assert ahead_x * right_y - ahead_y * right_x > 0  # clockwise on the screen, where y points down


def test_whales_have_different_patterns():
    patterns = [whale.texture[..., 2] for whale in draw_whales(np.random.default_rng(0), 25)]
    for i, one in enumerate(patterns):
        assert one.sum() > 0
        for other in patterns[:i]:
            assert np.minimum(one, other).sum() / np.maximum(one, other).sum() < 0.6


def test_head_outline_goes_around_both_points():
    outline = head_outline()
    assert outline[:, 0].min() < BLOWHOLE[0] < BONNET[0] < outline[:, 0].max()
    np.testing.assert_allclose(outline[:40, 1], -outline[40:, 1])


def test_nothing_is_left_where_drawing_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("competitions.whales.sample._write", fail)
    with pytest.raises(OSError, match="disk full"):
        write_sample(tmp_path / "whales", **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="absent or empty"):
        write_sample(tmp_path, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("wrong", [{"pictures": 20}, {"whales": 2}, {"days": 3}])
def test_too_small_a_sample_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="A sample needs more than 2 whales"):
        write_sample(tmp_path / "whales", **(SMALL | wrong))


def test_prepare_draws_once(tmp_path, monkeypatch):
    monkeypatch.setattr("competitions.whales.sample.PICTURES", 40)
    drawn = []
    monkeypatch.setattr("competitions.whales.sample.write_sample", lambda root: drawn.append(root))
    root = tmp_path / "whales"
    assert "drew a sample of 40 pictures" in prepare(root)
    assert drawn == [root]
    root.mkdir()
    (root / "train.csv").write_text("Image,whaleID\n")
    assert prepare(root).endswith("data found.")
    assert drawn == [root]


@pytest.mark.parametrize("place", ["whales.zip", "whales/noaa.zip"])
def test_prepare_leaves_a_zip_to_the_reader(tmp_path, place):
    (tmp_path / "whales").mkdir() if "/" in place else None
    (tmp_path / place).write_bytes(b"PK")
    assert prepare(tmp_path / "whales").endswith("found.")
    assert not (tmp_path / "whales" / "train.csv").exists()
