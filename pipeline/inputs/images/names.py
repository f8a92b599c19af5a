"""File names of the rows' pictures."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.data.file_pattern import FilePattern
from pipeline.data.source import Source
from pipeline.errors import Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd


ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def is_picture(name: str) -> bool:
    """Says whether a file's ending is one of a picture."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


def row_values(table: pd.DataFrame, fields: list[str]) -> list[tuple[str, ...]]:
    """Returns each row's values of these columns as text."""
    return list(zip(*(table[field].astype(str) for field in fields), strict=True))


def picture_names(
    table: pd.DataFrame,
    pattern: str,
    source: Source,
    problems: Problems,
    where: str,
    skip: bool = False,
    key: str = "images",
    noun: str = "pictures",
    broken: str = "broken_pictures",
) -> tuple[str, ...]:
    """Returns the file of every row's picture, or clip.

    Args:
        table: the rows.
        pattern: of `data.images` (see `FilePattern`).
        source: where the pictures lie.
        problems: told of columns that are not there, of pictures that are missing, of names with
            stars that several files fit, each in one message.
        where: what a problem calls the table.
        skip: pictures that are not there are no problem.
        key: of `data`, which holds the pattern.
        noun: what a problem calls the files.
        broken: key of `data` that goes on without those that are not there.

    Raises:
        DataError: the pattern's braces are not closed.
    """
    wanted = FilePattern(pattern)
    unknown = [field for field in wanted.fields if field not in table.columns]
    if unknown or not wanted.fields:
        near = did_you_mean(unknown[0], table.columns) if unknown else ""
        known = listing(table.columns)
        problems.add(f"`data.{key}`: {pattern!r} must name columns of {where} in braces ({known}).{near}")
        return ()
    rows = row_values(table, wanted.fields)
    names = [wanted.name(values) for values in rows]
    if wanted.wild:
        found = wanted.index(source.names())
        several = [name for name, values in zip(names, rows, strict=True) if len(found.get(values, ())) > 1]
        if several:
            problems.add(f"{where}: {noun} for which there are several files: {listing(several)}.")
        missing = [name for name, values in zip(names, rows, strict=True) if values not in found]
        names = [
            found[values][0] if values in found else name for name, values in zip(names, rows, strict=True)
        ]
    else:
        missing = [file for file in names if not source.has(file)]
    if missing and not skip:
        problems.add(
            f"{where}: {noun} that are not there: {listing(missing)} ({len(missing)} in all). "
            f"`data.{broken}: leave_out` goes on without them."
        )
    return tuple(names)
