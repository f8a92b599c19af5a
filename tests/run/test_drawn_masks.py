"""Masks beside a contest of classes: a network learns them, the next one sees what it draws, out of fold."""

import csv
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.errors import ConfigError, DataError
from pipeline.models.unet import UNetModel
from pipeline.networks.dense.batches import masks_at
from pipeline.package.opened import open_package
from pipeline.package.package import Place, write_package
from pipeline.package.stage import lay_out
from pipeline.progress import Progress
from pipeline.run.mask_places import error_of, places_in
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.runners import ray as ray_runner
from pipeline.stages.order import train
from pipeline.stages.page import material_of
from pipeline.stages.prediction import predict
from pipeline.stages.report import publish_report, report_product
from pipeline.store import Store
from pipeline.tasks.rle import RunLengths
from pipeline.transforms.mask_boxes import places_of

ROWS, TEST_ROWS, SIZE = 30, 4, (32, 40)

CONFIG = """\
competition: toy
data: {id: id, target: kind, images: "pictures/{id}.png"}
metric: log_loss
folds: {n: 2}
models:
  masks:
    {kind: unet, annotations: "masks/{id}.png", size: 32, width: 4, finest: 2, epochs: 20, batch_size: 4,
     learning_rate: 0.01, tta: none}
  near:
    {kind: cnn, backbone: "4C3 MP2 FC12", size: [12, 16], epochs: 2, batch_size: 8, view: {by: masks}}
  level:
    {kind: cnn, backbone: "4C3 MP2 FC12", size: [8, 16], epochs: 2, batch_size: 8,
     view: {by: masks, axis: [2, 3], width: 1.3, height: 0.6}}
ensemble: {method: mean, calibration: false}
"""


class Listener(Progress):
    def __init__(self):
        self.messages = []

    def message(self, text):
        self.messages.append(text)


def write(path, lines):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)


def write_data(root):
    """Writes dark pictures with a bar at any place and angle, whose brightness is the class, and masks.

    Of some pictures nobody drew the mask; one has none of its own.
    """
    rng = np.random.default_rng(0)
    tables = {"train": [("id", "kind")], "test": [("id",)], "sample_submission": [("id", "dim", "lit")]}
    for folder in ("pictures", "masks"):
        (root / folder).mkdir()
    for row in range(ROWS + TEST_ROWS):
        picture, mask = rng.integers(0, 40, (*SIZE, 3)).astype(np.uint8), np.zeros(SIZE, np.uint8)
        middle, turn, kind = rng.uniform(10, [30, 22]), rng.uniform(0, np.pi), row % 2
        ends = middle + np.outer([-7, 7], [np.cos(turn), np.sin(turn)])
        (a, b) = ends.round().astype(int).tolist()
        if row != 5:
            cv2.line(mask, a, b, 255, 5)
            picture[mask > 0] = 110 + 90 * kind
        name = f"p{row:02d}"
        Image.fromarray(picture).save(root / "pictures" / f"{name}.png")
        if row >= ROWS:
            tables["test"].append((name,))
            tables["sample_submission"].append((name, 0.5, 0.5))
            continue
        tables["train"].append((name, ("dim", "lit")[kind]))
        if row % 6:
            Image.fromarray(mask).save(root / "masks" / f"{name}.png")
    for name, lines in tables.items():
        write(root / f"{name}.csv", lines)


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


def drawn(run, name="masks"):
    return run.finder(name).drawn


def cells(path):
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    return np.array([row[1:] for row in rows], float)


def test_masks_are_put_into_the_order_of_the_rows(data, tmp_path):
    run = make_run(data, tmp_path / "toy")
    masks = drawn(run)
    known = [row for row in range(ROWS) if row % 6]
    assert np.flatnonzero(masks.known).tolist() == known
    assert np.isnan(masks.target[~masks.known]).all()
    for row in known:
        truth = np.asarray(Image.open(data / "masks" / f"p{row:02d}.png")) > 0
        assert np.array_equal(masks.task.known.labels(row) > 0, truth)
    assert masks.task.known.count(5) == 0
    assert run.plan.members == ["near", "level"]


def test_run_lengths_say_the_same_as_files(data, tmp_path):
    in_files = make_run(data, tmp_path / "files")
    shutil.copytree(data, tmp_path / "data")
    lines = [("id", "rle"), ("p31", "1 4")]  # of a test picture, not read
    for path in sorted((data / "masks").glob("*.png"), reverse=True):
        lines.append((path.stem, RunLengths("rows").write(np.asarray(Image.open(path)) > 0)))
    write(tmp_path / "data" / "masks.csv", lines)
    in_cells = make_run(tmp_path / "data", tmp_path / "cells", CONFIG.replace("masks/{id}.png", "masks.csv"))
    one, other = drawn(in_files), drawn(in_cells)
    assert np.array_equal(one.known, other.known)
    for row in np.flatnonzero(one.known).tolist():
        labels = [masks.task.known.labels(row) for masks in (one, other)]
        assert np.array_equal(*labels)


