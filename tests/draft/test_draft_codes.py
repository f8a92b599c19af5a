"""Integers that are codes, and pairs of categories: taken where folds say so, and only there."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import FoldsConfig
from pipeline.data.competition import Competition
from pipeline.draft.codes import find_codes, looks_like_codes
from pipeline.draft.trial import TableReading, Trials
from pipeline.models.size import Size
from pipeline.tasks.answer import Answer
from pipeline.tasks.classification import Classification

ROWS = 3000


def rng():
    return np.random.default_rng(0)


AMOUNTS = {
    "counts": lambda: rng().poisson(20, ROWS),
    "years": lambda: 1900 + np.minimum(rng().exponential(15, ROWS), 100).astype(int),
    "prices in tens": lambda: 10 * rng().poisson(40, ROWS),
    "never twice": lambda: rng().permutation(ROWS) * 77,
    "fractions": lambda: rng().integers(0, 50, ROWS) / 4,
    "few": lambda: rng().integers(0, 5, ROWS) * 1000,
    "gaps alone": lambda: np.full(ROWS, np.nan),
    "words": lambda: rng().choice(["a", "b"], ROWS),
}


def names(levels, rows=ROWS, seed=0):
    """Codes that lie far apart, some of them much more frequent than others."""
    draw = np.random.default_rng(seed)
    share = draw.dirichlet(np.full(levels, 0.7))
    return draw.choice(draw.permutation(300_000)[:levels], rows, p=share)


@pytest.mark.parametrize("sort", AMOUNTS)
def test_amounts_are_no_codes(sort):
    assert not looks_like_codes(pd.Series(AMOUNTS[sort]()))


@pytest.mark.parametrize("levels", [15, 60, 400])
def test_codes_lie_apart_and_their_frequencies_at_random(levels):
    assert looks_like_codes(pd.Series(names(levels)))


def trials(table, target):
    ids = np.arange(len(table)).astype(str)
    task = Classification(("0", "1"))
    answer = Answer("probability", ("target",), ("1",))
    read = Competition(task, answer, "id", ids, ids[:0], ids[:0], target, table, table[:0])
    return Trials(read, table, "log_loss", FoldsConfig(), 1)


def size(table):
    return Size(len(table), 10, table.shape[1], "classification", 2)


def test_codes_that_decide_are_found_out():
    table = pd.DataFrame(
        {"first": names(40, seed=1), "second": names(50, seed=2), "size": rng().random(ROWS)}
    )
    keys = table["first"].to_numpy() * 7919 + table["second"].to_numpy()
    target = (np.random.default_rng(5).random(ROWS) < 0.1 + 0.8 * (keys % 11 < 5)).astype(np.int64)
    found = find_codes(trials(table, target), size(table))
    assert found.kinds == {"first": "category", "second": "category"}
    assert "better by" in found.reasons["columns"]


def test_pairs_that_decide_are_found_out():
    draw = rng()
    shops, goods = draw.integers(0, 120, 400), draw.integers(0, 120, 400)
    pair = draw.integers(0, 400, ROWS)
    table = pd.DataFrame(
        {"shop": [f"s{shops[one]}" for one in pair], "good": [f"g{goods[one]}" for one in pair]}
    )
    target = (draw.random(ROWS) < draw.integers(0, 2, 400)[pair] * 0.8 + 0.1).astype(np.int64)
    found = find_codes(trials(table, target), size(table))
    assert not found.kinds
    assert found.features == {"pairs": {"pairs": ["shop", "good"]}}
    assert "better by" in found.reasons["pairs"]


def test_the_order_of_probabilities_tells_a_gain_that_their_losses_hide():
    """The log loss alone is not sure of it; what is worse by the log loss is not taken either."""
    compared = trials(pd.DataFrame({"x": np.arange(ROWS)}), np.arange(ROWS) % 2)
    before, after, worse = (TableReading({"x": kind}) for kind in ("numeric", "category", "code"))
    wide = np.array([0.0, 0.1, -0.06, 0.08, 0.0])
    compared._tried[repr(before)] = np.column_stack([np.full(5, 0.5), np.full(5, -0.70)])
    compared._tried[repr(after)] = np.column_stack([0.5 - wide, np.full(5, -0.72)])
    compared._tried[repr(worse)] = np.column_stack([0.5 + wide, np.full(5, -0.72)])
    assert "of its log_loss" in compared.gain(before, after)
    assert compared.gain(before, worse) == ""


@pytest.mark.parametrize("seed", range(4))
def test_what_says_nothing_is_not_taken(seed):
    """The leak that this would be: of many ways to read noise one always looks better by chance."""
    table = pd.DataFrame({"first": names(40, seed=seed), "second": names(300, seed=9 + seed)})
    table["size"] = np.random.default_rng(seed).random(ROWS)
    target = np.random.default_rng(seed).integers(0, 2, ROWS)
    found = find_codes(trials(table, target), size(table))
    assert not found.kinds
    assert not found.features


def test_too_many_classes_and_too_large_a_table_are_not_tried():
    table = pd.DataFrame({"first": names(40)})
    many = Size(ROWS, 10, 1, "classification", 100)
    assert find_codes(trials(table, np.zeros(ROWS, np.int64)), many).kinds == {}
    assert not trials(table, np.zeros(ROWS, np.int64)).affordable(size(table), 10_000)


def test_a_draft_writes_what_proved_better_and_why(folder):
    total, draw = 3000, rng()
    maker = names(200, total, 1)
    effect = dict(zip(np.unique(maker), draw.normal(0, 3, 200), strict=False))
    chance = 1 / (1 + np.exp(-np.array([effect[one] for one in maker])))
    target = (draw.random(total) < chance).astype(int)
    folder.table = pd.DataFrame(
        {"id": np.arange(total), "maker": maker, "size": draw.random(total), "target": target}
    )
    folder.save("train.csv", folder.table[:2000]).save("test.csv", folder.table[2000:].drop(columns="target"))
    folder.save("sample_submission.csv", folder.table[["id"]][2000:].assign(target=0))
    assert folder.config().data.columns == {"maker": "category"}
    assert (
        "# maker hold codes, not amounts: short boosting on other folds is better by" in folder.draft().text
    )
