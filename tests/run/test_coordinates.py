"""A chain of networks is honest: nothing downstream was made by a network that knew the row."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from pipeline.config.load import load_config
from pipeline.data.annotations import Annotations
from pipeline.data.source import FolderSource
from pipeline.errors import DataError
from pipeline.inputs.images import images
from pipeline.inputs.images.decoding import decode
from pipeline.inputs.images.files import fallback_lines, seen_by, write_views
from pipeline.models.cnn import CNN
from pipeline.package.opened import open_package
from pipeline.package.package import Place, write_package
from pipeline.package.stage import lay_out
from pipeline.progress import Progress
from pipeline.reports.page import sections
from pipeline.run.coordinates import Coordinates, error_of, to_source, to_view
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.runners import ray as ray_runner
from pipeline.stages.order import train
from pipeline.stages.page import material_of
from pipeline.stages.prediction import predict
from pipeline.stages.report import publish_report, report_product
from pipeline.store import Store
from pipeline.tasks.base import make_task
from pipeline.transforms.views import Views
from pipeline.transforms.warp import warp

ROWS, TEST_ROWS = 42, 6
LINKS = {"box": "dots", "dots": "who"}  # who finds coordinates, and who sees through them

CONFIG = """\
competition: toy
data: {id: id, target: kind, images: "{id}.png"}
metric: log_loss
folds: {n: 3, group: day}
models:
  box:
    {kind: cnn, backbone: "4C3 MP2 FC12", size: 16, target: box, annotations: boxes.csv, epochs: 3,
     batch_size: 8, learning_rate: 0.01}
  dots:
    {kind: cnn, backbone: "4C3 MP2 FC12", size: 16, target: points, annotations: dots.csv, epochs: 3,
     batch_size: 8, learning_rate: 0.01, view: {by: box, margin: 0.3}}
  who:
    {kind: cnn, backbone: "4C3 MP2 FC12", size: [8, 16], epochs: 3, batch_size: 8,
     view: {by: dots, axis: [0, 1], width: 2.5, height: 1.5}}
report: {optimism: [who]}
"""


class Listener(Progress):
    def __init__(self):
        self.messages = []

    def message(self, text):
        self.messages.append(text)


def write_data(root, seed=0):
    """Dark pictures with a grey bar from a red dot to a green one; the bar's brightness is the class."""
    import cv2

    rng = np.random.default_rng(seed)
    tables = {
        "train": [("id", "kind", "day")],
        "test": [("id",)],
        "sample_submission": [("id", "dim", "lit")],
    }
    boxes, dots = [("id", "x1", "y1", "x2", "y2")], [("id", "red_x", "red_y", "green_x", "green_y")]
    for row in range(ROWS + TEST_ROWS):
        picture = rng.integers(0, 40, (30, 36, 3)).astype(np.uint8)
        middle, turn = rng.uniform(9, [27, 21]), rng.uniform(0, 2 * np.pi)
        ends = middle + np.outer([-6, 6], [np.cos(turn), np.sin(turn)])
        (a, b), kind = ends.round().astype(int).tolist(), row % 2
        cv2.line(picture, a, b, (90 + 90 * kind,) * 3, 3)
        cv2.circle(picture, a, 2, (230, 30, 30), -1)
        cv2.circle(picture, b, 2, (30, 230, 30), -1)
        name = f"p{row:02d}"
        Image.fromarray(picture).save(root / f"{name}.png")
        if row >= ROWS:
            tables["test"].append((name,))
            tables["sample_submission"].append((name, 0.5, 0.5))
            continue
        tables["train"].append((name, ("dim", "lit")[kind], f"d{row // 2 % 9}"))
        if row % 10:
            boxes.append((name, *(ends.min(axis=0) - 3).round(2), *(ends.max(axis=0) + 3).round(2)))
        if row % 9:
            dots.append((name, *ends.ravel().round(2)))
    for name, lines in {**tables, "boxes": boxes, "dots": dots}.items():
        write(root / f"{name}.csv", lines)


def write(path, lines):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def make_run(data, store, text=CONFIG):
    path = store.parent / f"{store.name}.yaml"
    path.write_text(text, encoding="utf-8")
    return Run(Plan(load_config(path), FolderSource(data), Store(store)), Listener())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("toy")
    write_data(root)
    return root


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    run = make_run(data, tmp_path_factory.mktemp("runs") / "toy")
    train(run)
    return run


