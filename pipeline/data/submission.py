"""The submission file: written in the sample's form, read back and verified."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from pipeline.config.schema import SubmissionConfig
from pipeline.data.answer import Answer
from pipeline.data.competition import Competition
from pipeline.data.sample_columns import UNNAMED
from pipeline.errors import SubmissionError, listing
from pipeline.tasks.base import Task

ROW_SUM_TOLERANCE = 1e-6  # probabilities of a row, as they are written, sum to one within this
EVEN_DECIMALS = 12  # up to so many, rows are rounded to a sum of one; with more there is nothing to even out
PLAIN = (1e-15, 1e15)  # sizes of numbers that are written without an exponent


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
    ids = [*competition.test_ids, *competition.by_prior]
    position = {name: index for index, name in enumerate(ids)}
    order = np.array([position[name] for name in competition.sample_ids], np.int64)
    chosen = None if labels is None else labels[order]
    cells = _cells(competition.answer, competition.task, test[order], chosen, config.decimals)
    columns: dict[str, Sequence[str]] = _given(competition)
    columns |= dict(zip(competition.answer.columns, zip(*cells, strict=True), strict=True))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_header(competition))
    writer.writerows(zip(*(columns[name] for name in _names(competition)), strict=True))
    return file.getvalue()


def _given(competition: Competition) -> dict[str, Sequence[str]]:
    """Returns what the sample says of its rows: the ids, and columns that are handed in again."""
    given: dict[str, Sequence[str]] = {competition.id: competition.sample_ids.tolist()}
    if competition.passing is not None:
        given |= {str(name): column.fillna("").tolist() for name, column in competition.passing.items()}
    return given


def _names(competition: Competition) -> tuple[str, ...]:
    return competition.header or (competition.id, *competition.answer.columns)


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
        label = prior.argmax() if competition.task.is_classification else prior > 0.5
        labels = np.concatenate([labels, np.stack([label] * count).astype(labels.dtype)])
    return np.vstack([test, np.tile(prior, (count, 1))]), labels


def _cells(
    answer: Answer, task: Task, values: np.ndarray, labels: np.ndarray | None, decimals: int | None
) -> list[list[str]]:
    if answer.kind == "ranking":
        best = np.argsort(-values, axis=1, kind="stable")[:, : answer.depth]
        return [[" ".join(task.outputs[k] for k in row)] for row in best]
    if answer.kind == "label" and task.is_classification:
        numbers = values.argmax(axis=1) if labels is None else labels
        if answer.outputs:
            return [[str(int(k == output)) for output in answer.outputs] for k in numbers]
        return [[task.outputs[k]] for k in numbers]
    if answer.kind == "label":
        chosen = (values > 0.5).astype(int) if labels is None else labels
        return [[str(int(value)) for value in row] for row in chosen[:, list(answer.outputs)]]
    if task.is_classification:
        exact = values.astype(np.float64)
        exact /= exact.sum(axis=1, keepdims=True)
        even = decimals is not None and decimals <= EVEN_DECIMALS
        values = _rounded(exact, decimals) if even else exact.astype(values.dtype)  # type: ignore[arg-type]
    values = answer.held(values)[:, list(answer.outputs)]
    return [[number_text(value, decimals) for value in row] for row in values]


def _rounded(values: np.ndarray, decimals: int) -> np.ndarray:
    """Returns rows that sum to one, with so many digits after the point, of which they still do.

    All are rounded down, and what a row lacks then goes to those that lost the most. No value passes a
    larger one.
    """
    unit = 10**decimals
    whole = np.floor(values * unit)
    lost = values * unit - whole
    place = np.argsort(np.argsort(-lost, axis=1, kind="stable"), axis=1)
    return (whole + (place < np.rint(unit - whole.sum(axis=1))[:, None])) / unit


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


def verify_submission(text: str, competition: Competition) -> None:
    """Reads a submission back and compares it with what the sample asks for.

    Raises:
        SubmissionError: lists what is wrong: columns, rows, ids, their order, cells.
    """
    rows = list(csv.reader(io.StringIO(text)))
    answer, task = competition.answer, competition.task
    header = _header(competition)
    if not rows or rows[0] != header:
        raise SubmissionError(
            f"The columns must be {listing(header)}. Received: {listing(rows[0] if rows else [])}."
        )
    ids = _verify_given(rows[1:], competition)
    places = [_names(competition).index(name) for name in answer.columns]
    cells = [[row[place] for place in places] for row in rows[1:]]
    empty = [key for key, row in zip(ids, cells, strict=True) if "" in row]
    if empty:
        raise SubmissionError(f"Rows with empty cells: {listing(empty)}.")
    if task.is_classification and not answer.outputs:
        unknown = {name for row in cells for name in _classes(row[0], answer)} - set(task.outputs)
        if unknown:
            raise SubmissionError(f"Classes that the training table lacks: {listing(sorted(unknown))}.")
        return
    values = np.array(cells, np.float64)
    if not np.isfinite(values).all():
        broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
        raise SubmissionError(f"Rows with values that are no numbers: {listing(ids[i] for i in broken)}.")
    if answer.kind == "probability":
        _verify_probabilities(values, ids, whole=task.is_classification and len(answer.outputs) > 1)


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


def _classes(cell: str, answer: Answer) -> list[str]:
    return cell.split(" ") if answer.kind == "ranking" else [cell]


def _verify_probabilities(values: np.ndarray, ids: list[str], whole: bool) -> None:
    if values.min() < 0 or values.max() > 1:
        outside = np.flatnonzero(((values < 0) | (values > 1)).any(axis=1))
        raise SubmissionError(f"Probabilities outside 0 to 1: {listing(ids[i] for i in outside)}.")
    off = np.flatnonzero(abs(values.sum(axis=1) - 1) > ROW_SUM_TOLERANCE)
    if whole and len(off):
        raise SubmissionError(f"Rows whose probabilities do not sum to one: {listing(ids[i] for i in off)}.")