@pytest.mark.slow
def test_the_place_of_a_row_comes_from_the_network_that_did_not_learn_it(run):
    found, sides = run.coordinates("masks"), run.sides("masks")
    task = run.task_of("masks")
    sizes = np.tile(SIZE, (ROWS, 1))
    assert run.experiment("masks").train.target.shape == (ROWS, 1)
    for fold in run.folds:
        folder = run.fit_product("masks", fold).path / "model" / "seed0"
        model = UNetModel(run.config.models["masks"], task).load(folder)
        said = places_in(task, model.predict(sides.train.rows()), sizes)
        np.testing.assert_allclose(found.train[fold.valid], said[fold.valid], atol=1e-3)
        assert np.nanmax(np.abs(found.train[fold.train] - said[fold.train])) > 0.1
    masks = drawn(run)
    true = np.array([places_of(masks.task.known.labels(row) > 0, SIZE) for row in range(ROWS)])
    assert np.nanmedian(np.abs(true - found.train)[:, :4]) < 4.0  # chance: some 9
    median, _, rows = found.error
    assert 15 < rows <= masks.known.sum()
    assert f"masks: off by {median:.1f} px in the median" in "\n".join(run.progress.messages)


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["near", "level"])
def test_the_next_network_sees_what_was_drawn(run, reader):
    found, fallen = run.coordinates("masks").train, run.pixels_product(reader).path / "train_fallback.npy"
    fell = np.load(fallen)
    assert not fell.all()
    for row in np.flatnonzero(~fell)[:8]:
        points = found[row].reshape(4, 2)[:2] if reader == "near" else found[row].reshape(4, 2)[2:]
        views = run.views(reader)
        at = views.take(np.array([row])).apply(points.mean(axis=0)[None, None])[0, 0]
        np.testing.assert_allclose(at, (np.array(views.size[::-1]) - 1) / 2, atol=1e-6)


@pytest.mark.slow
def test_masks_of_a_fold_change_nothing_that_is_seen_of_it(run, data, tmp_path):
    """The leak test: what people drew on the rows of a fold moves, and their pictures are cut as before."""
    fold = next(iter(run.folds))
    moved = tmp_path / "moved"
    shutil.copytree(data, moved)
    for row in fold.valid.tolist():
        path = moved / "masks" / f"p{row:02d}.png"
        if path.exists():
            mask = np.roll(np.asarray(Image.open(path)), 9, axis=1)
            Image.fromarray(mask).save(path)
    other = make_run(moved, tmp_path / "toy")
    other.train_model("masks")
    np.testing.assert_array_equal(other.folds.assignment, run.folds.assignment)
    before, after = run.coordinates("masks").train, other.coordinates("masks").train
    np.testing.assert_array_equal(after[fold.valid], before[fold.valid])
    seen = [one.sides("near").train.pixels[fold.valid] for one in (run, other)]
    np.testing.assert_array_equal(*seen)
    assert np.nanmax(np.abs(after[fold.train] - before[fold.train])) > 0.1  # it did change what others learn


@pytest.mark.slow
def test_new_rows_and_a_package_go_through_the_chain(run, data, tmp_path):
    submitted = cells(run.plan.store.root / "submission.csv")
    shutil.copytree(data, tmp_path / "new")
    assert predict(run, tmp_path / "new" / "test.csv", tmp_path / "out.csv") == TEST_ROWS
    np.testing.assert_allclose(cells(tmp_path / "out.csv"), submitted, atol=1e-6)
    place = Place(tmp_path / "package", "toy", "toy")
    write_package(run, place, wheels=False)
    lay_out(run.plan.source, run.config.data, run.competition, 3, tmp_path / "input" / "toy")
    assert not (tmp_path / "input/toy/masks").exists()
    assert not list((place.dataset / "run").rglob("masks_runs.npy"))
    package = open_package(place.dataset, tmp_path / "input")
    finished = package.predict(package.read_test(), tmp_path / "submission.csv", most=5)
    assert set(finished.of_models) == {"masks", "near", "level"}
    np.testing.assert_allclose(cells(tmp_path / "submission.csv"), np.tile(submitted, (3, 1)), atol=1e-6)


