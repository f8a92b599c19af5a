"""Copies among rows, texts or pictures, and what they do to a cross-validated score.

A copy with the same answer in another fold lets a model look the answer up. That flatters the score
unless test rows have copies in training just as often: small tables of categories repeat by chance,
and do so on both sides. What counts is the excess of the one share over the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.data.folds import Folds

STOP = 0.05  # excess share of scored rows from which the score is called a lie
WARN = 0.01
Z = 2.0  # standard errors by which a share of the test rows is widened
SAME_ANSWER = 0.01  # of a standard deviation: values closer than this count as the same answer
Noun = Literal["rows", "texts", "pictures"]


@dataclass(frozen=True)
class Copies:
    """Copies: rows that are the same as one another.

    Attributes:
        noun: what is compared.
        train: int64 (rows,): rows of the same number are copies.
        test: int64 (test rows,): the same numbers as in training; a number of its own for a row
            without a copy.
    """

    noun: Noun
    train: np.ndarray
    test: np.ndarray


def answer_codes(target: np.ndarray) -> np.ndarray:
    """Returns int64 (rows,): equal numbers are equal answers.

    Args:
        target: as a Dataset keeps it; values of a regression are equal within a hundredth of their
            standard deviation.
    """
    if target.ndim == 1:
        return target
    step = SAME_ANSWER * np.where(target.std(axis=0) > 0, target.std(axis=0), 1.0)
    return np.unique(np.round(target / step), axis=0, return_inverse=True)[1].reshape(-1)


def judge(copies: Copies, target: np.ndarray, folds: Folds) -> list[Finding]:
    """Returns what the copies mean.

    Args:
        copies: of rows, texts or pictures.
        target: of the training rows.
        folds: that score them.
    """
    answers, noun = answer_codes(target), copies.noun
    in_test = np.isin(copies.test, copies.train)
    findings = [_across(copies, answers, folds, in_test), _conflicts(copies, answers)]
    if in_test.any():
        text = f"{in_test.sum():,} of {len(in_test):,} test {noun} have a copy among the training {noun}."
        findings.append(Finding(f"test-{noun}-in-train", "info", text))  # type: ignore[arg-type]
    return [found for found in findings if found]


def connected(count: int, pairs: np.ndarray) -> np.ndarray:
    """Returns int64 (count,): the same number for all that pairs connect.

    Args:
        count: how many things there are.
        pairs: int (pairs, 2) positions of things that belong together.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _across(copies: Copies, answers: np.ndarray, folds: Folds, in_test: np.ndarray) -> Finding | None:
    """Judges copies with the same answer that train while their twin is scored."""
    repeated = np.bincount(copies.train)[copies.train] > 1
    if not repeated.any():
        return None
    copied, share, noun = _copied(copies, answers, folds), _share(in_test), copies.noun
    excess = copied - _upper(share, len(in_test))
    name, rows = f"duplicate-{noun}", len(repeated)
    if excess < WARN:
        text = (
            f"{repeated.sum():,} of {rows:,} training {noun} have a copy in training ({copied:.1%} of the "
            f"scored ones with the same answer in another fold, {share:.1%} of the test {noun} in training): "
            "the score suffers little."
        )
        return Finding(name, "info", text)  # type: ignore[arg-type]
    text = (
        f"{copied:.1%} of the scored {noun} have a copy with the same answer in another fold, but only "
        f"{share:.1%} of the test {noun} have one in training: the score is too good. Remove the copies, "
        "or keep them in one fold (`folds.group`)."
    )
    return Finding(name, "stop" if excess >= STOP else "warn", text)  # type: ignore[arg-type]


def _copied(copies: Copies, answers: np.ndarray, folds: Folds) -> float:
    """Returns the share of the scored rows of which a copy with the same answer trains."""
    fold_of = folds.assignment[0].astype(np.int64)
    scored = fold_of >= 0
    pairs = np.unique(np.stack([copies.train, answers]), axis=1, return_inverse=True)[1].reshape(-1)
    first = np.full(pairs.max() + 1, np.iinfo(np.int64).max)
    last = np.full(pairs.max() + 1, np.iinfo(np.int64).min)
    np.minimum.at(first, pairs, fold_of)
    np.maximum.at(last, pairs, fold_of)
    seen = first[pairs] < fold_of if folds.ordered else first[pairs] != last[pairs]
    return float((seen & scored).sum() / max(1, scored.sum()))


def _conflicts(copies: Copies, answers: np.ndarray) -> Finding | None:
    """Finds copies with different answers: at most one of them can be right."""
    pairs = np.unique(np.stack([copies.train, answers]), axis=1)
    rows = (np.bincount(pairs[0]) > 1)[copies.train]
    if not rows.any():
        return None
    noun = copies.noun
    text = (
        f"{rows.sum():,} of {len(rows):,} training {noun} have a copy with another answer: no model gets "
        "both right. If they are mistakes, remove them; if not, no score can be perfect."
    )
    severity = "info" if noun == "rows" else "warn"  # rows of a few categories repeat by chance
    return Finding(f"conflicting-{noun}", severity, text)  # type: ignore[arg-type]


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _upper(share: float, rows: int) -> float:
    """Returns how large a share may be in truth, given that many rows (Wilson, 1927, two errors)."""
    if not rows:
        return 1.0
    middle = share + Z**2 / (2 * rows)
    spread = Z * np.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    return float((middle + spread) / (1 + Z**2 / rows))
