"""Kernel machines: smooth answers, gamma from the training rows, and nothing for what is too large."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.data.rows import Dataset
from pipeline.inputs.table import Columns
from pipeline.models.kernel import Kernel, KernelConfig
from pipeline.models.linear import Linear
from pipeline.models.size import Size
from pipeline.tasks.base import make_task

ROWS, LEARNED = 400, 300


def data(target):
    """Points of the plane, and what they are by their place."""
    points = np.random.default_rng(0).uniform(-3, 3, (ROWS, 2))
    frame = pd.DataFrame(points, columns=["x", "y"])
    return Dataset(np.arange(ROWS).astype(str), {"table": Columns(frame)}, target(*points.T))


def inside(x, y):
    return (np.hypot(x, y) < 2).astype(np.int64)


def wave(x, y):
    return (np.sin(2 * x) + y)[:, None]


def learned(kind, task, rows, **settings):
    return kind(kind.Config(kind="kernel", **settings), task).fit(rows.rows(np.arange(LEARNED)))


def test_a_ring_is_learned_that_no_line_cuts_out():
    rows, task = data(inside), make_task("classification", ("no", "yes"))
    new = rows.rows(np.arange(LEARNED, ROWS))
    right = {
        kind: (learned(kind, task, rows).predict(new).argmax(axis=1) == new.target).mean()
        for kind in (Kernel, Linear)
    }
    assert right[Kernel] > 0.93
    assert right[Linear] < 0.75


def test_a_wave_is_learned_and_gamma_is_chosen_by_it():
    rows, task = data(wave), make_task("regression", ("value",))
    new = rows.rows(np.arange(LEARNED, ROWS))
    chosen, wide = learned(Kernel, task, rows), learned(Kernel, task, rows, gamma=1e-4)
    errors = [np.sqrt(np.mean((model.predict(new) - new.target) ** 2)) for model in (chosen, wide)]
    assert errors[0] < 0.2 < errors[1]
    assert wide.notes()["gamma"] == 1e-4
    assert learned(Kernel, task, rows).notes()["gamma"] == chosen.notes()["gamma"]


def test_rows_are_compared_with_so_many_of_them():
    model = learned(Kernel, make_task("regression", ("value",)), data(wave), n_components=50)
    assert model.landmarks_.components_.shape[0] == 50


@pytest.mark.parametrize("large", [{"rows": 50_000}, {"columns": 2_000}])
def test_what_is_too_large_is_said(large):
    size = Size(1_000, 100, 10, "classification", 2)
    assert Kernel.unsuitable(size) == ""
    assert Kernel.unsuitable(replace(size, **large)) != ""


def test_keys_are_checked():
    with pytest.raises(ValueError, match="gamma"):
        KernelConfig(kind="kernel", gamma=0.0)
