"""Predictions from outside: a pair of CSV files from a notebook or a team mate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.errors import DataError, Problems, did_you_mean, listing
from pipeline.tasks.base import Task
from pipeline.validation.predictions import Predictions

SUM_TOLERANCE = 0.01  # rows of probabilities whose sum is off by more are refused, by less rescaled


def read_outside(
    name: str,
    oof_path: Path,
    test_path: Path,
    task: Task,
    ids: np.ndarray,
    test_ids: np.ndarray,
    folds: np.ndarray,
    folds_hash: str,
) -> Predictions:
    """Reads out-of-fold and test predictions, checked against the competition's ids and columns.

    The first column holds the ids, whatever its name; the others are the task's outputs by name, in
    any order. Two classes may come as one column: that of the second (positive) class, or any one
    column that bears no class's name. That the out-of-fold file was made with the same folds cannot be
    checked: it is what the caller says by giving the file.

    Args:
        name: what the member is called.
        ids: (rows,) text, the training ids in the order of the table.
        test_ids: (test rows,) text.
        folds: (rows,) fold numbers; rows in no fold (-1) may be missing from the file.
        folds_hash: of the folds that the file was made with.

    Raises:
        DataError: names every problem of both files at once.
    """
    if task.dense:
        raise DataError(
            f"Outside predictions {name!r} cannot be used: files of numbers hold no answers of {task.kind}."
        )
    problems = Problems()
    oof = _read_side(oof_path, task, ids, folds < 0, problems)
    test = _read_side(test_path, task, test_ids, np.zeros(len(test_ids), bool), problems)
    problems.raise_if_any(DataError, f"Outside predictions {name!r} cannot be used:")
    if oof is None or test is None:
        raise DataError(f"Outside predictions {name!r} cannot be read.")
    return Predictions(name, task, oof, test, ids, test_ids, folds_hash, notes={"outside": True})


def _read_side(
    path: Path, task: Task, ids: np.ndarray, optional: np.ndarray, problems: Problems
) -> np.ndarray | None:
    """Returns float32 (rows, outputs) in the order of the ids, NaN for optional rows that lack."""
    found = _read_text(path, problems)
    if found is None:
        return None
    columns, cells = found
    before = len(problems.messages)
    order = _columns(path, columns[1:], task, problems)
    places = _places(path, cells[:, 0], ids, optional, problems)
    values = _numbers(path, columns[1:], cells[:, 1:], problems)
    if len(problems.messages) > before or order is None or values is None:
        return None
    values = values[:, order]
    if task.exclusive and values.shape[1] == 1:
        values = np.column_stack([1.0 - values[:, 0], values[:, 0]])
    _check_values(path, values, cells[:, 0], task, problems)
    if task.exclusive:
        values = values / np.maximum(values.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    side = np.full((len(ids), task.n_outputs), np.nan, np.float32)
    side[places >= 0] = values[places[places >= 0]]
    return side


def _read_text(path: Path, problems: Problems) -> tuple[list[str], np.ndarray] | None:
    """Returns the header and the cells as text: ids keep their leading zeros."""
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        problems.add(f"{path}: no such file.")
        return None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        problems.add(f"{path}: cannot be read as CSV: {error}")
        return None
    if table.shape[1] < 2:
        problems.add(
            f"{path}: must have an id column and at least one prediction. Received: {list(table.columns)}."
        )
        return None
    return [str(column) for column in table.columns], table.to_numpy(dtype=object)


def _columns(path: Path, columns: list[str], task: Task, problems: Problems) -> list[int] | None:
    """Returns the file's positions of the task's outputs; one position for a positive class."""
    outputs = list(task.outputs)
    if task.exclusive and len(outputs) == 2 and len(columns) == 1 and columns[0] != outputs[0]:
        return [0]
    for column in columns:
        if column not in outputs:
            problems.add(f"{path}: unknown column {column!r}.{did_you_mean(column, outputs)}")
    missing = [name for name in outputs if name not in columns]
    if missing:
        problems.add(f"{path}: missing columns: {listing(missing)}.")
        return None
    return [columns.index(name) for name in outputs]


def _places(
    path: Path, found: np.ndarray, ids: np.ndarray, optional: np.ndarray, problems: Problems
) -> np.ndarray:
    """Returns (rows,) the file's line for every id, -1 for none."""
    line = {str(name): number for number, name in enumerate(found)}
    if len(line) < len(found):
        names, counts = np.unique(found.astype(str), return_counts=True)
        problems.add(f"{path}: ids that appear more than once: {listing(names[counts > 1])}.")
    known = set(ids.tolist())
    unknown = [name for name in line if name not in known]
    if unknown:
        problems.add(f"{path}: {len(unknown)} unknown ids: {listing(unknown)}.{_nearest(unknown[0], ids)}")
    places = np.array([line.get(name, -1) for name in ids.tolist()], dtype=np.int64)
    missing = ids[(places < 0) & ~optional]
    if len(missing):
        problems.add(f"{path}: {len(missing)} missing ids: {listing(missing)}.")
    return places


def _nearest(unknown: str, ids: np.ndarray) -> str:
    bare = {name.lstrip("0"): name for name in ids.tolist()}
    if unknown in bare:
        return f" Did you mean {bare[unknown]!r}? The file has lost leading zeros."
    return did_you_mean(unknown, ids[:1000])


def _numbers(path: Path, columns: list[str], cells: np.ndarray, problems: Problems) -> np.ndarray | None:
    import pandas as pd

    parsed = [pd.to_numeric(pd.Series(column), errors="coerce").to_numpy(np.float64) for column in cells.T]
    values = np.column_stack(parsed)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        problems.add(
            f"{path}: {len(bad)} cells are not finite numbers; the first, in line {row + 2}, column "
            f"{columns[column]!r}: {cells[row, column]!r}."
        )
        return None
    return values


def _check_values(path: Path, values: np.ndarray, found: np.ndarray, task: Task, problems: Problems) -> None:
    if not task.probabilities:
        return
    outside = ((values < 0) | (values > 1)).any(axis=1)
    if outside.any():
        problems.add(
            f"{path}: probabilities must lie in [0, 1]; ids where they do not: {listing(found[outside])}."
        )
    elif task.exclusive:
        off = np.abs(values.sum(axis=1) - 1.0) > SUM_TOLERANCE
        if off.any():
            problems.add(
                f"{path}: probabilities must sum to one a row; ids where they do not: {listing(found[off])}."
            )
