"""Several rows of a file that are one row of the contest: a line of a cell each, an object each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.registry import TASKS

if TYPE_CHECKING:
    import pandas as pd


def gathered(table: pd.DataFrame, key: str, targets: Collection[str], task: str) -> pd.DataFrame:
    """Returns a training table with one row per id, where the kind of task has several of them.

    Args:
        table: as it was read; targets are text.
        key: the id column.
        targets: whose cells become the lines of one; of other columns the first row's value stays.
        task: `data.task`.
    """
    if not gathers(task) or not table[key].duplicated().any():
        return table
    groups = table.groupby(key, sort=False)
    found = groups.first()
    for name in targets:
        cells = table[name].fillna("").str.strip()
        lines = cells[cells != ""].groupby(table[key], sort=False).agg("\n".join)
        found[name] = lines.reindex(found.index).fillna("").astype(str)
    return found.reset_index()[list(table.columns)]


def gathers(task: str) -> bool:
    """Says whether several rows of a file may be one of the contest, by `data.task`."""
    return task in TASKS and TASKS.get(task).of_pictures


def spread(columns: Sequence[Sequence[str]], answers: Collection[int]) -> list[list[str]]:
    """Returns the rows of a file: one for each line of an answer, the other cells repeated.

    Args:
        columns: cells by column.
        answers: places of the columns whose cells hold lines.
    """
    rows = []
    for row in zip(*columns, strict=True):
        lines = {place: row[place].split("\n") for place in answers}
        for number in range(max(map(len, lines.values()), default=1)):
            rows.append([lines[place][number] if place in lines else cell for place, cell in enumerate(row)])
    return rows


def joined_rows(rows: Sequence[list[str]], key: int, answers: Collection[int]) -> list[list[str]]:
    """Returns rows of a file with those that follow each other under one id as one; undoes `spread`."""
    found = []
    for _, group in groupby(rows, key=lambda row: row[key] if len(row) > key else ""):
        some = list(group)
        same = all(len(row) == len(some[0]) for row in some)
        if len(some) == 1 or not same:
            found += some
            continue
        cells = ["\n".join(row[place] for row in some) for place in range(len(some[0]))]
        found.append([cells[place] if place in answers else some[0][place] for place in range(len(cells))])
    return found
