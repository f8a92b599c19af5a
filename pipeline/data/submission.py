"""The submission file: written in the sample's form, read back and verified."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import numpy as np

from pipeline.config.schema import SubmissionConfig
from pipeline.data.class_rows import ClassRows
from pipeline.data.columns import as_text
from pipeline.data.competition import Competition
from pipeline.data.many_rows import joined_rows, spread
from pipeline.data.pixel_rows import PixelRows
from pipeline.data.pixel_submission import verify_pixel_rows, write_pixel_rows
from pipeline.data.sample_columns import UNNAMED
from pipeline.errors import SubmissionError, listing
from pipeline.tasks.base import Task
from pipeline.tasks.image import Image
from pipeline.tasks.span import Span


def submission_text(
    competition: Competition, test: np.ndarray, labels: np.ndarray | None, config: SubmissionConfig
) -> str:
    """Returns the CSV of a submission in the sample's order of rows and columns.

    Args:
        competition: ids, answer and task.
        test: float32 (test rows, outputs) in the order of the test table.
        labels: int64 (test rows,) class numbers or (test rows, labels) 0/1 where decision
            thresholds chose them; None: the likeliest class, or above one half.
        config: how many digits. Where values of a regression are held, the answer says.
    """
    test, labels = with_prior(competition, test, labels)
    beside = with_unknown(competition)
    order = _order(competition)
    chosen = None if labels is None else labels[order]
    own = None if beside is None else beside[order]
    cells = competition.task.cells(competition.answer, test[order], chosen, config.decimals, own)
    if (rows := competition.class_rows) is not None:
        return _csv(rows.header, class_lines(rows, competition.sample_ids.tolist(), cells, competition.task))
    columns: dict[str, Sequence[str]] = _given(competition)
    columns |= dict(zip(competition.answer.columns, zip(*cells, strict=True), strict=True))
    ordered = [columns[name] for name in _names(competition)]
    if competition.task.many_rows:
        return _csv(_header(competition), spread(ordered, _places(competition)))
    return _csv(_header(competition), zip(*ordered, strict=True))


def class_lines(
    rows: ClassRows, ids: Sequence[str], cells: Sequence[Sequence[str]], task: Task
) -> list[list[str]]:
    """Returns the lines of a file with a row for each class of a picture.

    Args:
        rows: that are asked for.
        ids: of the pictures.
        cells: one of each, with a line for each class.
        task: says their order.
    """
    return rows.lines({str(key): cell for key, (cell,) in zip(ids, cells, strict=True)}, task.outputs)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


def write_pixels(
    competition: Competition,
    values: np.ndarray,
    path: Path,
    decimals: int | None = None,
    asked: PixelRows | None = None,
) -> None:
    """Writes and verifies a submission with a row for each pixel; the file holds none where it is wrong.

    Args:
        competition: ids, answer and task.
        values: float16 (test rows, outputs) in the order of the test table; may lie on disk.
        path: of the new file.
        decimals: digits after the point.
        asked: the rows; None: those of the sample.

    Raises:
        SubmissionError: what was written is not what is asked for.
    """
    if asked is not None:
        competition = replace(competition, long_rows=asked)
    with path.open("w", encoding="utf-8", newline="") as file:
        append_pixels(competition, values, file, decimals)
    try:
        verify_pixels(path, competition)
    except SubmissionError:
        path.unlink()
        raise


def append_pixels(
    competition: Competition, values: np.ndarray, file: TextIO, decimals: int | None, begins: bool = True
) -> None:
    """Writes the rows of a competition's pictures behind what stands in a file; see `write_pixels`.

    Args:
        begins: whether the header stands before them.
    """
    task, rows, header = _pixels_of(competition)
    place = {name: number for number, name in enumerate(competition.test_ids)}
    prior, sizes = competition.prior() if competition.by_prior else None, competition.test_sizes

    def picture(name: str) -> np.ndarray:
        flat = np.asarray(values[place[name]] if name in place else prior)
        known = sizes is not None and name in place
        height, width = sizes[place[name]].tolist() if known else rows.reach(name)  # type: ignore[index]
        return task.own(flat, (height, width))

    write_pixel_rows(file, rows, header if begins else None, picture, task.white, decimals)


def verify_pixels(path: Path, competition: Competition) -> None:
    """Reads a file with a row for each pixel back, a block at a time, and compares it with what is asked for.

    Raises:
        SubmissionError: says what is wrong.
    """
    task, rows, header = _pixels_of(competition)
    verify_pixel_rows(path, rows, header, task.white)


def _pixels_of(competition: Competition) -> tuple[Image, PixelRows, tuple[str, str]]:
    task, rows = competition.task, competition.pixel_rows
    if not isinstance(task, Image) or rows is None:
        raise ValueError("A row for each pixel is asked for where answers are pictures.")
    return task, rows, (competition.id, competition.answer.columns[0])


def _order(competition: Competition) -> np.ndarray:
    """Returns int64 (rows,): where the sample's rows stand among test rows and those that no model saw."""
    ids = [*competition.test_ids, *competition.by_prior]
    position = {name: index for index, name in enumerate(ids)}
    return np.array([position[name] for name in competition.sample_ids], np.int64)


