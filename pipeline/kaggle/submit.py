"""Handing in a file and waiting for its score."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline.kaggle.command import refusal, run_kaggle

PATIENCE = 900.0  # seconds to wait for a score
PAUSE = 5.0  # seconds between two questions at first
# Said of failed uploads and of closed contests, with exit code 0.
FAILED = ("Could not submit to competition", "Could not find competition")
COLUMNS = {"fileName", "status", "publicScore"}
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Submitted:
    """One line of Kaggle's list of submissions.

    Attributes:
        ref: Kaggle's number of it.
        description: the message it was handed in with.
        status: "pending", "complete" or "error".
        public, private: scores, None where there is none (yet).
    """

    ref: str
    description: str
    status: str
    public: float | None = None
    private: float | None = None

    def is_of(self, message: str) -> bool:
        return self.description.split() == message.split()


def upload(slug: str, file: Path, message: str) -> frozenset[str]:
    """Uploads a file; returns the numbers of the submissions that were there before it.

    Args:
        slug: the contest's name in Kaggle's address.
        file: the submission.
        message: that Kaggle lists beside it.

    Raises:
        KaggleError: Kaggle refused; says what to do.
    """
    before = frozenset(one.ref for one in submissions(slug))
    said = run_kaggle(["submit", "-c", slug, "-f", str(file), "-m", message], slug)
    if any(words in said for words in FAILED):
        raise refusal(said, slug)
    return before


def wait_for_score(
    slug: str,
    message: str,
    before: Collection[str],
    report: Report,
    patience: float = PATIENCE,
    pause: float = PAUSE,
) -> Submitted | None:
    """Asks until the newest submission of that message has its score.

    Args:
        slug: the contest's name in Kaggle's address.
        message: it was uploaded with.
        before: numbers of submissions that it is not.
        report: told how the waiting goes.
        patience: seconds to wait at most.
        pause: seconds between two questions; grows to six times that.

    Returns:
        The submission, whose status is "pending" where the score did not come in time; None where
        Kaggle does not list it.
    """
    started, found = time.monotonic(), None
    while True:
        own = [one for one in submissions(slug) if one.ref not in before and one.is_of(message)]
        found = own[0] if own else None
        waited = time.monotonic() - started
        if (found and found.status != "pending") or waited >= patience:
            return found
        report(waited / patience, f"waiting for the score, {waited:.0f} s")
        time.sleep(min(pause * (1 + waited / 30), 6 * pause, patience - waited))


def submissions(slug: str) -> list[Submitted]:
    """Returns the submissions that Kaggle lists, the newest first."""
    said = run_kaggle(["submissions", "-c", slug, "--csv", "-q"], slug)
    lines = said.splitlines()
    start = next((number for number, line in enumerate(lines) if set(line.split(",")) >= COLUMNS), None)
    if start is None:
        return []  # "No submissions found"
    return [_read(row) for row in csv.DictReader(io.StringIO("\n".join(lines[start:])))]


def _read(row: dict[str, str]) -> Submitted:
    status = (row["status"] or "").rpartition(".")[2].lower()  # "SubmissionStatus.COMPLETE" is complete
    return Submitted(
        ref=row.get("ref") or f"{row.get('date')} {row['fileName']}",  # before 2.1.1 there was no number
        description=row.get("description") or "",
        status=status,
        public=_score(row["publicScore"]),
        private=_score(row.get("privateScore")),
    )


def _score(cell: str | None) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None
