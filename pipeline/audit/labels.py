"""Labels that look wrong: where models that did not see a row disagree with it confidently.

After Northcutt et al., "Confident Learning" (Journal of Artificial Intelligence Research 70, 2021):
the rows whose given label is least likely, among those for which another one is all but sure.
"""

from __future__ import annotations

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.errors import listing
from pipeline.tasks.base import Task

SURE, UNLIKELY = 0.95, 0.02  # probability of the label that is predicted, and of the one that is given
FAR = 8.0  # robust standard deviations of the errors, for values
MOST = 10  # ids named


def doubtful_rows(task: Task, target: np.ndarray, oof: np.ndarray) -> np.ndarray:
    """Returns positions of the rows whose label looks wrong, the most doubtful first.

    Args:
        task: kind of the target.
        target: as a Dataset keeps it.
        oof: out-of-fold predictions (rows, outputs); NaN where a row was never scored.
    """
    oof = np.asarray(oof, np.float64)
    known = np.isfinite(oof).all(axis=1)
    if not known.any():
        return np.zeros(0, np.int64)
    if not task.probabilities:
        doubt = _far(task, target, oof, known)
    else:
        given = oof[np.arange(len(oof)), target] if task.exclusive else _given(target, oof)
        other = oof.max(axis=1) if task.exclusive else 1 - given
        doubt = np.where((other >= SURE) & (given <= UNLIKELY), 1 - given, 0.0)
    doubt[~known] = 0.0
    rows = np.flatnonzero(doubt > 0)
    return rows[np.argsort(-doubt[rows], kind="stable")]


def label_finding(task: Task, target: np.ndarray, oof: np.ndarray, ids: np.ndarray) -> Finding | None:
    """Returns the finding that names the most doubtful rows, or None where there are none."""
    if task.dense:  # a report shows the worst pictures
        return None
    rows = doubtful_rows(task, target, oof)
    if not len(rows):
        return None
    what = "labels" if task.probabilities else "values"
    named = listing((_shown(task, target, oof, ids, row) for row in rows[:MOST]), most=MOST)
    more = f" (the first {MOST} of {len(rows):,})" if len(rows) > MOST else ""
    text = f"{what} that models not trained on them firmly disagree with{more}: {named}. Look at them."
    return Finding("suspicious-labels", "info", text)


def _given(target: np.ndarray, oof: np.ndarray) -> np.ndarray:
    """Returns the probability of each row's least likely given label, several labels a row."""
    return np.where(target > 0.5, oof, 1 - oof).min(axis=1)


def _far(task: Task, target: np.ndarray, oof: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns each row's largest error in robust deviations where it is beyond `FAR`, else 0."""
    truth, guess = np.asarray(target, np.float64), oof
    if task.logged:
        truth, guess = np.log1p(np.maximum(truth, 0)), np.log1p(np.maximum(guess, 0))
    error = np.abs(truth - guess)
    scale = 1.4826 * np.median(error[known], axis=0)
    relative = (error / np.where(scale > 0, scale, np.inf)).max(axis=1)
    return np.where(relative > FAR, relative, 0.0)


def _shown(task: Task, target: np.ndarray, oof: np.ndarray, ids: np.ndarray, row: int) -> str:
    if task.exclusive:
        return f"{ids[row]} ({task.outputs[target[row]]}; predicted {task.outputs[oof[row].argmax()]})"
    if task.probabilities:
        worst = int(np.where(target[row] > 0.5, oof[row], 1 - oof[row]).argmin())
        return f"{ids[row]} ({task.outputs[worst]}: {target[row, worst]:.0f})"
    worst = int(np.abs(target[row] - oof[row]).argmax())
    return f"{ids[row]} ({target[row, worst]:.4g}; predicted {oof[row, worst]:.4g})"
