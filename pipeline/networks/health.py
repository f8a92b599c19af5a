"""Health of a trained network: what is plainly wrong with it, in words."""

from __future__ import annotations

import numpy as np

from pipeline.tasks.base import Task

ADVICE = (
    "Try another `learning_rate`, more `epochs`, `batch_norm: adapt`, or look whether the pictures fit "
    "their rows."
)


def warnings_of(task: Task, target: np.ndarray, prediction: np.ndarray) -> list[str]:
    """Returns warnings about predictions of training rows; [] where the network has learned.

    Args:
        task: what is asked for.
        target: as the competition keeps it.
        prediction: float32 (rows, outputs) of the same rows.
    """
    found = []
    if len(target) > 1 and np.ptp(prediction, axis=0).max() < 1e-6:
        found.append(f"It predicts the same for every picture. {ADVICE}")
    elif task.exclusive and len(np.unique(target)) > 1:
        accuracy = float(np.mean(prediction.argmax(axis=1) == target))
        most_common = np.bincount(target).max() / len(target)
        if accuracy <= most_common:
            found.append(
                f"Accuracy on its own training pictures is {accuracy:.3f}; always naming the commonest class "
                f"gives {most_common:.3f}. {ADVICE}"
            )
    elif not task.probabilities:
        residual, total = (
            np.nansum((target - prediction) ** 2),
            np.nansum((target - np.nanmean(target, 0)) ** 2),
        )
        if total > 0 and residual >= total:
            found.append(f"On its own training pictures it is no better than the mean. {ADVICE}")
    return found
