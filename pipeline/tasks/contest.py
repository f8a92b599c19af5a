"""Training target and sample as plain columns of text: all that a kind of task looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

LARGEST = float(np.finfo(np.float32).max)  # models of tables read float32


@dataclass(frozen=True)
class Column:
    """A column of text, every text once: long columns repeat few. Looked through only when that is asked for.

    Attributes:
        cells: str (rows,), or None in a gap, which is an empty text.
    """

    cells: Any

    @cached_property
    def _parts(self) -> tuple[np.ndarray, Any]:
        import pandas as pd

        return pd.factorize(pd.Series(self.cells).fillna("").str.strip())

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """Its texts, without blanks around them, in the order in which they appear."""
        return tuple(map(str, self._parts[1]))

    @property
    def codes(self) -> np.ndarray:
        """The place of each row's text among them: int64 (rows,)."""
        return self._parts[0].astype(np.int64, copy=False)

    @property
    def by_row(self) -> Iterator[str]:
        """The text of every row, without blanks around it."""
        return (self.distinct[code] for code in self.codes.tolist())

    def among(self, rows: np.ndarray) -> list[str]:
        """Returns the texts of the rows for which the bool (rows,) is true, each once."""
        return [self.distinct[code] for code in dict.fromkeys(self.codes[rows].tolist())]


@dataclass(frozen=True)
class TextColumn:
    """A column of words that both tables have, as models read it.

    Attributes:
        train: of each training row.
        test: of each test row.
    """

    train: Sequence[str]
    test: Sequence[str]


class Album(Protocol):
    """Pictures of the rows, looked at only when that is asked for."""

    def sizes(self) -> np.ndarray:
        """Returns int64 (rows, 2), height and width of each; no rows without pictures."""

    def grey(self, row: int) -> np.ndarray:
        """Returns one picture in grey, uint8 (height, width)."""


@dataclass(frozen=True)
class Contest:
    """The targets of a training table, and what sample, metric and configuration want of them.

    Attributes:
        targets: the target columns by name.
        ids: returns them, text (rows,).
        columns: the sample's columns that are answers, in its order.
        numbers: of a target's name, its values float64 (rows,), NaN where a cell is no number.
        kinds: general kinds that the metric scores.
        metric: its name.
        wants: what it wants: "probability", "label" or "value".
        binary: it scores two classes only.
        log_target: models learn log(1 + y) for it.
        log_optional: where no target is negative.
        depth: classes that a cell ranks for it, or None.
        answer: `submission.answer`: "auto" or a form.
        positive: of two classes the one that is asked for, or None.
        album: the rows' pictures; None without.
        samples: what the sample holds in its answer column, where there is one, each text once.
        answers: pictures that are the answers of the rows; None where they are none.
        test_album: the test rows' pictures, likewise.
        texts: returns the columns of words that both tables have, by name; looked at only when asked for.
        span_of: the one that answers are parts of, where somebody says so.
        classes: of masks, where a picture has one of each; in their order.
        grid: pixels of a side of what predictions of masks are kept on, at most.
    """

    targets: Mapping[str, Column]
    ids: Callable[[], np.ndarray]
    columns: tuple[str, ...]
    numbers: Callable[[str], np.ndarray]
    kinds: tuple[str, ...]
    metric: str = ""
    wants: str = "probability"
    binary: bool = False
    log_target: bool = False
    log_optional: bool = False
    depth: int | None = None
    answer: str = "auto"
    positive: str | None = None
    album: Album | None = None
    samples: tuple[str, ...] = ()
    answers: Album | None = None
    test_album: Album | None = None
    texts: Callable[[], Mapping[str, TextColumn]] = dict
    span_of: str | None = None
    classes: tuple[str, ...] = ()
    grid: int = 256

    @property
    def several(self) -> bool:
        return len(self.targets) > 1

    @property
    def only(self) -> Column:
        """The target where it is one column."""
        return next(iter(self.targets.values()))

    def zero_one(self, names: tuple[str, ...] = ()) -> np.ndarray | None:
        """Returns targets as int64 (rows, columns) of 0 and 1; None where they hold anything else.

        Args:
            names: in this order; all as they stand, without.
        """
        marks = []
        for name in names or tuple(self.targets):
            column = self.targets[name]
            if not set(column.distinct) <= {"0", "0.0", "1", "1.0"}:
                return None
            marks.append(np.isin(np.array(column.distinct), ("1", "1.0"))[column.codes])
        return np.stack(marks, axis=1).astype(np.int64)
