"""Columns of a training table that hold boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.data.columns import as_text
from pipeline.draft.choice import Choice, words
from pipeline.tasks.box_columns import are_boxes, field_of
from pipeline.tasks.boxes import Boxes

if TYPE_CHECKING:
    import pandas as pd

CLASS_WORDS = ("class", "label", "category")
FEW_CLASSES = 256  # values that a column of the boxes' class may have whatever the rows
EACH = 4  # rows of a class on average, where it has more


def find_boxes(train: pd.DataFrame, answers: Sequence[str], key: str) -> Choice[list[str]] | None:
    """Returns the columns that hold boxes, of which the sample asks for in one; None where none do.

    Args:
        train: the training table.
        answers: the sample's columns that are to be filled in.
        key: the id column.
    """
    from pandas.api import types

    if len(answers) != 1 or key not in train.columns:
        return None
    columns = [str(name) for name in train.columns if name != key]
    texts = [name for name in columns if not types.is_numeric_dtype(train[name].dtype)]
    held = [name for name in texts if Boxes.holds_boxes(dict.fromkeys(as_text(train[name]).tolist()))]
    if len(held) == 1:
        return Choice(held, "its cells are boxes")
    fields = {name: field_of(name) for name in columns}
    sides = [name for name in columns if fields[name] != "label"]
    if not are_boxes([fields[name] for name in sides]) or not train[key].duplicated().any():
        return None
    named = [name for name in columns if set(words(name)) & set(CLASS_WORDS)]
    values = {name: {cell.strip() for cell in as_text(train[name]).tolist()} - {""} for name in named}
    most = max(FEW_CLASSES, len(train) // EACH)
    classes = [name for name in named if 2 <= len(values[name]) <= most]
    classes = [name for name in classes if not any(" " in value for value in values[name])]
    classes.sort(key=lambda name: not all(value.isdigit() for value in values[name]))
    return Choice([*sides, *classes[:1]], "numbers of a box, a row for each")
