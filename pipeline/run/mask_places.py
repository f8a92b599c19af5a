"""Masks in a chain: where those lie that a network draws, so that the next one sees each picture there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.data.competition import Competition
from pipeline.data.folds import WHOLE, Fold, Folds
from pipeline.errors import ConfigError
from pipeline.run.coordinates import Coordinates
from pipeline.tasks.mask import Mask
from pipeline.transforms.mask_boxes import NAMES, places_of
from pipeline.validation.cross_validation import mean_of
from pipeline.validation.fold_output import FoldOutput


def places_in(task: Mask, values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Returns float64 (rows, 8), in source pixels: where the masks lie that predictions show.

    Of several classes they are one mask; of objects their cores are left out.

    Args:
        task: has the grid.
        values: (rows, outputs).
        sizes: (rows, 2), height and width of the pictures.
    """
    found = np.full((len(values), len(NAMES)), np.nan)
    for row, (height, width) in enumerate(np.asarray(sizes).tolist()):
        if min(height, width):  # else nobody could read it
            layers = np.asarray(values[row]).reshape(task.height, task.width, task.layers)
            shown = layers[:, :, : len(task.singles)].max(axis=2)
            found[row] = places_of(shown, (int(height), int(width)))
    return found


def places_found(
    competition: Competition, name: str, folds: Folds, outputs: Iterable[tuple[Fold, FoldOutput]]
) -> Coordinates:
    """Returns where a model's masks lie in the pictures of a competition.

    Args:
        competition: knows the pictures' sizes.
        name: of the model.
        folds: that it was trained on.
        outputs: of every fold.

    Raises:
        ConfigError: its answers are no masks.
    """
    task, test_sizes = competition.task, competition.test_sizes
    if not isinstance(task, Mask) or test_sizes is None:
        raise ConfigError(f"`view.by`: {name!r} draws no masks: this is a task of {task.kind}.")
    return places_by_fold(task, folds, outputs, (task.sizes, test_sizes))


def places_by_fold(
    task: Mask, folds: Folds, outputs: Iterable[tuple[Fold, FoldOutput]], sizes: tuple[np.ndarray, np.ndarray]
) -> Coordinates:
    """Returns where masks lie, of each training row by the fits that have not learned from it.

    Args:
        task: has the grid.
        folds: that the network was trained on.
        outputs: of every fold.
        sizes: (rows, 2), of the training and of the test pictures.
    """
    pairs = list(outputs)
    total = np.zeros((len(sizes[0]), len(NAMES)))
    count = np.zeros((len(total), 1))
    for fold, output in pairs:
        total[fold.valid] += places_in(task, output.valid, sizes[0][fold.valid])
        count[fold.valid] += 1
    if len(pinned := folds.pinned):
        for _, output in pairs:
            total[pinned] += places_in(task, output.pinned, sizes[0][pinned])
        count[pinned] = len(pairs)
    whole = [output.test for fold, output in pairs if fold.number == WHOLE]
    test = places_in(task, mean_of(whole or [output.test for _, output in pairs]), sizes[1])
    return Coordinates(NAMES, total / np.where(count, count, np.nan), test, (np.nan, np.nan, 0))