def test_fractions_of_a_view_come_back_to_the_source():
    affines = np.array([[[0.5, 0.0, 1.0], [0.0, 0.25, -2.0]], [[0.0, 2.0, 3.0], [-2.0, 0.0, 50.0]]])
    views, values = Views(affines, (20, 40)), np.array([[3.0, 4, 10, 30], [5, 6, 7, 8]])
    for box in (False, True):
        np.testing.assert_allclose(to_source(to_view(values, views, box), views, box), values)
    edges = to_view(np.array([[-0.5, -0.5, 39.5, 19.5]]), Views(np.eye(2, 3)[None], (20, 40)), True)
    np.testing.assert_allclose(edges, [[0, 0, 1, 1]])
    assert np.isnan(to_view(np.full((2, 4), np.nan), views, True)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", LINKS)
def test_coordinates_of_a_row_come_from_the_model_that_did_not_train_on_it(run, name):
    found, sides = run.coordinates(name), run.sides(name)
    task, box = make_task("regression", found.names), name == "box"
    views = seen_by(run.pixels_product(name).path, "train")
    for fold in run.folds:
        folder = run.fit_product(name, fold).path / "model" / "seed0"
        model = CNN(run.config.models[name], task).load(folder)
        said = to_source(model.predict(sides.train.rows()), views, box)
        np.testing.assert_allclose(found.train[fold.valid], said[fold.valid], atol=1e-3)
        assert np.abs(found.train[fold.train] - said[fold.train]).max(axis=1).min() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("name, reader", LINKS.items())
def test_crops_are_cut_by_these_coordinates(run, name, reader):
    found, view = run.coordinates(name).train, run.config.models[reader].view
    pixels, views = run.sides(reader).train.pixels, seen_by(run.pixels_product(reader).path, "train")
    fallen = np.load(run.pixels_product(reader).path / "train_fallback.npy")
    assert not fallen.all()
    for row in np.flatnonzero(~fallen)[:5]:
        centre = (np.array([pixels.shape[2], pixels.shape[1]]) - 1) / 2
        a, b = found[row].reshape(2, 2)
        along = 0.5 if name == "box" else view.along
        np.testing.assert_allclose(views.apply((a + along * (b - a))[None, None])[row, 0], centre, atol=1e-6)
        file = run.competition.pictures[row]
        picture = decode(run.plan.source.read(file), 3, file)
        np.testing.assert_array_equal(warp(picture, views.affines[row], views.size), pixels[row])


@pytest.mark.slow
@pytest.mark.parametrize("name, reader, file", [("box", "dots", "boxes.csv"), ("dots", "who", "dots.csv")])
def test_what_was_drawn_on_a_fold_changes_nothing_that_is_seen_of_it(run, data, tmp_path, name, reader, file):
    fold = next(iter(run.folds))
    ids = set(run.competition.ids[fold.valid])
    moved = tmp_path / "moved"
    shutil.copytree(data, moved)
    head, *lines = read(data / file)
    shifted = [
        [key, *(float(v) + 4 for v in values)] if key in ids else [key, *values] for key, *values in lines
    ]
    write(moved / file, [head, *shifted])
    other = make_run(moved, tmp_path / "toy")
    for model in LINKS:
        other.train_model(model)
        if model == name:
            break
    np.testing.assert_array_equal(other.folds.assignment, run.folds.assignment)
    before, after = run.coordinates(name).train, other.coordinates(name).train
    np.testing.assert_array_equal(after[fold.valid], before[fold.valid])
    np.testing.assert_array_equal(
        other.sides(reader).train.pixels[fold.valid], run.sides(reader).train.pixels[fold.valid]
    )
    assert np.abs(after[fold.train] - before[fold.train]).max() > 0.1  # it did change what others learn


@pytest.mark.slow
def test_new_rows_go_through_the_whole_chain(run, data, tmp_path):
    shutil.copytree(data, tmp_path / "new")
    assert predict(run, tmp_path / "new" / "test.csv", tmp_path / "out.csv") == TEST_ROWS
    _, *rows = read(tmp_path / "out.csv")
    _, *submitted = read(run.plan.store.root / "submission.csv")
    np.testing.assert_allclose(
        np.array([row[1:] for row in rows], float), np.array([row[1:] for row in submitted], float), atol=1e-5
    )


@pytest.mark.slow
def test_a_package_of_the_chain_hands_in_the_same_file(run, data, tmp_path):
    place = Place(tmp_path / "package", "toy", "toy")
    write_package(run, place, wheels=False)
    lay_out(run.plan.source, run.config.data, run.competition, 1, tmp_path / "input" / "toy")
    assert not (tmp_path / "input/toy/dots.csv").exists()
    package = open_package(place.dataset, tmp_path / "input")
    finished = package.predict(package.read_test(), tmp_path / "submission.csv", most=4)
    _, *rows = read(tmp_path / "submission.csv")
    _, *submitted = read(run.plan.store.root / "submission.csv")
    assert [row[0] for row in rows] == [row[0] for row in submitted]
    np.testing.assert_allclose(
        np.array([row[1:] for row in rows], float), np.array([row[1:] for row in submitted], float), atol=1e-6
    )
    assert list(finished.of_models) == ["box", "dots", "who"]
    (tmp_path / "input" / "toy" / f"{rows[1][0]}.png").write_bytes(b"no picture")
    finished = package.predict(package.read_test(), tmp_path / "again.csv", most=4)
    assert (finished.rows, finished.by_prior) == (TEST_ROWS, 1)
    _, *again = read(tmp_path / "again.csv")
    assert np.array(again[1][1:], float) == pytest.approx(run.competition.prior(), abs=1e-6)
    assert again[2:] == rows[2:]


@pytest.mark.slow
def test_a_fixed_crop_is_cut_from_training_test_and_new_pictures(data, tmp_path, monkeypatch):
    text = (
        CONFIG[: CONFIG.index("  box:")]
        + """\
  who: {kind: cnn, backbone: "4C3 MP2 FC12", epochs: 1, size: 18, view: {crop: [0.25, 0.2, 0.75, 0.8]}}
  alike: {kind: gallery, network: who, size: 18, view: {crop: [0.25, 0.2, 0.75, 0.8]}}
"""
    )
    run = make_run(data, tmp_path / "toy", text)
    train(run)
    sides = run.sides("alike")
    files = [run.competition.pictures[3], run.competition.test_pictures[2]]
    for file, pixels in zip(files, [sides.train.pixels[3], sides.test.pixels[2]], strict=True):
        np.testing.assert_array_equal(pixels, decode((data / file).read_bytes(), 3, file)[6:24, 9:27])
    decoded = []
    monkeypatch.setattr(
        images, "write_views", lambda *asked, **more: decoded.append(asked) or write_views(*asked, **more)
    )
    assert predict(run, data / "test.csv", tmp_path / "out.csv") == TEST_ROWS
    assert len(decoded) == 1  # both see the same: the pictures are decoded once
    (tmp_path / "folder").mkdir()
    for name in run.competition.test_pictures[::2]:
        shutil.copy(data / name, tmp_path / "folder" / name)
    assert predict(run, tmp_path / "folder", tmp_path / "few.csv") == TEST_ROWS // 2
    few = {row[0]: row[1:] for row in read(tmp_path / "few.csv")[1:]}
    for key, *values in read(tmp_path / "out.csv")[1:]:
        assert key not in few or np.array(few[key], float) == pytest.approx(np.array(values, float), abs=1e-6)
    with pytest.raises(DataError, match=r"holds no picture that is called as `data\.images` says"):
        predict(run, tmp_path / "toy" / "products", tmp_path / "none.csv")
    assert np.array(read(tmp_path / "out.csv")[1:])[:, 1:].astype(float) == pytest.approx(
        np.array(read(run.plan.store.root / "submission.csv")[1:])[:, 1:].astype(float), abs=1e-5
    )


@pytest.mark.slow
def test_the_report_says_where_the_evidence_lies_and_what_easy_folds_claim(run):
    run.made(report_product(run))
    report = publish_report(run)
    assert any("of its evidence lies inside the box that 'box' finds" in line for line in report["lines"])
    assert any("folds that ignore `day` would have claimed log_loss" in line for line in report["lines"])
    assert [path.rpartition("/")[2] for path in report["pictures"]] == ["evidence-who.png"]
    shown = {name: section for name, section in sections(material_of(run)).items() if section.applies()}
    assert {"evidence", "errors", "learning", "time"} <= set(shown)
    lines, sheet = shown["evidence"].blocks()
    assert [line.text for line in lines.lines] == report["lines"]
    assert sheet.source.startswith("data:image/webp;base64,")
    rows = shown["learning"].blocks()[-1].blocks[0].rows
    assert {row[0] for row in rows} == {"box", "dots", "who"}


@pytest.mark.slow
def test_without_boxes_the_evidence_is_looked_for_in_the_crop(data, tmp_path):
    text = CONFIG[: CONFIG.index("  box:")] + CONFIG[CONFIG.index("  dots:") :].replace(
        "epochs: 3", "epochs: 1"
    )
    text = text.replace(", view: {by: box, margin: 0.3}", "").replace("report: {optimism: [who]}", "")
    run = make_run(data, tmp_path / "toy", text)
    for name in ("dots", "who"):
        run.train_model(name)
    run.made(report_product(run))
    (line,) = publish_report(run)["lines"]
    assert line.startswith("who: 100% of its evidence lies inside the crop of 'who'")


@pytest.mark.slow
def test_errors_and_fallbacks_are_told(run):
    said = "\n".join(run.progress.messages)
    annotated = len(read(run.plan.source.root / "dots.csv")) - 1
    assert f"{annotated} annotated pictures" in said
    assert f"of {ROWS} train pictures have no usable axis" in said
    lines = fallback_lines(run.plan.section("dots"), "dots", {"train": np.array([True, False, True])})
    assert lines == ["dots: 2 of 3 train pictures have no usable box: the whole picture is used"]


@pytest.mark.slow
def test_a_change_upstream_redoes_what_sees_through_it_and_nothing_else(run, data, tmp_path):
    folds = run.plan.all_folds
    later = make_run(data, tmp_path / "a", CONFIG.replace("width: 2.5", "width: 3"))
    first = make_run(data, tmp_path / "b", CONFIG.replace("learning_rate: 0.01}", "learning_rate: 0.02}", 1))
    assert later.coordinates_product("dots").key == run.coordinates_product("dots").key
    assert later.fit_product("who", folds[0]).key != run.fit_product("who", folds[0]).key
    assert later.pixels_product("who").key != run.pixels_product("who").key
    for name in ("dots", "who"):
        assert first.pixels_product(name).key != run.pixels_product(name).key
        assert first.fit_product(name, folds[0]).key != run.fit_product(name, folds[0]).key


def test_coordinates_are_read_back(tmp_path):
    made = Coordinates(("x", "y"), np.ones((3, 2)), np.zeros((1, 2)), (1.5, 4.0, 3))
    made.save(tmp_path)
    loaded = Coordinates.load(tmp_path)
    assert loaded.names == made.names
    assert loaded.error == made.error
    np.testing.assert_array_equal(loaded.train, made.train)
    assert "off by 1.5 px in the median (90 %: 4.0), 3 annotated pictures" in loaded.line("aligner")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["box", "dots", "who"])
