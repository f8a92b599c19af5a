"""Free text: the columns of the table that hold words, as an input of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.columns import as_text, column_kinds
from pipeline.data.competition import Competition
from pipeline.data.rows import Rows
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.inputs.base import Input, Shown, Workshop
from pipeline.inputs.table import frame_of, joined_frames
from pipeline.registry import INPUTS
from pipeline.tasks.base import Task
from pipeline.tasks.span import Span

if TYPE_CHECKING:
    import pandas as pd

ALONE = ("text",)  # the inputs of a model that reads texts and nothing else
BESIDE = ("text", "category", "code", "boolean")  # columns that say something of a text in words


@dataclass(frozen=True)
class Texts:
    """Columns of all rows of a side that may be read as text.

    Attributes:
        frame: the usable columns: whoever reads them takes those of free text, or names others.
        kinds: what columns are, where that is known: "text" is free text.
    """

    frame: pd.DataFrame
    kinds: Mapping[str, str] = field(default_factory=dict)

    def take(self, positions: np.ndarray) -> pd.DataFrame:
        return self.frame.iloc[positions]

    def join(self, other: Texts) -> Texts:
        return replace(self, frame=joined_frames(self.frame, other.frame))


@INPUTS.register("text")
class TextInput(Input):
    """Columns of several words, mostly different: read as words, not as names."""

    keys = ("train", "test", "columns", "drop", "unescape")
    lacking = "reads texts, but the tables have no column for it."

    def there(self, competition: Competition) -> bool:
        return competition.train is not None

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Texts:
        return Texts(frame_of(shop, side), shop.competition.kinds)

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        frame, kinds = frame_of(shop, "train"), shop.competition.kinds
        names = [name for name in frame.columns if kinds.get(name) == "text"]
        return [Shown(texts={name: str(frame[name].iloc[row]) for name in names}) for row in rows]


def text_columns(rows: Rows, asked: list[str] | None, reader: str) -> list[str]:
    """Returns the columns that a model reads: those asked for, or what is text by the training rows.

    Args:
        rows: that the model learns from.
        asked: names of columns, or None.
        reader: the kind of model, as a person is told of it.

    Raises:
        DataError: there is no such column, or none is text.
    """
    kinds = _kinds(rows)
    if asked is None:
        found = [name for name, kind in kinds.items() if kind == "text"]
        if not found:
            seen = listing([f"{name} ({kind})" for name, kind in kinds.items()]) or "none"
            raise DataError(
                f"`kind: {reader}` reads columns of text, and no column is one. Columns: "
                f"{seen}. Where one is text, say so: `data.columns: {{NAME: text}}`."
            )
        return found
    for name in asked:
        if name not in kinds:
            near = did_you_mean(name, kinds)
            raise DataError(f"`columns`: there is no column {name!r}.{near} Known: {listing(kinds)}.")
    return asked


def text_names(texts: Texts) -> list[str]:
    """Returns the columns of a side that are free text, by what is known of them or by its rows."""
    return [name for name, kind in column_kinds(texts.frame, texts.kinds).items() if kind == "text"]


def span_columns(rows: Rows, own: str, asked: list[str] | None) -> list[str]:
    """Returns the column that answers are parts of, and behind it those that say something of it.

    Args:
        rows: that the model learns from.
        own: the first.
        asked: names of the others, or None: all that hold words.

    Raises:
        DataError: there is no such column.
    """
    kinds = _kinds(rows)
    if asked is None:
        return [own, *(name for name, kind in kinds.items() if kind in BESIDE and name != own)]
    return [own, *(name for name in text_columns(rows, asked, "") if name != own)]


def columns_for(task: Task, rows: Rows, asked: list[str] | None, kind: str) -> list[str]:
    """Returns the columns that a network reads; of a span first the one that it is a part of.

    Args:
        task: what is asked for.
        rows, asked, kind: as in `text_columns`.
    """
    if isinstance(task, Span):
        return span_columns(rows, task.column, asked)
    return text_columns(rows, asked, kind)


def of_several_words(rows: Rows, columns: Sequence[str]) -> list[str]:
    """Returns those of the columns that are free text: of the others a value is a name, and one thing."""
    kinds = _kinds(rows)
    return [name for name in columns if kinds.get(name) == "text"]


def texts_of(rows: Rows, columns: Sequence[str]) -> dict[str, list[str]]:
    """Returns by name what columns say, "" where nothing stands.

    Raises:
        DataError: a column is missing.
    """
    frame = rows.of("text")
    if lost := [name for name in columns if name not in frame]:
        raise DataError(f"The table lacks columns that the model was trained with: {listing(lost)}.")
    return {name: as_text(frame[name]).tolist() for name in columns}


def _kinds(rows: Rows) -> Mapping[str, str]:
    """Returns what columns are, by the rows that are learned from where nobody has said so."""
    return column_kinds(rows.of("text"), rows.dataset.part("text").kinds)
