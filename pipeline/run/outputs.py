"""Outputs of other models as one fit sees them: put together from fits that did not see its scored fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from pipeline.config.reads import LEARNED, Read
from pipeline.data.folds import EARLIEST, Fold, Folds
from pipeline.errors import DataError
from pipeline.inputs.outputs import Values
from pipeline.validation.cross_validation import Experiment
from pipeline.validation.fold_output import FoldOutput


@dataclass(frozen=True)
class OutputsRead:
    """One model's outputs, as one fit of a reader sees them.

    Attributes:
        train: float32 (rows, columns); NaN for rows that the fit neither learns from nor predicts.
        test: float32 (test rows, columns); no rows of a fit that predicts none.
    """

    train: np.ndarray
    test: np.ndarray


def outputs_read(folds: Folds, fold: Fold, fits: Iterable[tuple[Fold, FoldOutput]]) -> OutputsRead:
    """Returns what a fit sees of the predictions of a model that it reads.

    They come, for each row, from a fit that was not trained on its fold (see `pipeline.run.fits`);
    those of the scored rows and of the test rows from the same one. The rows that train in every
    fold get the outputs of a fit that has seen them, for there is no other.

    Args:
        folds: of the run.
        fold: of the reader's fit.
        fits: of the model that is read; the last one answers for the reader's own folds.
    """
    values, output = None, None
    for fit, output in fits:
        if values is None:
            values = np.full((folds.assignment.shape[1], output.valid.shape[1]), np.nan, np.float32)
        values[folds.with_rows(fit).valid] = output.valid
    if values is None or output is None:
        raise ValueError("No fit is read.")
    if not folds.ordered:
        values[folds.pinned] = output.pinned
    return OutputsRead(values, output.test)


def with_outputs(
    experiment: Experiment, fold: Fold, read: Mapping[Read, OutputsRead]
) -> tuple[Experiment, Fold]:
    """Returns experiment and split of one fit, with what the model reads of others, if anything."""
    if not read:
        return experiment, fold
    train, test = (
        replace(rows, parts={**rows.parts, **{one.entry: Values(side(both)) for one, both in read.items()}})
        for rows, side in ((experiment.train, attrgetter("train")), (experiment.test, attrgetter("test")))
    )
    if any(one.part in LEARNED for one in read):
        fold = learnable(experiment.folds, fold)
    return replace(experiment, train=train, test=test), fold


def learnable(folds: Folds, fold: Fold) -> Fold:
    """Returns a reader's split without the training rows that have no honest input: the earliest.

    Raises:
        DataError: none are left.
    """
    if not folds.ordered:
        return fold
    kept = fold.train[folds.assignment[fold.repeat][fold.train] > EARLIEST]
    if not len(kept):
        raise DataError(
            f"`folds.time`: {fold.label} trains on a single moment, so that a model that reads predictions "
            "has no rows to learn from there. Use fewer folds, or let it read the table only."
        )
    return fold._replace(train=kept)
