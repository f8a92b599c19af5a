"""The audit: everything that can be seen of a competition's data before a model is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline.audit.boxes import odd_boxes
from pipeline.audit.columns import read_columns
from pipeline.audit.copies import judge
from pipeline.audit.finding import Finding, by_severity
from pipeline.audit.groups import split_groups
from pipeline.audit.leaks import find_leaks
from pipeline.audit.masks import odd_masks
from pipeline.audit.pictures import MOST, blank_pictures, picture_copies, small_pictures
from pipeline.audit.rows import row_copies
from pipeline.audit.scripts import unseen_scripts
from pipeline.audit.shift import find_shift
from pipeline.audit.shifted_masks import shifted_masks
from pipeline.audit.spans import odd_spans
from pipeline.audit.spoken import named_answers
from pipeline.audit.texts import text_copies
from pipeline.audit.values import find_gaps
from pipeline.data.competition import Competition
from pipeline.data.folds import Folds
from pipeline.inputs.images.decoding import Read
from pipeline.inputs.images.intensity import Intensity

if TYPE_CHECKING:
    import pandas as pd

    Series = tuple[pd.DataFrame, pd.DataFrame, str]

Report = Callable[[float, str], None]


def audit(
    competition: Competition,
    folds: Folds,
    read: Read,
    declared: Mapping[str, str],
    seed: int,
    threads: int,
    report: Report,
    intensity: Intensity | None = None,
    series: Series | None = None,
) -> list[Finding]:
    """Looks at tables, pictures and what names groups of series; returns the findings, the worst first.

    Args:
        competition: read and checked.
        folds: that will score the rows.
        read: gives a picture's file by its name.
        declared: kinds of columns that are decided already.
        seed: of samples and splits.
        threads: that may work at a time.
        report: told of the progress.
        intensity: what becomes black and white in pictures of more than 8 bits.
        series: what is the same all along the series of a long table, for each row of training and test,
            and the table's name.
    """
    task, target = competition.task, competition.target
    columns = []
    if competition.train is not None and competition.test is not None:
        columns = read_columns(competition.train, competition.test, declared)
    findings = find_gaps(columns, task, target)
    for copies in (row_copies(columns, seed), text_copies(columns, seed)) if columns else ():
        if copies:
            findings += judge(copies, task.compared(target), folds)
    ids = (competition.ids, competition.test_ids)
    findings += find_leaks(columns, ids, task, target, seed, folds.ordered)
    findings += odd_masks(task, target, competition.ids) + odd_spans(task, target, competition.ids)
    findings += odd_boxes(task, target, competition.ids)
    findings += unseen_scripts(columns) + named_answers(columns, task, target)
    if series:
        findings += split_groups(*series[:2], folds, series[2])
    findings += find_shift(columns, seed, threads, folds.ordered)
    if competition.pictures:
        findings += _pictures(competition, folds, read, threads, report, intensity, seed)
    return by_severity(findings)


def _pictures(
    competition: Competition,
    folds: Folds,
    read: Read,
    threads: int,
    report: Report,
    intensity: Intensity | None,
    seed: int,
) -> list[Finding]:
    task, target = competition.task, competition.target
    own = competition.pictures
    names, rows = [*own, *competition.test_pictures], len(own)
    moved = shifted_masks(task, target, own, read, threads, seed, intensity)
    if len(names) > MOST:
        text = f"{len(names):,} pictures are too many to compare with one another (at most {MOST:,})."
        return [*moved, Finding("duplicate-pictures", "info", text)]
    squares = small_pictures(read, names, report, threads, intensity)
    copies = picture_copies(squares[:rows], squares[rows:])
    return moved + blank_pictures(squares, names) + judge(copies, task.compared(target), folds)
