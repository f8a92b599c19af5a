"""Columns, ids and orders of rows that tell the answer by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.audit.columns import Column
from pipeline.audit.finding import Finding
from pipeline.errors import listing
from pipeline.tasks.base import Task

STOP, STOP_VALUES = 0.99, 0.995  # skill of one column (see `skill`) from which it must be a leak
TELLS = 0.3  # skill of an id or of the order that is worth a warning
ROWS = 10_000  # looked at
CELLS = 2_000_000  # rows * columns looked at
MOST_COLUMNS = 4_000
FEWEST_ROWS = 40
CERTAIN = 1.63  # times the deviation of two samples' distance: one in a hundred is further off by chance
DRIFT = 0.1  # distance of two distributions (Kolmogorov and Smirnov) that is none to speak of
KNOWN = "Is it known when the test rows are? If not, leave it out (`data.drop`)."
ALIKE = "The test rows have it, spread alike: if it is no accident, it will be right there too."
NEAREST = 2  # neighbours on each side that say a row's answer
WIDE = 50  # one in so many rows is a neighbour, where a trend is looked for


def find_leaks(
    columns: Sequence[Column],
    ids: tuple[np.ndarray, np.ndarray],
    task: Task,
    target: np.ndarray,
    seed: int,
    ordered: bool,
) -> list[Finding]:
    """Looks for answers outside of what is to be learned.

    Args:
        columns: of the tables.
        ids: text (rows,) of training and (test rows,) of test.
        task: kind of the target.
        target: of the training rows.
        seed: of the split.
        ordered: time orders the rows: a trend along rows or ids is no surprise then.
    """
    if len(target) < FEWEST_ROWS:
        return []
    answers = _answers(task, target)
    findings = _leaking_columns(columns, answers, task, seed)
    if not ordered:
        findings += _orders(ids, answers, task, seed)
    return findings


def skill(values: np.ndarray, answers: np.ndarray, classes: bool, seed: int, nearest: int = NEAREST) -> float:
    """Returns how well one column says the answer: 0 is guessing, 1 is knowing; cross-validated.

    A row's answer is guessed as the mean over training rows of the same value, or over the
    nearest ones. Two halves predict each other.

    Args:
        values: float (rows,) without NaN: equal numbers are equal values.
        answers: float32 (rows, outputs), one column per class, label or value.
        classes: the columns of `answers` are classes of one target.
        seed: of the halves.
        nearest: neighbours on each side, where no training row has the value.

    Returns:
        Two classes or labels: 2 AUC - 1, of the best label. More classes: the share of the
        errors of guessing the commonest class that is avoided. Values: R², of the best column.
    """
    # Each half is guessed from the other: no row speaks for itself.
    half = np.random.default_rng(seed).permutation(len(values)) % 2 == 0
    guesses = np.empty(answers.shape)
    for here in (half, ~half):
        guesses[here] = _neighbour_means(values[~here], answers[~here], values[here], nearest)
    if classes and answers.shape[1] > 2:
        truth = answers.argmax(axis=1)
        chance = np.bincount(truth).max() / len(truth)
        # Skill is the share of the way from guessing the commonest class to being right always.
        right = float(np.mean(guesses.argmax(axis=1) == truth))
        return (right - chance) / max(1e-9, 1 - chance)
    binary = bool(np.isin(answers, (0, 1)).all())  # ranks of two values are such, too
    return max(_column_skill(guesses[:, k], answers[:, k], binary) for k in range(answers.shape[1]))


def id_numbers(ids: np.ndarray) -> np.ndarray | None:
    """Returns the number at the end of every id; None where some have none."""
    found = [re.search(r"(\d{1,15})\D*$", text) for text in ids]
    if any(match is None for match in found):
        return None
    return np.array([float(match[1]) for match in found if match])


def _leaking_columns(columns: Sequence[Column], answers: np.ndarray, task: Task, seed: int) -> list[Finding]:
    looked = list(columns)[:MOST_COLUMNS]
    if not looked:
        return []
    rows = _sample(len(answers), min(ROWS, max(FEWEST_ROWS, CELLS // len(looked))), seed)
    leaks = {}
    for column in looked:
        values = _filled(column.codes[0][rows])
        if values.min() < values.max():
            leaks[column.name] = skill(values, answers[rows], task.exclusive, seed)
    least = STOP if task.probabilities else STOP_VALUES
    found = [column for column in looked if leaks.get(column.name, 0.0) >= least]
    others = [column.name for column in found if not _alike(column)]
    alike = [column.name for column in found if column.name not in others]
    findings = []
    if others:
        findings.append(Finding("leaking-column", "stop", f"{_told(others, leaks)}. {KNOWN}"))
    if alike:
        findings.append(Finding("leaking-column", "warn", f"{_told(alike, leaks)}. {ALIKE}"))
    return findings


def _told(names: Sequence[str], leaks: Mapping[str, float]) -> str:
    shown = listing(f"{name!r} ({leaks[name]:.3f} of 1)" for name in names)
    return f"the answer can be read from one column alone: {shown}"


def _alike(column: Column) -> bool:
    """Says whether values are spread in the test as in training: what they tell they may tell there, too."""
    from scipy.stats import ks_2samp

    both = _filled(np.concatenate(column.codes))
    here, there = both[: len(column.train)], both[len(column.train) :]
    if not len(there):
        return False
    by_chance = CERTAIN * np.sqrt(1 / len(here) + 1 / len(there))
    return bool(ks_2samp(here, there, method="asymp").statistic <= max(by_chance, DRIFT))


def _orders(ids: tuple[np.ndarray, np.ndarray], answers: np.ndarray, task: Task, seed: int) -> list[Finding]:
    """Judges whether rows stand in the order of their answers, or ids count along them."""
    rows = np.sort(_sample(len(answers), ROWS, seed))
    numbers, others = id_numbers(ids[0][rows]), id_numbers(ids[1])
    if numbers is not None and len(np.unique(numbers)) == len(numbers) and not _counts(numbers, rows):
        told = _trend(numbers, answers[rows], task, seed)
        if told > TELLS:
            text = (
                f"the number in the id tells the answer (skill {told:.2f}; 0 is guessing). "
                f"{_reach(numbers, others)}"
            )
            return [Finding("leaking-id", "warn", text)]
    told = _trend(np.arange(len(rows), dtype=float), answers[rows], task, seed)
    if told <= TELLS:
        return []
    text = (
        f"the order of the rows tells the answer (skill {told:.2f}; 0 is guessing). No model sees it and "
        "the folds are drawn at random; if time made the order, set `folds.time`."
    )
    return [Finding("leaking-order", "warn", text)]


def _counts(numbers: np.ndarray, rows: np.ndarray) -> bool:
    """Says whether ids only number the rows as they stand: they tell no more than the order does."""
    step = (numbers[-1] - numbers[0]) / max(1, rows[-1] - rows[0])
    return bool(np.allclose(numbers, numbers[0] + step * (rows - rows[0]), rtol=0, atol=0.01))


def _reach(numbers: np.ndarray, others: np.ndarray | None) -> str:
    """Says whether test ids lie among the training ids, so that the leak reaches them."""
    if others is None:
        return "Test ids have no number: it ends there."
    among = float(np.mean((others >= numbers.min()) & (others <= numbers.max())))
    return (
        f"{among:.0%} of the test ids lie in the same range. No model sees the id; check whether the same "
        "numbering runs through the test rows, and what the rules say of it."
    )


def _trend(values: np.ndarray, answers: np.ndarray, task: Task, seed: int) -> float:
    """Returns the better skill of many neighbours (a trend) and of few (small classes in a row)."""
    nearest = max(NEAREST, len(values) // WIDE // 2)
    return max(skill(values, answers, task.exclusive, seed, near) for near in (nearest, NEAREST))


def _neighbour_means(known: np.ndarray, answers: np.ndarray, asked: np.ndarray, nearest: int) -> np.ndarray:
    """Returns float64 (asked, outputs): the mean answer of known rows of the same or a near value."""
    order = np.argsort(known, kind="stable")
    ordered = known[order]
    # Running sums, a zero first: the sum over any range of sorted rows is one difference.
    sums = np.concatenate([np.zeros((1, answers.shape[1])), np.cumsum(answers[order], axis=0, dtype=float)])
    low, high = (np.searchsorted(ordered, asked, side=side) for side in ("left", "right"))
    # [low, high) are the known rows of the same value; where they are too few, neighbours join.
    wide = high - low < (1 if nearest == NEAREST else 2 * nearest)
    low = np.where(wide, np.maximum(low - nearest, 0), low)
    high = np.where(wide, np.minimum(high + nearest, len(known)), high)
    return (sums[high] - sums[low]) / (high - low)[:, None]


def _column_skill(guess: np.ndarray, truth: np.ndarray, binary: bool) -> float:
    if binary:
        return 2 * rank_auc(guess, truth > 0.5) - 1
    spread = np.sum((truth - truth.mean()) ** 2)
    return float(1 - np.sum((truth - guess) ** 2) / spread) if spread > 0 else 0.0


def rank_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Returns the area under the ROC curve; one half where a class is absent."""
    ones = int(positive.sum())
    if not 0 < ones < len(positive):
        return 0.5
    _, rank, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Equal scores share the mean of their ranks.
    middle = np.cumsum(counts) - (counts - 1) / 2
    return float((middle[rank][positive].sum() - ones * (ones + 1) / 2) / (ones * (len(positive) - ones)))


def _answers(task: Task, target: np.ndarray) -> np.ndarray:
    """Returns float32 (rows, outputs): one column per class, labels as they are, values by rank."""
    if task.probabilities:
        return task.described(target).astype(np.float32)
    described = task.described(target)
    ranks = [
        np.unique(column, return_inverse=True)[1] for column in described.T
    ]  # no tail outweighs the rest
    return np.column_stack(ranks).astype(np.float32)


def _filled(values: np.ndarray) -> np.ndarray:
    """Gives missing numbers a value of their own, below all others."""
    values = values.astype(np.float64)
    gaps = np.isnan(values)
    return np.nan_to_num(values) if gaps.all() else np.where(gaps, np.nanmin(values) - 1.0, values)


def _sample(rows: int, most: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(rows)[:most]
