"""A network of masks gives the view of the next one, of every row by fits that have not learned from it."""

import shutil

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.data.folds import Folds
from pipeline.data.source import FolderSource
from pipeline.errors import ConfigError
from pipeline.networks.dense.crops import back_on_grid, layers_through
from pipeline.progress import Progress
from pipeline.registry import TASKS
from pipeline.run.mask_places import places_by_fold, places_in
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.stages.order import train
from pipeline.stages.prediction import predict
from pipeline.store import Store
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.transforms.mask_boxes import places_of
from pipeline.transforms.views import from_boxes
from pipeline.validation.fold_output import FoldOutput
from tests.dense.discs import disc, write_masks

CONFIG = """\
competition: toy
data: {id: id, target: rle_mask, task: mask, images: "train/images/{id}.png", test: sample_submission.csv,
       test_images: "test/images/{id}.png"}
metric: dice
folds: {n: 2}
ensemble: {thresholds: false}
models:
  coarse:
    {kind: unet, size: 32, width: 4, finest: 4, epochs: 12, batch_size: 4, learning_rate: 0.01, tta: none}
  fine:
    {kind: unet, size: 32, width: 4, finest: 4, epochs: 2, batch_size: 4, tta: none,
     view: {by: coarse, margin: 0.3}}
"""


def rectangle(size, top, left, bottom, right):
    chance = np.zeros(size)
    chance[top:bottom, left:right] = 0.9
    return chance


def test_the_upright_box_and_the_long_axis_of_a_mask():
    chance = rectangle((40, 50), 10, 5, 15, 25)
    chance[35, 45] = 0.9  # a speck
    places = places_of(chance, (80, 150))  # twice as high and three times as wide
    assert np.allclose(places[:4], [16, 20.5, 73, 28.5], atol=0.01)
    assert np.allclose(places[4:], [16, 24.5, 73, 24.5], atol=0.2)
    assert np.isnan(places_of(np.full((40, 50), 0.4), (80, 150))).all()


def test_the_axis_follows_a_mask_that_lies_askew():
    down, across = np.mgrid[:60, :60]
    band = (np.abs(down - across) < 4) & (np.abs(down + across - 60) < 40)
    start, end = places_of(0.9 * band, (60, 60))[4:].reshape(2, 2)
    assert start[0] < end[0]
    assert np.allclose(end - start, [40, 40], atol=3)


def task_of(rows, side=16):
    runs = [[np.array([[0, 1]])] for _ in range(rows)]
    return TASKS.get("mask")(("mask",), side, side, truth=MaskTruth.of(np.full((rows, 2), side), runs))


def test_the_place_of_a_row_is_that_of_the_fit_that_has_not_seen_it():
    """Each fit draws its own corner: a row's box lies in that of the fit by which its fold was left out."""
    folds, task = Folds(np.array([[0, 1, 0, 1]], np.int16)), task_of(4)
    sizes = (np.full((4, 2), 16), np.full((1, 2), 16))

    def drawn(by):
        first, last = (2, 6) if by == 0 else (9, 13)
        return rectangle((16, 16), first, first, last, last).astype(np.float16).reshape(1, -1)

    def outputs(spoiled=()):
        for fold in folds:
            said = drawn(fold.number) * (fold.number not in spoiled)
            yield fold, FoldOutput(np.repeat(said, len(fold.valid), axis=0), said[:0], said, 0.0, {})

    found = places_by_fold(task, folds, outputs(), sizes)
    assert found.train[:, :2].tolist() == [[2, 2], [9, 9], [2, 2], [9, 9]]
    spoiled = places_by_fold(task, folds, outputs(spoiled=(1,)), sizes)
    assert (spoiled.train[[0, 2]] == found.train[[0, 2]]).all()
    assert np.isnan(spoiled.train[[1, 3]]).all()


def test_what_is_cut_out_is_laid_back_where_it_was():
    task, size = task_of(1), (60, 80)
    mask = disc((30, 50), 9, size)
    flat = np.flatnonzero(mask.ravel(order="F"))
    truth = MaskTruth.of(np.array([size]), [[np.stack([flat, flat + 1], axis=1)]])
    task = TASKS.get("mask")(("mask",), 60, 80, truth=truth)
    views, fell = from_boxes(
        places_in(task, mask[None] * 0.9, np.array([size]))[:, :4], [size], (32, 32), 0.3
    )
    assert not fell.any()
    seen = layers_through(task, 0, views.affines[0], (32, 32))
    assert 0.25 < seen.mean() < 0.45
    laid = back_on_grid(seen.astype(np.float32), views.affines[0], size, size)[:, :, 0]
    assert np.mean((laid > 0.5) != mask) < 0.01
    assert laid[:, :30].max() == 0.0


@pytest.mark.slow
def test_a_chain_of_masks_answers_and_its_views_are_out_of_fold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_masks(tmp_path / "data")
    (tmp_path / "toy.yaml").write_text(CONFIG)
    config = load_config(tmp_path / "toy.yaml")
    run = Run(Plan(config, FolderSource(tmp_path / "data"), Store(tmp_path / "runs")), Progress())
    train(run)
    task, places = run.competition.task, run.coordinates("coarse")
    for fold, output in run.outputs("coarse"):
        expected = places_in(task, output.valid, task.sizes[fold.valid])
        assert np.array_equal(places.train[fold.valid], expected, equal_nan=True)
    seen = run.views("fine")
    wanted, fell = from_boxes(places.train[:, :4], task.sizes, (32, 32), 0.3)
    assert np.allclose(seen.affines, wanted.affines)
    assert not fell.all()
    assert run.predictions("fine").oof.shape == (12, task.n_outputs)
    assert np.isfinite(run.predictions("fine").oof).all()
    (tmp_path / "more").mkdir()
    shutil.copytree(tmp_path / "data" / "test", tmp_path / "more" / "test")
    table = pd.read_csv(tmp_path / "data" / "sample_submission.csv")
    table[["id"]].to_csv(tmp_path / "more" / "new.csv", index=False)
    assert predict(run, tmp_path / "more" / "new.csv", tmp_path / "out.csv") == len(table)
    submitted = run.plan.store.root / "submission.csv"
    assert (tmp_path / "out.csv").read_text() == submitted.read_text()


@pytest.mark.parametrize(
    "view, said",
    [
        ("{by: nobody}", r"`models.fine.view.by`: no model 'nobody'"),
        ("{by: coarse, axis: [2, 4]}", r"`models.fine.view.axis`: of a mask there are 4 points"),
        ("{by: coarse}, tiles: true", r"`models.fine.view`: tiles are of whole pictures"),
    ],
)
def test_a_view_that_cannot_be_is_refused(tmp_path, view, said):
    (tmp_path / "toy.yaml").write_text(CONFIG.replace("{by: coarse, margin: 0.3}", view))
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "toy.yaml")
