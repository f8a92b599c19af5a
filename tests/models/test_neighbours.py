"""Nearest neighbours choose k without the row itself."""

import numpy as np
import pandas as pd
import pytest

from pipeline.tasks.base import make_task
from pipeline.testing import build, dataset_of

CLASSES, VALUES = make_task("classification", ("no", "yes")), make_task("regression", ("value",))


def noise(rows=300, seed=0):
    """Columns that say nothing of the answer."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 4)), columns=list("abcd"))
    return dataset_of(np.arange(rows).astype(str), table, target=rng.permutation(np.arange(rows) % 2))


@pytest.mark.parametrize("task", [CLASSES, VALUES], ids=["classes", "values"])
@pytest.mark.parametrize("weighting", ["distance", "uniform"])
def test_a_row_has_no_voice_in_its_own_answer(task, weighting):
    """Of noise the most neighbours are best; with the row among its own neighbours the fewest would be."""
    data = noise()
    if task is VALUES:
        data = dataset_of(data.ids, data.table, target=data.target[:, None].astype(np.float64))
    model = build("neighbours", {"weights": weighting, "grid": [1, 5, 80]}, task).fit(data.rows())
    assert model.notes()["k"] == 80


def test_a_copy_is_a_neighbour_like_any_other():
    """Rows that come twice with the same answer are predicted by their copy; k follows."""
    half = noise(150)
    data = dataset_of(
        np.arange(300).astype(str),
        pd.concat([half.table, half.table], ignore_index=True),
        target=np.tile(half.target, 2),
    )
    model = build("neighbours", {"grid": [1, 5, 80]}, CLASSES).fit(data.rows())
    assert model.notes()["k"] == 1