def test_a_fold_is_fitted_where_the_competitions_files_are_not(run, tmp_path, monkeypatch, name):
    """As on a cluster's machine: annotations, pictures and coordinates are sent, nothing else is there."""
    ray = pytest.importorskip("ray", reason="Ray is not installed (make setup RAY=1)")
    monkeypatch.setattr(ray, "get", lambda packed: packed)
    monkeypatch.setattr(ray_runner, "_own_folder", lambda competition: tmp_path / competition)
    fold = list(run.folds)[1]
    files, place = ray_runner.FilesElsewhere(run.plan), tmp_path / "not-there"
    task = ray_runner.FoldJob(run.config, files, place, "token", name, fold.identity)
    sent = {one.path.name: ray_runner.pack(one.path) for one in ray_runner.needs(run, name, fold)}
    answer = ray_runner.fit(task, sent)
    assert answer["error"] == ""
    product = run.fit_product(name, fold)
    ray_runner.unpack(answer["packed"], Store(tmp_path / "back"), product.path.name)
    found = np.load(tmp_path / "back" / "products" / product.path.name / "test.npy")
    assert np.array_equal(found, np.load(product.path / "test.npy"))


def test_the_error_is_of_rows_that_a_fold_scores_and_somebody_annotated():
    drawn = Annotations(("x", "y"), np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [np.nan, np.nan]]))
    found = np.array([[3.0, 4.0], [0.0, 5.0], [900.0, 0.0], [1.0, 1.0]])
    scored = np.array([True, True, False, True])
    assert error_of(found, drawn, scored) == (5.0, 5.0, 2)
