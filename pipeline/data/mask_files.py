"""Masks in files of their own: one beside each picture, or a folder of objects for each."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.file_pattern import FilePattern
from pipeline.data.source import Source
from pipeline.errors import DataError, listing
from pipeline.tasks.rle import RunLengths

if TYPE_CHECKING:
    import pandas as pd

HALF = 127  # of 255: a mask that was saved as a JPEG has greys along its edge


def mask_cells(source: Source, masks: str, images: str | None, columns: dict[str, pd.Series]) -> list[str]:
    """Returns run lengths, column by column and counted from 1: a line for each file of a row.

    A row without a file has an empty mask.

    Args:
        source: the competition's files.
        masks: pattern of the files, by columns of the table: "masks/{id}.png", or "{id}/masks/*.png".
        images: pattern of the pictures; a mask of another size is brought to that of its picture.
        columns: of the training table.

    Raises:
        DataError: no file fits, a column is lacking, or a file is no picture.
    """
    wanted = FilePattern(masks)
    lacking = [field for field in wanted.fields if field not in columns]
    if lacking or not wanted.fields:
        raise DataError(
            f"`data.masks`: {masks!r} must name columns of the training table in braces "
            f"({listing(columns)}). Received: {listing(wanted.fields) or 'none'}."
        )
    found = wanted.index(source.names())
    rows = list(zip(*(columns[field].astype(str) for field in wanted.fields), strict=True))
    if not any(row in found for row in rows):
        raise DataError(f"`data.masks`: no file fits {masks!r}.")
    pictures = _pictures(source, images, columns, len(rows))
    return [
        "\n".join(filter(None, (cell_of(source, name, picture) for name in sorted(found.get(row, ())))))
        for row, picture in zip(rows, pictures, strict=True)
    ]


def _pictures(
    source: Source, images: str | None, columns: dict[str, pd.Series], rows: int
) -> list[str | None]:
    """Returns the name of every row's picture, where its pattern says it without a search."""
    pattern = FilePattern(images) if images else None
    if pattern is None or pattern.wild or not set(pattern.fields) <= set(columns):
        return [None] * rows
    values = zip(*(columns[field].astype(str) for field in pattern.fields), strict=True)
    names = [pattern.name(row) for row in values]
    return [name if source.has(name) else None for name in names]


def cell_of(source: Source, name: str, picture: str | None) -> str:
    """Returns the run lengths of a mask in a file, column by column and counted from 1.

    Args:
        source: the competition's files.
        name: of the mask.
        picture: the file of its picture, to whose size it is brought; None: it has that already.

    Raises:
        DataError: one of the two is no picture.
    """
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(source.read(name))).convert("L")
        size = Image.open(io.BytesIO(source.read(picture))).size if picture else image.size
    except (OSError, ValueError) as error:
        raise DataError(f"The mask {name!r} cannot be read: {error}.") from error
    if size != image.size:
        image = image.resize(size, Image.Resampling.NEAREST)
    values = np.asarray(image)
    return RunLengths().write(values > (HALF if values.max() > 1 else 0))
