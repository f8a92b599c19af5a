"""Columns of the training rows that a metric sees beside target and prediction (`pipeline.config.metric`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np

from pipeline.config.metric import MetricConfig
from pipeline.config.schema import Config
from pipeline.data.columns import as_numbers
from pipeline.data.tables import Tables, as_text
from pipeline.errors import Problems, did_you_mean, listing
from pipeline.metrics import RowFacts, facts_of, with_facts


def read_row_facts(tables: Tables, config: Config, problems: Problems) -> RowFacts | None:
    """Returns the facts of the training rows, None where the metric asks for none.

    Args:
        tables: their training table holds the columns.
        config: the key `metric`.
        problems: grows by columns that are not there, and by cells that say nothing.
    """
    said = config.metric
    if not isinstance(said, MetricConfig) or not said.sees:
        return None
    reader = _Reader(tables, config.data.train, problems)
    return RowFacts(reader.weights(said), reader.groups(said), reader.counted(said), reader.subgroups(said))


def save_target(target: np.ndarray, folder: Path) -> None:
    """Writes a target and the facts of its rows."""
    np.save(folder / "target.npy", np.asarray(target))
    for name, values in vars(facts_of(target) or RowFacts()).items():
        if values is not None:
            np.save(folder / f"metric_{name}.npy", values)


def load_target(folder: Path) -> np.ndarray:
    """Reads what `save_target` wrote."""
    target = np.load(folder / "target.npy", allow_pickle=False)
    files = {field.name: folder / f"metric_{field.name}.npy" for field in fields(RowFacts)}
    facts = {name: np.load(file, allow_pickle=False) for name, file in files.items() if file.exists()}
    return with_facts(target, RowFacts(**facts) if facts else None)


class _Reader:
    def __init__(self, tables: Tables, file: str, problems: Problems) -> None:
        self.tables, self.file, self.problems = tables, file, problems

    def weights(self, said: MetricConfig) -> np.ndarray | None:
        if isinstance(said.weights, dict):
            ((name, by_value),) = said.weights.items()
            codes = self._places(name, list(by_value), "weights")
            if codes is None:
                return None
            return self._checked(name, np.array([*by_value.values(), np.nan])[codes], "has no weight")
        if said.weights is None or self._cells(said.weights, "weights") is None:
            return None
        column = self.tables.reading.form(said.weights).plain(self.tables.train[said.weights])
        return self._checked(said.weights, as_numbers(column), "is no number")

    def _checked(self, name: str, weights: np.ndarray, gap: str) -> np.ndarray:
        cells = self._cells(name, "weights")
        if cells is not None and np.isnan(weights).any():
            wrong = listing(dict.fromkeys(cells[np.isnan(weights)].tolist()))
            self.problems.add(f"`metric.weights`: a value of {name!r} {gap}: {wrong}.")
        elif (weights < 0).any() or not weights.any():
            self.problems.add(f"`metric.weights`: those of {name!r} must be 0 or more, and some above 0.")
        return weights.astype(np.float64)

    def groups(self, said: MetricConfig) -> np.ndarray | None:
        cells = None if said.groups is None else self._cells(said.groups, "groups")
        return None if cells is None else np.unique(cells, return_inverse=True)[1].astype(np.int64)

    def counted(self, said: MetricConfig) -> np.ndarray | None:
        found = None
        for name, wanted in (said.rows or {}).items():
            values = [wanted] if isinstance(wanted, str) else wanted
            places = self._places(name, values, "rows")
            if places is None:
                continue
            for number, value in enumerate(values):
                if not (places == number).any():
                    self.problems.add(f"`metric.rows`: {name!r} is {value!r} in no training row.")
            here = places < len(values)
            found = here if found is None else found & here
        if found is not None and not found.any() and not self.problems:
            self.problems.add("`metric.rows`: no training row counts.")
        return found

    def subgroups(self, said: MetricConfig) -> np.ndarray | None:
        """Returns which rows hold 0.5 or more in each column; a gap is a row that does not belong to it."""
        names = [name for name in said.subgroups or () if self._cells(name, "subgroups") is not None]
        columns = [self.tables.reading.form(name).plain(self.tables.train[name]) for name in names]
        marks = [as_numbers(column) >= 0.5 for column in columns]
        for name, inside in zip(names, marks, strict=True):
            if not inside.any() or inside.all():
                self.problems.add(
                    f"`metric.subgroups`: {name!r} must be 0.5 or more in some rows, less in others."
                )
        return np.stack(marks, axis=1) if marks else None

    def _places(self, name: str, values: list[str], key: str) -> np.ndarray | None:
        """Returns each row's place among the values, `len(values)` where it has none of them.

        Cells are compared as text, or as numbers where both sides are: 0 is met by "0.0".
        """
        cells = self._cells(name, key)
        if cells is None:
            return None
        distinct, codes = np.unique(cells, return_inverse=True)
        known = {_plain(value): number for number, value in reversed(list(enumerate(values)))}
        return np.array([known.get(_plain(cell), len(values)) for cell in distinct], np.int64)[codes]

    def _cells(self, name: str, key: str) -> np.ndarray | None:
        """Returns a training column as text, None (and a problem) where there is none of that name."""
        if name not in self.tables.train.columns:
            near = did_you_mean(name, _names(self.tables.train.columns))
            self.problems.add(f"`metric.{key}`: {self.file} has no column {name!r}.{near}")
            return None
        column = self.tables.train[name]
        return np.char.strip(as_text(column.astype(str).where(column.notna(), "")))


def _names(columns: Iterable[object]) -> list[str]:
    return [str(name) for name in columns]


def _plain(cell: str) -> str | float:
    """Returns the number that a cell writes, else its text in one case: YAML writes TRUE as it likes."""
    try:
        return float(cell)
    except ValueError:
        return str(cell).casefold()
