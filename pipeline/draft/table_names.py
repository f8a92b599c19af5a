"""Names of tables: what they say a table is, and which of several goes first."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipeline.draft.choice import words
from pipeline.errors import listing

SAMPLE_WORDS = {"sample", "submission", "submit", "example"}
TRAIN_WORDS = {"train", "training", "learn", "labels", "labelled", "labeled"}
TEST_WORDS = {"test", "testing", "eval", "evaluation", "holdout", "unlabelled", "unlabeled", "score"}


def order(name: str) -> tuple[int, int, str]:
    """Returns what names are sorted by: those at the top before those in folders, short ones first."""
    return name.count("/"), len(name), name


def says(name: str, hints: set[str]) -> bool:
    """Says whether a file's name, without its folders, holds one of the words."""
    return bool(hints & set(words(PurePosixPath(name).name)))


def chosen(reason: str, found: list[str]) -> str:
    """Returns the reason for the first of the files, and those that would fit too."""
    return reason if len(found) == 1 else f"{reason}; {listing(found[1:], most=3)} would fit too"
