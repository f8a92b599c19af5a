"""What files ask for, as far as a kind of task looks at them: plain columns of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

LARGEST = float(np.finfo(np.float32).max)  # models of tables read float32


@dataclass(frozen=True)
class Text:
    """A column of text, every text once: long columns repeat few.

    Attributes:
        distinct: its texts, without blanks around them, in the order in which they appear.
        codes: int64 (rows,), the place of each row's text among them.
    """

    distinct: tuple[str, ...]
    codes: np.ndarray

    @classmethod
    def of(cls, cells: np.ndarray) -> Text:
        """Returns a column of str (rows,)."""
        texts = np.char.strip(np.asarray(cells, str))
        found, first, codes = np.unique(texts, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return cls(tuple(str(name) for name in found[order]), place[codes])

    def among(self, rows: np.ndarray) -> list[str]:
        """Returns the texts of the rows for which the bool (rows,) is true, each once."""
        return [self.distinct[code] for code in dict.fromkeys(self.codes[rows].tolist())]


@dataclass(frozen=True)
class Asked:
    """The targets of a training table, and what sample, metric and configuration want of them.

    Attributes:
        targets: the target columns by name.
        ids: (rows,) text.
        columns: the sample's columns that are answers, in its order.
        numbers: of a target's name, its values float64 (rows,), NaN where a cell is no number.
        kinds: general kinds that the metric scores.
        metric: its name.
        wants: what it wants: "probability", "label" or "value".
        binary: it scores two classes only.
        log_target: it takes log(1 + y).
        answer: `submission.answer`: "auto" or a form.
        positive: of two classes the one that is asked for, or None.
        cells: the sample's only column of answers as it comes, where there is one alone.
    """

    targets: Mapping[str, Text]
    ids: np.ndarray
    columns: tuple[str, ...]
    numbers: Callable[[str], np.ndarray]
    kinds: tuple[str, ...]
    metric: str = ""
    wants: str = "probability"
    binary: bool = False
    log_target: bool = False
    answer: str = "auto"
    positive: str | None = None
    cells: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        return len(self.targets) > 1

    @property
    def only(self) -> Text:
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
