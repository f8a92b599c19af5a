"""Several labels in one cell: "scab rust", "a;b", "['a', 'b']". An empty cell holds none."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.errors import DataError, SubmissionError, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.classification import class_columns, class_order
from pipeline.tasks.contest import Contest
from pipeline.tasks.multilabel import Multilabel

SEPARATORS = ";|,"  # tried before a blank: labels may hold one
OFTEN = 2  # rows that a label has in the mean, where cells are to tell that they hold several
QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True)
class Writing:
    """Writing of several labels in one cell of a file.

    Attributes:
        joint: what stands between two labels.
        quote: of a list in brackets, what stands around a label ("" for nothing); None: no list.
    """

    joint: str = " "
    quote: str | None = None

    @classmethod
    def of(cls, cells: Sequence[str]) -> Writing:
        """Returns how these cells are written: as most of them are."""
        filled = [cell for cell in cells if cell]
        lists = [cell for cell in filled if _is_list(cell)]
        if lists and 2 * len(lists) > len(filled):
            quotes = Counter(cell[1:].lstrip()[:1] for cell in lists if cell[1:-1].strip())
            quote = next((mark for mark, _ in quotes.most_common() if mark in "'\""), "")
            between = re.compile(f"{quote}(\\s*,\\s*|\\s+){quote}")
            return cls(_commonest(between, lists) or ", ", quote)
        counts = {mark: sum(mark in cell for cell in filled) for mark in SEPARATORS}
        mark = max(counts, key=lambda mark: counts[mark])
        if not counts[mark]:
            return cls()
        return cls(_commonest(re.compile(rf"(\s*{re.escape(mark)}\s*)"), filled) or mark)

    def split(self, cell: str) -> list[str]:
        """Returns the labels of a cell, each once."""
        if self.quote is None:
            parts = cell.split(self.joint.strip() or None)
        else:
            inside = cell[1:-1] if _is_list(cell) else cell
            quoted = [one or other for one, other in QUOTED.findall(inside)] if self.quote else []
            parts = quoted or re.split(r"\s*,\s*|\s+", inside.strip())
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def join(self, labels: Sequence[str]) -> str:
        """Returns the cell of labels."""
        if self.quote is None:
            return self.joint.join(labels)
        write = {"'": repr, '"': lambda label: json.dumps(label, ensure_ascii=False)}.get(self.quote, str)
        return f"[{self.joint.join(map(write, labels))}]"


@TASKS.register("labelset")
@dataclass(frozen=True)
class LabelSet(Multilabel):
    """Labels as `multilabel` has them, written in one cell.

    Attributes:
        joint: see `Writing`.
        quote: see `Writing`.
    """

    kind: ClassVar[str] = "labelset"
    may_be_empty: ClassVar[bool] = True
    usual_metric: ClassVar[str] = "f1_samples"
    usual_reason: ClassVar[str] = "a labelset: the files cannot tell it from f1_macro or f1_micro"

    joint: str = " "
    quote: str | None = None

    @property
    def writing(self) -> Writing:
        return Writing(self.joint, self.quote)

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        """Says whether the cells may hold labels: numbers alone are a mistaken 0/1 column."""
        return not contest.several and bool(np.isnan(contest.numbers(next(iter(contest.targets)))).any())

    @classmethod
    def told(cls, contest: Contest) -> bool:
        """Says whether cells hold several labels: these stand alone and in company, and come again."""
        if (
            contest.several
            or len(contest.columns) != 1
            or (contest.wants != "label" and len(contest.kinds) > 1)
        ):
            return False
        cells = [cell for cell in contest.only.distinct if cell]
        writing = Writing.of(cells)
        held = [set(writing.split(cell)) for cell in cells]
        labels = set().union(*held)
        if writing.quote is not None:
            return len(labels) > 1
        alone = {label for found in held if len(found) == 1 for label in found}
        company = {label for found in held if len(found) > 1 for label in found}
        rows = Counter(contest.only.codes.tolist())
        stand = sum(
            rows[code] * len(writing.split(cell)) for code, cell in enumerate(contest.only.distinct) if cell
        )
        again = len(labels) < len(cells) and stand >= OFTEN * len(labels)
        name = next(iter(contest.targets))
        return bool(alone & company) and again and bool(np.isnan(contest.numbers(name)).any())

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        if contest.several:
            raise DataError(
                f"A set of labels stands in one column. The targets are {listing(tuple(contest.targets))}: "
                "`data.task: multilabel` is for a 0/1 column per label."
            )
        writing = Writing.of(contest.only.distinct)
        held = [writing.split(cell) for cell in contest.only.distinct]
        found = {label for labels in held for label in labels}
        by_column = len(contest.columns) > 1
        outputs = class_columns(sorted(found), contest.columns) if by_column else class_order(found, None)
        number = {label: place for place, label in enumerate(outputs)}
        marks = np.zeros((len(held), len(outputs)))
        for row, labels in enumerate(held):
            marks[row, [number[label] for label in labels]] = 1.0
        task = cls(tuple(outputs), writing.joint, writing.quote)
        return task, marks[contest.only.codes], cls._form(contest, len(outputs))

    @classmethod
    def _form(cls, contest: Contest, n: int) -> Answer:
        if len(contest.columns) == 1:
            if contest.answer not in ("auto", "label"):
                raise DataError(
                    f"`submission.answer: {contest.answer}`: one cell holds the labels themselves."
                )
            return Answer("label", contest.columns, ())
        wanted = "label" if contest.wants == "label" else "probability"
        answer = wanted if contest.answer == "auto" else contest.answer
        return Answer(answer, contest.columns, tuple(range(n)))  # type: ignore[arg-type]

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        if answer.outputs:
            return super().cells(answer, values, labels, decimals)
        chosen = self.decided(values) if labels is None else labels
        return [[self.writing.join([self.outputs[k] for k in np.flatnonzero(row)])] for row in chosen]

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        if answer.outputs:
            if empty := [key for key, row in zip(ids, cells, strict=True) if "" in row]:
                raise SubmissionError(f"Rows with empty cells: {listing(empty)}.")
            super().verify(answer, cells, ids)
            return
        found = {label for row in cells for label in self.writing.split(row[0])}
        if unknown := found - set(self.outputs):
            raise SubmissionError(f"Labels that the training table lacks: {listing(sorted(unknown))}.")


def _is_list(cell: str) -> bool:
    return cell.startswith("[") and cell.endswith("]")


def _commonest(between: re.Pattern[str], cells: Sequence[str]) -> str:
    """Returns what stands between labels most often; "" where nothing does."""
    found = Counter(joint for cell in cells for joint in between.findall(cell))
    return found.most_common(1)[0][0] if found else ""
