"""Masks of several classes: a row for each picture and class, which a column names, or the ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.data.columns import as_text
from pipeline.draft.choice import Choice
from pipeline.errors import listing
from pipeline.tasks.mask_cells import holds_masks

if TYPE_CHECKING:
    import pandas as pd

IN_IDS = "{id}_{class}"
PARTS = r"^(.+)_([^_]+)$"
MOST_CLASSES = 50


def find_classes(sample: pd.DataFrame, key: str, others: Iterable[pd.DataFrame]) -> Choice[str] | None:
    """Returns what names the class of a mask: a column, or a pattern of the ids; None where nothing does.

    Some table must hold run lengths in a column of the sample, and name its classes in the same way.

    Args:
        sample: the sample submission, as text.
        key: its id column.
        others: tables that may be the training table; the id is text.
    """
    for table in others:
        answers = [str(name) for name in sample.columns if name != key and name in table.columns]
        masks = [name for name in answers if holds_masks(as_text(table[name]))]
        if not masks or key not in table.columns:
            continue
        free = [name for name in answers if name not in masks]
        if found := _column(sample, table, key, free) or _in_ids(sample, table, key):
            return found
    return None


def _column(sample: pd.DataFrame, table: pd.DataFrame, key: str, free: list[str]) -> Choice[str] | None:
    """Returns a column of few values, none of which a picture of the sample has twice."""
    if sample[key].is_unique:
        return None
    for name in free:
        values = sorted(set(sample[name]))
        known = set(table[name].astype(str)) >= set(values)
        if known and 2 <= len(values) <= MOST_CLASSES and not sample.duplicated([key, name]).any():
            return Choice(name, f"the sample has a row for each picture and {name}: {listing(values)}")
    return None


def _in_ids(sample: pd.DataFrame, table: pd.DataFrame, key: str) -> Choice[str] | None:
    """Returns the pattern where the last part of the ids is one of few, and each picture has them all."""
    here, there = (one[key].astype(str).str.extract(PARTS) for one in (table, sample))
    if here[1].isna().any() or there[1].isna().any():
        return None
    values, pictures = sorted(set(there[1])), there[0].nunique()
    each = len(sample) == pictures * len(values) and sample[key].is_unique
    if each and pictures > 1 and 2 <= len(values) <= MOST_CLASSES and set(here[1]) >= set(values):
        return Choice(IN_IDS, f"the ids of each picture end in {listing(values)}")
    return None
