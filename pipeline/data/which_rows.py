"""Rows of a file that are those of the contest: some of them drawn, and ids for those that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def drawn_rows(rows: int, most: int) -> np.ndarray | None:
    """Returns which of so many rows are read, bool (rows,): drawn at random, always the same; None: all."""
    if rows <= most:
        return None
    kept = np.zeros(rows, bool)
    kept[np.random.default_rng(0).choice(rows, most, replace=False, shuffle=False)] = True
    return kept


def drawn(
    train: pd.DataFrame, most: int | None, before: np.ndarray | None
) -> tuple[pd.DataFrame, int | None]:
    """Returns as many training rows as `data.rows` says, and of how many; None where all are there.

    Args:
        train: as it was read.
        most: rows; None: all.
        before: which rows of the file were drawn while it was read; None: all.
    """
    if before is not None:
        return train, len(before)
    kept = None if most is None else drawn_rows(len(train), most)
    return (train, None) if kept is None else (train[kept].reset_index(drop=True), len(kept))


def numbered(
    train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame, key: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gives an id column to those of the two tables that lack it (see `data.number_rows`)."""
    if key not in train.columns:
        train = train.assign(**{key: [f"train {row}" for row in range(1, len(train) + 1)]})
    if key not in test.columns and key in sample.columns:
        if len(test) != len(sample):
            raise DataError(
                f"`data.number_rows`: the test table has {len(test):,} rows and no {key!r}, the sample "
                f"{len(sample):,} rows: which is which cannot be told."
            )
        test = test.assign(**{key: sample[key].to_numpy()})
    return train, test
