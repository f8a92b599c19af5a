"""The form of a submission, and numbers as its cells hold them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from pipeline.errors import SubmissionError, listing

AnswerKind = Literal["probability", "label", "value", "ranking"]
Bounds = tuple[float | None, float | None]  # least and largest value; None: no bound
PLAIN = (1e-15, 1e15)  # sizes of numbers that are written without an exponent


@dataclass(frozen=True)
class Answer:
    """The form of the submission file.

    Attributes:
        kind: "probability" (of the columns' outputs), "label" (the class itself, 0/1 per label or
            class, or the labels in one cell), "value", or "ranking" (the likeliest classes,
            separated by spaces).
        columns: the sample's columns that are answers, in its order.
        outputs: for each of those columns the number of the prediction's column that fills it;
            empty where one column holds a label, labels or a ranking.
        depth: how many classes a ranking names.
        bounds: of a regression, where each output's values are held; empty where they are left alone.
    """

    kind: AnswerKind
    columns: tuple[str, ...]
    outputs: tuple[int, ...]
    depth: int = 0
    bounds: tuple[Bounds, ...] = ()

    def held(self, values: np.ndarray) -> np.ndarray:
        """Returns values (rows, outputs) within the bounds."""
        for k, (low, high) in enumerate(self.bounds):
            if k == 0:
                values = values.copy()
            values[:, k] = np.clip(values[:, k], low, high)
        return values

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Answer:
        return cls(
            kind=facts["kind"],
            columns=tuple(facts["columns"]),
            outputs=tuple(facts["outputs"]),
            depth=facts["depth"],
            bounds=tuple((low, high) for low, high in facts["bounds"]),
        )

    def numbers(self, values: np.ndarray, decimals: int | None) -> list[list[str]]:
        """Returns the cells of values (rows, outputs), within the bounds."""
        values = self.held(values)[:, list(self.outputs)]
        return [[number_text(value, decimals) for value in row] for row in values]


def number_text(value: np.floating, decimals: int | None = None) -> str:
    """Returns a number as text, without the zeros at its end.

    Args:
        value: float32 or float64.
        decimals: digits after the point; None: the fewest digits that give back the very same number
            of its type, so that order, sums and logarithms survive.
    """
    if decimals is not None:
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    elif value == 0 or PLAIN[0] <= abs(value) < PLAIN[1]:
        text = np.format_float_positional(value, trim="-")
    else:
        text = np.format_float_scientific(value, trim="-")
    return "0" if text == "-0" else text


def finite(cells: list[list[str]], ids: list[str]) -> np.ndarray:
    """Returns the cells as float64; raises SubmissionError for those that are no finite numbers."""
    values = np.array(cells, np.float64)
    if not np.isfinite(values).all():
        broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
        raise SubmissionError(f"Rows with values that are no numbers: {listing(ids[i] for i in broken)}.")
    return values


def within_0_and_1(values: np.ndarray, ids: list[str]) -> np.ndarray:
    """Returns the values; raises SubmissionError for those that are no probabilities."""
    if values.min() < 0 or values.max() > 1:
        outside = np.flatnonzero(((values < 0) | (values > 1)).any(axis=1))
        raise SubmissionError(f"Probabilities outside 0 to 1: {listing(ids[i] for i in outside)}.")
    return values