def _given(competition: Competition) -> dict[str, Sequence[str]]:
    """Returns what the sample says of its rows: the ids, and columns that are handed in again."""
    given: dict[str, Sequence[str]] = {competition.id: competition.sample_ids.tolist()}
    if competition.passing is not None:
        given |= {str(name): column.fillna("").tolist() for name, column in competition.passing.items()}
    return given


def _names(competition: Competition) -> tuple[str, ...]:
    return competition.header or (competition.id, *competition.answer.columns)


def _places(competition: Competition) -> list[int]:
    """Returns where the answers stand among the columns."""
    return [_names(competition).index(name) for name in competition.answer.columns]


def _header(competition: Competition) -> list[str]:
    """Returns the first line: a column that has no name in the sample has none here."""
    return ["" if UNNAMED.fullmatch(name) else name for name in _names(competition)]


def with_prior(
    competition: Competition, test: np.ndarray, labels: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Adds the prior for each row that no model saw, behind the others."""
    count = len(competition.by_prior)
    if not count:
        return test, labels
    prior = competition.prior()
    if labels is not None:
        label = competition.task.decided(prior[None])
        labels = np.concatenate([labels, np.repeat(label, count, axis=0).astype(labels.dtype)])
    return np.vstack([test, np.tile(prior, (count, 1))]), labels


def with_unknown(competition: Competition) -> np.ndarray | None:
    """Returns what test rows have of their own that an answer is cut to; None where nobody asks.

    Sizes of pictures, int64 (rows, 2), or texts, object (rows,); behind them 0 or "" for rows that no model
    saw.
    """
    task = competition.task
    if isinstance(task, Span):
        if competition.test is None:
            raise SubmissionError(
                f"The test table has no column {task.column!r}, which answers are parts of."
            )
        return np.array(
            [*as_text(competition.test[task.column]), *("" for _ in competition.by_prior)], object
        )
    if competition.test_sizes is None:
        return None
    return np.vstack([competition.test_sizes, np.zeros((len(competition.by_prior), 2), np.int64)])


def verify_submission(text: str, competition: Competition) -> None:
    """Reads a submission back and compares it with what the sample asks for.

    Raises:
        SubmissionError: lists what is wrong: columns, rows, ids, their order, cells.
    """
    rows = list(csv.reader(io.StringIO(text)))
    answer = competition.answer
    of_classes = competition.class_rows
    header = _header(competition) if of_classes is None else list(of_classes.header)
    if not rows or rows[0] != header:
        raise SubmissionError(
            f"The columns must be {listing(header)}. Received: {listing(rows[0] if rows else [])}."
        )
    body, places = rows[1:], _places(competition)
    if of_classes is not None:
        found = of_classes.cells(body, competition.task.outputs)
        body = [
            [found[key] if name in answer.columns else key for name in _names(competition)]
            for key in competition.sample_ids.tolist()
        ]
    elif competition.task.many_rows:
        body = joined_rows(body, _names(competition).index(competition.id), places)
    ids = _verify_given(body, competition)
    cells = [[row[place] for place in places] for row in body]
    empty = [key for key, row in zip(ids, cells, strict=True) if "" in row]
    if empty and not competition.task.may_be_empty:
        raise SubmissionError(f"Rows with empty cells: {listing(empty)}.")
    beside = with_unknown(competition)
    own = None if beside is None else beside[_order(competition)]
    competition.task.verify(answer, cells, ids, own)


def _verify_given(rows: list[list[str]], competition: Competition) -> list[str]:
    """Returns the ids, once they and the columns that are handed in again are the sample's, in its order."""
    names = _names(competition)
    short = [row for row in rows if len(row) != len(names)]
    if short:
        raise SubmissionError(f"Rows that have not {len(names)} cells: {listing(map(','.join, short))}.")
    for name, wanted in _given(competition).items():
        found = [row[names.index(name)] for row in rows]
        if found == list(wanted):
            continue
        if name != competition.id:
            raise SubmissionError(f"The column {name!r} must be the sample's, as it is.")
        strange = sorted(set(found) ^ set(wanted))
        what = f"missing or unknown: {listing(strange)}" if strange else "in another order"
        raise SubmissionError(f"The ids must be the sample's, in its order: {what}.")
    return list(_given(competition)[competition.id])
