"""Side tables: other files whose rows belong to rows of training and test by a key that all three have."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.data.columns import guess_kind
from pipeline.data.side_tables import keys_of
from pipeline.data.source import Source
from pipeline.data.tables import read_table
from pipeline.draft.choice import Choice
from pipeline.draft.files import Files, is_table
from pipeline.errors import DataError, listing

if TYPE_CHECKING:
    import pandas as pd

MOST_KEYS = 3  # columns of a key
FOUND = 0.5  # share of the rows whose key the side table must have, in training and test alike
MOST_ROWS = 2_000_000
EACH_ROW = 0.5  # of the keys a table's rows may be its own: then it is no group, and a count says nothing


def find_side_tables(
    source: Source, files: Files, targets: list[str], encoding: str
) -> dict[str, Choice[Any]]:
    """Returns file -> its section under `data.tables`, with the reason.

    A table is joined where some of its columns that training and test have too name each of its rows
    once; or where one of them does so for groups of rows, and nothing in it says when they were.
    """
    if files.by_folders or files.test.value == files.sample.value:
        return {}
    train, test = files.train_table, files.test_table
    found = {}
    for name in files.unread:
        if not is_table(name):
            continue
        try:
            side = read_table(source, name, (files.id,), DataConfig(encoding=encoding))
        except DataError:
            continue
        if len(side) > MOST_ROWS or any(target in side.columns for target in targets):
            continue
        if choice := _key(side, train, test):
            found[name] = Choice({"file": name, "by": choice.value}, choice.reason)
    return found


def _key(side: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame) -> Choice[Any] | None:
    """Returns the fewest columns that join the table, or None where it goes with too few rows."""
    shared = [str(name) for name in side.columns if name in train.columns and name in test.columns]
    if not shared or not set(map(str, side.columns)) - set(train.columns):
        return None
    for size in range(1, min(MOST_KEYS, len(shared)) + 1):
        for by in map(list, combinations(shared, size)):
            if side.duplicated(by).any():  # cheaper than to write every key out
                continue
            keys = keys_of(side, by)
            share = _share(keys, by, train, test)
            if len(set(keys.tolist())) == len(keys) and share >= FOUND:
                value: Any = by[0] if size == 1 else by
                return Choice(value, f"{listing(by)} names its rows; {share:.0%} of the rows find theirs")
    if any(guess_kind(side[name]) == "date" for name in side.columns):
        return None  # of rows at other times some may lie after the row that is to be predicted
    name = max(shared, key=lambda one: _share(keys_of(side, [one]), [one], train, test))
    share = _share(keys_of(side, [name]), [name], train, test)
    if share < FOUND or side[name].nunique() > EACH_ROW * len(side):
        return None
    return Choice(name, f"{name} names groups of its rows; {share:.0%} of the rows find theirs")


def _share(keys: np.ndarray, by: list[str], train: pd.DataFrame, test: pd.DataFrame) -> float:
    """Returns how many rows find a key, of training or test whichever is fewer."""
    known = list(set(keys.tolist()) - {""})
    return float(min(np.isin(keys_of(table, by).astype(str), known).mean() for table in (train, test)))
