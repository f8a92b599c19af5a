"""A table of greys learns from its training pictures alone, and tells ink from a stain."""

import numpy as np
import pytest

from pipeline.metrics import find_metric
from pipeline.models.background import BackgroundConfig
from pipeline.networks.dense.background import codes
from pipeline.registry import MODELS, TASKS
from pipeline.tasks.image_truth import ImageTruth
from pipeline.testing import dataset_of
from tests.dense.pages import SIZES, page

ROWS = 8
PAGES = [page(row, SIZES[row % 2]) for row in range(ROWS)]


def data(spoiled=()):
    """Returns the task and its rows; of the spoiled ones picture and answer are nothing."""
    sizes = np.array([SIZES[row % 2] for row in range(ROWS)])
    kept = [
        (0 * dirty, 0 * clean) if row in spoiled else (dirty, clean)
        for row, (dirty, clean) in enumerate(PAGES)
    ]
    task = TASKS.get("image")(("grey",), 52, 64, truth=ImageTruth.of(sizes, lambda row: kept[row][1]))
    canvas = np.zeros((ROWS, 52, 64, 1), np.uint8)
    for row, (dirty, _) in enumerate(kept):
        canvas[row, : dirty.shape[0], : dirty.shape[1], 0] = dirty
    target = np.arange(ROWS, dtype=float)[:, None]
    return task, dataset_of(np.arange(ROWS).astype(str), pixels=canvas, target=target)


def fitted(task, rows, **keys):
    return MODELS.get("background")(BackgroundConfig(kind="background", **keys), task).fit(rows)


def test_it_beats_the_pictures_themselves_by_far(tmp_path):
    task, rows = data()
    model = fitted(task, rows.rows(np.arange(5)), windows=[3, 15])
    assert model.table_.window == 15
    metric, new = find_metric("pixel_rmse").of(task), rows.rows(np.arange(5, 8))
    said = model.predict(new)
    assert said.dtype == np.float16
    score = metric(new.target, said)
    as_they_are = metric(new.target, rows.part("images").pixels[5:, ..., 0].reshape(3, -1) / 255.0)
    assert score < 0.4 * as_they_are
    assert model.notes()["as they are"] == pytest.approx(as_they_are, rel=0.2)
    again = MODELS.get("background")(model.config, task)
    model.save(tmp_path)
    assert (again.load(tmp_path).predict(new) == said).all()
    assert (model.predict(new.take(np.array([1]))) == said[1]).all()


def test_rows_that_do_not_train_change_nothing():
    honest, spoiled = (fitted(task, rows.rows(np.arange(5))) for task, rows in (data(), data((5, 6, 7))))
    assert (honest.table_.greys == spoiled.table_.greys).all()
    assert honest.table_.window == spoiled.table_.window


def test_where_nothing_was_seen_a_pixel_is_its_share_of_the_background():
    task, rows = data()
    model = fitted(task, rows.rows(np.arange(1)), windows=[15])
    page = np.full((20, 20), 20, np.uint8)  # no background of a training page is as dark
    page[10, 10] = 10
    found = model.table_.greys[codes(page, 15)]
    assert found[0, 0] == pytest.approx(1.0, abs=0.05)
    assert 0.1 < found[10, 10] < 0.8


def test_windows_must_be_odd():
    (message,) = BackgroundConfig(kind="background", windows=[4, 9]).problems("models.b")
    assert message == "`models.b.windows`: odd numbers from 3 to 255. Received: [4, 9]."