@pytest.mark.slow
def test_a_fold_is_fitted_where_the_masks_are_not(run, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed (make setup RAY=1)")
    monkeypatch.setattr(ray, "get", lambda packed: packed)
    monkeypatch.setattr(ray_runner, "_own_folder", lambda competition: tmp_path / competition)
    fold = list(run.folds)[1]
    files, place = ray_runner.FilesElsewhere(run.plan), tmp_path / "not-there"
    task = ray_runner.FoldJob(run.config, files, place, "token", "masks", fold.identity)
    sent = {one.path.name: ray_runner.pack(one.path) for one in ray_runner.needs(run, "masks", fold)}
    answer = ray_runner.fit(task, sent)
    assert answer["error"] == ""


@pytest.mark.slow
def test_the_report_looks_for_evidence_in_the_box_around_the_mask(run):
    run.made(report_product(run))
    lines = publish_report(run)["lines"]
    assert any("lies inside the box that 'masks' finds" in line for line in lines)
    assert material_of(run) is not None


def test_places_are_compared_where_somebody_drew_and_a_fold_scores(data, tmp_path):
    masks = drawn(make_run(data, tmp_path / "toy"))
    found = np.array([places_of(masks.task.known.labels(row) > 0, SIZE) for row in range(ROWS)])
    scored = np.ones(ROWS, bool)
    scored[1] = False
    found[1:3] += 100.0
    found[3] = np.nan
    drawn_some = ROWS - ROWS // 6 - 1  # less the empty one
    assert error_of(found, masks, scored) == (0.0, 0.0, drawn_some - 2)


def test_masks_of_two_networks_on_the_same_pictures_are_two(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "others").mkdir()
    for path in (tmp_path / "data" / "masks").glob("*.png"):
        Image.fromarray(np.asarray(Image.open(path))[::-1]).save(tmp_path / "data" / "others" / path.name)
    begin = CONFIG.index("  masks:")
    one = CONFIG[begin : CONFIG.index("  near:")]
    other = one.replace("  masks:", "  others:").replace('"masks/', '"others/')
    run = make_run(tmp_path / "data", tmp_path / "toy", CONFIG.replace(one, one + other))
    fold, learned = next(iter(run.folds)), []
    for name in ("masks", "others"):
        context = run.context(run.fit_product(name, fold), {})
        seen, target = run.sides(name).train.part("images"), run.experiment(name).train.target
        learned.append((seen.key, np.array(masks_at(run.task_of(name), target, seen, context))))
    assert learned[0][0] == learned[1][0]
    assert learned[0][1].any()
    assert np.array_equal(learned[1][1], learned[0][1][:, ::-1])


def refused(data, tmp_path, text=CONFIG):
    with pytest.raises(DataError) as caught:
        drawn(make_run(data, tmp_path / "toy", text))
    return str(caught.value)


def test_masks_that_do_not_fit_are_refused(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    data = tmp_path / "data"
    assert "has the mask of no training picture" in refused(data, tmp_path, CONFIG.replace("masks/", "none/"))
    other = CONFIG.replace("masks/{id}", "masks/{name}")
    assert "must name the id column in braces, {id}, and no other. Received: name" in refused(
        data, tmp_path, other
    )
    text = CONFIG.replace("masks/{id}.png", "masks.csv")
    tables = {
        "no id column 'id'. It has: name, rle": [("name", "rle"), ("p01", "1 2")],
        "one column beside the id. Received: a, b": [("id", "a", "b"), ("p01", "1 2", "")],
        "ids that neither table has: x": [("id", "a"), ("x", "1 2")],
        "cells of 'a' that are no run lengths that rise: p01": [("id", "a"), ("p01", "1 2 3"), ("p02", "")],
        "masks.csv: The mask of 'p02' cannot be read": [("id", "a"), ("p01", "1 2 5 3"), ("p02", "1 9999")],
        "the masks of all 2 annotated pictures are empty": [("id", "a"), ("p01", ""), ("p02", "")],
    }
    for said, lines in tables.items():
        write(data / "masks.csv", lines)
        assert said in refused(data, tmp_path, text)
    (data / "masks" / "p01.png").write_bytes(b"no picture")
    assert "masks/p01.png" in refused(data, tmp_path)


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('annotations: "masks/{id}.png", ', "", "`models.masks.kind`: unet does image or mask"),
        ("tta: none}", "tta: none, loss: mse}", "`models.masks.loss`: is for greys"),
        ("annotations:", "anotations:", "anotations`: unknown key. Did you mean"),
        ("axis: [2, 3]", "axis: [2, 4]", "`models.level.view.axis`: of a mask there are 4 points"),
    ],
)
def test_keys_that_cannot_be_are_refused(tmp_path, old, new, said):
    (tmp_path / "toy.yaml").write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "toy.yaml")


def test_nothing_but_annotated_rows_is_learned(data, tmp_path):
    run = make_run(data, tmp_path / "toy", CONFIG.replace("epochs: 20", "epochs: 1"))
    fold = next(iter(run.folds))
    notes = run.output("masks", run.folds.with_rows(fold)).notes
    assert notes["pictures"] == int(drawn(run).known[fold.train].sum())
    assert len(pd.read_csv(data / "train.csv")) == ROWS
