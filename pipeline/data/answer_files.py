"""Answers in files of their own, in the place of the training table's target column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.data_section import DataConfig
from pipeline.data.file_pattern import FilePattern
from pipeline.data.mask_files import mask_cells
from pipeline.data.source import Source
from pipeline.errors import DataError, listing

if TYPE_CHECKING:
    import pandas as pd


def in_files(data: DataConfig) -> bool:
    """Says whether files hold the answers."""
    return bool(data.masks or data.answers)


def cells_of_files(source: Source, data: DataConfig, columns: dict[str, pd.Series]) -> list[str]:
    """Returns the target's cells, row by row: run lengths of masks, or names of pictures that are answers.

    Args:
        source: the competition's files.
        data: says where they lie.
        columns: of the training table.

    Raises:
        DataError: a file is missing or cannot be read, or a pattern names a column that is not there.
    """
    if data.masks:
        return mask_cells(source, data.masks, data.images, columns)
    return answer_names(source, data.answers or "", columns)


def answer_names(source: Source, answers: str, columns: dict[str, pd.Series]) -> list[str]:
    """Returns the name of every row's answer.

    Args:
        source: the competition's files.
        answers: pattern of the files, by columns of the table: "train_cleaned/{id}.png".
        columns: of the training table.

    Raises:
        DataError: an answer is not there, or a column is lacking.
    """
    pattern = FilePattern(answers)
    lacking = [field for field in pattern.fields if field not in columns]
    if lacking or not pattern.fields or pattern.wild:
        raise DataError(
            f"`data.answers`: {answers!r} must name columns of the training table in braces "
            f"({listing(columns)}), without stars. Received: {listing(pattern.fields) or 'none'}."
        )
    rows = zip(*(columns[field].astype(str) for field in pattern.fields), strict=True)
    names = [pattern.name(row) for row in rows]
    missing = [name for name in names if not source.has(name)]
    if missing:
        raise DataError(
            f"`data.answers`: files that are not there: {listing(missing)} ({len(missing)} of {len(names)})."
        )
    return names
