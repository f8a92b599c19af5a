"""Submission with a row for each pixel: written and read back a run of pixels, or a block, at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.data.pixel_rows import PixelRows, read_pixel_rows
from pipeline.data.source import FolderSource
from pipeline.data.table_file import TableFile
from pipeline.errors import DataError, SubmissionError

DECIMALS = 5  # of greys from 0 to 1: no score sees more
MOST_DECIMALS = 6
NOTHING_MORE = DataConfig(encoding="utf-8", separator=",", quote='"', decimal=".", thousands="none")


def write_pixel_rows(
    file: TextIO,
    rows: PixelRows,
    header: tuple[str, str] | None,
    picture: Callable[[str], np.ndarray],
    white: float,
    decimals: int | None = None,
) -> None:
    """Writes lines of a CSV; no more than a picture is held at a time.

    Args:
        file: they are written behind what stands there.
        rows: what is asked for, in this order.
        header: names of the two columns; None: they stand there already.
        picture: returns greys from 0 to 1 by a picture's name, float (height, width) or more.
        white: what a white pixel is worth in the file.
        decimals: digits after the point; None: five of a grey from 0 to 1.
    """
    digits = min(DECIMALS if decimals is None else decimals, MOST_DECIMALS)
    steps = round(white * 10**digits)
    texts = _Texts(digits)
    shown, greys = -1, np.zeros((0, 0), np.int64)
    if header is not None:
        file.write(",".join(header) + "\n")
    for number, at, rising, still in rows.spans():
        if number != shown:
            values = np.clip(np.asarray(picture(rows.names[number]), np.float64), 0.0, 1.0)
            shown, greys = number, np.rint(values * steps).astype(np.int64)
        cells = texts.of(greys[at].ravel())
        before, after = f"{rows.names[number]}_", ","
        if rows.down:
            after = f"_{still},"
        else:
            before = f"{before}{still}_"
        file.write(
            "".join([f"{before}{one}{after}{text}\n" for one, text in zip(rising, cells, strict=True)])
        )


def verify_pixel_rows(path: Path, rows: PixelRows, header: tuple[str, str], white: float) -> None:
    """Reads a file back and compares it with what is asked for.

    Raises:
        SubmissionError: says what is wrong: columns, ids, their order, values.
    """
    try:
        file = TableFile.open(FolderSource(path.parent), path.name, NOTHING_MORE)
        if file.names != header:
            raise SubmissionError(f"The columns must be {header}. Received: {file.names}.")
        found, (least, greatest) = read_pixel_rows(file, header[0])
    except DataError as error:
        raise SubmissionError(f"The file does not say a grey of each pixel: {error}") from error
    if found != rows:
        raise SubmissionError(f"The ids must be the sample's, in its order: {len(found):,} of {len(rows):,}.")
    if least < 0 or greatest > white:
        raise SubmissionError(f"Greys lie between 0 and {white:g}. Received: {least:g} to {greatest:g}.")


class _Texts:
    """Numbers of steps as text, each made once."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.known: dict[int, str] = {}

    def of(self, steps: np.ndarray) -> list[str]:
        """Returns the text of each number."""
        known: Any = self.known
        numbers = steps.tolist()
        try:
            return [known[one] for one in numbers]
        except KeyError:
            for one in set(numbers) - known.keys():
                known[one] = self._text(one)
            return [known[one] for one in numbers]

    def _text(self, steps: int) -> str:
        text = f"{steps / 10**self.digits:.{self.digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
