"""The standardise stage of tables: rows become one matrix, by what the training rows say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import column_kinds, describe_columns
from pipeline.data.encoders.categories import CategoryEncoder, Style
from pipeline.data.encoders.numbers import NumberScaler
from pipeline.data.encoders.parts import Parts, PartsMaker
from pipeline.data.encoders.texts import TextEncoder
from pipeline.data.features.maker import FeatureMaker
from pipeline.data.number_form import learnable
from pipeline.data.rows import Rows
from pipeline.errors import DataError, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

WORDS = {"tree": 50, "native": 50, "dense": 300}  # of a text column that get a column each
DOORS = ("table", "text")  # through which columns are seen
MOST_ROWS = 200_000  # that are encoded at a time
TOPICS = {"tree": 16, "native": 16, "dense": 32}


class TableEncoder:
    """Encodes table columns and other models' outputs as one float32 matrix.

    Everything is learned from the rows given to `fit_transform`. New rows may hold levels, words
    and gaps that those rows had not.

    Args:
        style: "tree" keeps numbers and gaps (NaN) as they are and gives categories as codes;
            "native" the same with codes alone for categories, however many levels they have; "dense"
            fills, standardises and one-hot encodes.
        inputs: parts of the dataset by name: "table" for its columns but those of free text, "text" for
            these, and what other models say.
        seed: of cross-fitted encodings and of the topics of texts.
    """

    features_: FeatureMaker | None = None  # so in an encoder that was saved before there were features

    def __init__(self, style: Style, inputs: Sequence[str] = DOORS, seed: int = 0) -> None:
        self.style = style
        self.inputs = tuple(inputs)
        self.seed = seed

    def fit_transform(self, rows: Rows, targets: np.ndarray) -> np.ndarray:
        """Learns from training rows and returns their matrix.

        Args:
            rows: the training rows, at least one.
            targets: float (rows, targets), for mean targets of categories with many levels.

        Returns:
            float32 (rows, features). It can differ from `transform` of the same rows, see
            `CategoryEncoder`.

        Raises:
            DataError: an input is missing, or nothing is left to learn from.
        """
        self.kinds_: dict[str, str] = {}
        self.notes_: list[str] = []
        frame = None
        if doors := self._doors():
            frame = rows.of(doors[0])
            found = column_kinds(frame, rows.dataset.part(doors[0]).kinds)
            wanted = {name: "text" if kind == "text" else "table" for name, kind in found.items()}
            self.kinds_ = {name: kind for name, kind in found.items() if wanted[name] in doors}
            self.notes_ = describe_columns(frame, self.kinds_)
        self.maker_ = PartsMaker(self.kinds_)
        matrix = self._fit_blocks(rows, frame if self.kinds_ else None, targets)
        if not self.names_:
            raise DataError(
                f"The {len(rows)} training rows have no column that varies in the inputs {list(self.inputs)}."
            )
        return matrix

    def _doors(self) -> list[str]:
        """Returns the inputs through which it sees columns; they hold the same ones."""
        return [name for name in DOORS if name in self.inputs]

    def _fit_blocks(self, rows: Rows, frame: pd.DataFrame | None, targets: np.ndarray) -> np.ndarray:
        """Fits the encoder of each sort of column; categories come first, see `native_`."""
        parts = None if frame is None else self.maker_.fit(frame).transform(frame)
        features = rows.dataset.part("table").features if parts and "table" in self.inputs else {}
        self.features_ = FeatureMaker(features) if features else None
        if parts and self.features_:
            self.features_.fit_add(rows.table, self.maker_, parts, targets)
        blocks, self.names_ = [], []
        self.categories_, self.texts_, self.scaler_ = None, {}, None
        if parts and (categories := self._categories(parts)):
            self.categories_ = CategoryEncoder(self.style, self.seed)
            blocks.append(self.categories_.fit_transform(categories, targets, parts.uncoded))
            self.names_ += self.categories_.names()
        for name, texts in parts.texts.items() if parts else ():
            self.texts_[name] = TextEncoder(WORDS[self.style], TOPICS[self.style], self.seed)
            blocks.append(self.texts_[name].fit_transform(texts))
            self.names_ += self.texts_[name].names(name)
        numbers, names = self._numbers(rows, parts.numbers if parts else {})
        if self.style == "dense":
            whole = _matrix(numbers, len(rows), np.float64)
            self.scaler_ = NumberScaler().fit(whole)
            numbers, names = [self.scaler_.transform(whole)], self.scaler_.names(names)
        self.names_ += names
        return _matrix([*blocks, *numbers], len(rows), np.float32)

    def _categories(self, parts: Parts) -> dict[str, np.ndarray]:
        """Returns the categories that this style sees: to codes alone, one without codes is nothing."""
        left_out = parts.uncoded if self.style == "native" else ()
        return {name: values for name, values in parts.categories.items() if name not in left_out}

    def transform(self, rows: Rows) -> np.ndarray:
        """Returns float32 (rows, features) of any rows.

        Raises:
            DataError: a column or an input that the training rows had is missing.
        """
        if len(rows) > MOST_ROWS:  # a part of the rows at a time: beside them, memory holds only the matrix
            starts = range(0, len(rows), MOST_ROWS)
            parts = (self.transform(rows.take(np.arange(a, min(a + MOST_ROWS, len(rows))))) for a in starts)
            return _stacked(parts, len(rows))
        return self._transform(rows)

    def _transform(self, rows: Rows) -> np.ndarray:
        parts = None
        if self.kinds_:
            columns = rows.of(self._doors()[0])
            lost = [name for name in self.kinds_ if name not in columns]
            if lost:
                raise DataError(f"The table lacks columns that the model was trained with: {listing(lost)}.")
            parts = self.maker_.transform(columns)
            if self.features_:
                self.features_.add(rows.table, self.maker_, parts)
        blocks = []
        if self.categories_ is not None and parts:
            blocks.append(self.categories_.transform(self._categories(parts)))
        for name, encoder in self.texts_.items():
            blocks.append(encoder.transform(parts.texts[name]))  # type: ignore[union-attr]
        numbers, _ = self._numbers(rows, parts.numbers if parts else {})
        if self.scaler_ is not None:
            numbers = [self.scaler_.transform(_matrix(numbers, len(rows), np.float64))]
        return _matrix([*blocks, *numbers], len(rows), np.float32)

    def _numbers(self, rows: Rows, numbers: dict[str, np.ndarray]) -> tuple[list[np.ndarray], list[str]]:
        """Returns the table's numbers, (rows,) each, the other inputs, (rows, columns), and their names."""
        names, blocks = list(numbers), [learnable(values) for values in numbers.values()]
        for name in self.inputs:
            if name in DOORS:
                continue
            if name not in rows.dataset.parts:
                known = list(rows.dataset.parts)
                raise DataError(
                    f"There is no input {name!r}.{did_you_mean(name, known)} Known: {listing(known)}."
                )
            blocks.append(rows.of(name))
            names += [f"{name}.{index}" for index in range(blocks[-1].shape[1])]
        return blocks, names

    @property
    def native_(self) -> list[int]:
        """Positions of the features that are codes of categories; their values are 0, 1, ... or NaN."""
        return [] if self.categories_ is None else self.categories_.native


def _matrix(blocks: Sequence[np.ndarray], rows: int, dtype: type) -> np.ndarray:
    """Returns blocks of columns, (rows,) or (rows, columns), side by side; no second copy is held."""
    widths = [1 if block.ndim == 1 else block.shape[1] for block in blocks]
    matrix: np.ndarray = np.empty((rows, sum(widths)), dtype)
    for block, width, end in zip(blocks, widths, np.cumsum(widths).tolist(), strict=True):
        matrix[:, end - width : end] = block.reshape(rows, width)
    return matrix


def _stacked(parts: Iterable[np.ndarray], rows: int) -> np.ndarray:
    """Returns parts of the rows, float32 (some, columns), one after the other in one matrix."""
    found = iter(parts)
    first = next(found)
    matrix: np.ndarray = np.empty((rows, first.shape[1]), np.float32)
    end = len(first)
    matrix[:end] = first
    for part in found:
        matrix[end : end + len(part)] = part
        end += len(part)
    return matrix
