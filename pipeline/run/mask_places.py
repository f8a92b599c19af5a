"""Masks in a chain: where those lie that a network draws, so that the next one sees each picture there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.data.drawn_masks import DrawnMasks
from pipeline.data.folds import WHOLE, Fold, Folds
from pipeline.run.coordinates import Coordinates
from pipeline.tasks.coordinates import CoordinateTask
from pipeline.tasks.mask import Mask
from pipeline.transforms.mask_boxes import NAMES, places_of
from pipeline.validation.cross_validation import mean_of
from pipeline.validation.fold_output import FoldOutput

CORNERS = 4  # columns of the places that are the upright box's


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


def places_by_fold(
    task: Mask,
    folds: Folds,
    outputs: Iterable[tuple[Fold, FoldOutput]],
    sizes: tuple[np.ndarray, np.ndarray],
    drawn: DrawnMasks | None = None,
) -> Coordinates:
    """Returns where masks lie, of each training row by the fits that have not learned from it.

    Args:
        task: has the grid.
        folds: that the network was trained on.
        outputs: of every fold.
        sizes: (rows, 2), of the training and of the test pictures.
        drawn: the masks that it learned, where they are no answers: what the places are compared with.
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
    train = total / np.where(count, count, np.nan)
    scored = np.ones(len(train), bool)
    scored[pinned] = False
    return Coordinates(NAMES, train, test, error_of(train, drawn, scored))


def error_of(found: np.ndarray, drawn: DrawnMasks | None, scored: np.ndarray) -> tuple[float, float, int]:
    """Returns how far two corners of the boxes are off: median and 90th percentile in pixels.

    Args:
        found: float64 (rows, 8) of places.
        drawn: what people drew; None: there is nothing to compare with.
        scored: bool (rows,), the rows that a fold scores.

    Returns:
        The two distances, and the number of rows that they are of: those where both show something.
    """
    if drawn is None:
        return np.nan, np.nan, 0
    truth = drawn.task.known
    rows = np.flatnonzero(drawn.known & scored & np.isfinite(found).all(axis=1))
    true = np.array([places_of(truth.labels(row) > 0, truth.size(row)) for row in rows.tolist()])
    true = true.reshape(-1, len(NAMES))
    shown = np.isfinite(true).all(axis=1)
    return CoordinateTask.distances(true[shown, :CORNERS], found[rows[shown], :CORNERS])
