"""What one fit sees of other models: arrays over all rows, put together from those models' fits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline.config.reads import Read
from pipeline.data.folds import EARLIEST, Fold, Folds
from pipeline.errors import DataError
from pipeline.run.plan import Plan
from pipeline.validation.cross_validation import Experiment
from pipeline.validation.fold_output import FoldOutput


@dataclass(frozen=True)
class Outputs:
    """One model's outputs, as one fit of a reader sees them.

    Attributes:
        train: float32 (rows, columns); NaN for rows that the fit neither learns from nor predicts.
        test: float32 (test rows, columns); no rows for a nested fit, which predicts none.
    """

    train: np.ndarray
    test: np.ndarray


def outputs_read(plan: Plan, folds: Folds, read: Read, fold: Fold) -> Outputs:
    """Returns what a fit sees of a model that it reads; the products are there.

    An embedding comes from the network of the same fold, for all rows: the networks of two folds
    share no space. Predictions come, for each row, from a fit that was not trained on its fold
    (see `pipeline.run.fits`); those of the scored rows and of the test rows from the same one. The rows
    that train in every fold get the outputs of a fit that has seen them, for there is no other.
    """
    if read.part == "embedding":
        path = plan.embedding(read.name, fold).path
        return Outputs(*(np.load(path / f"{side}.npy", mmap_mode="r") for side in ("train", "test")))
    values = None
    for fit in plan.fits_read(read, fold):  # the last one answers for the reader's own folds
        output = FoldOutput.load(plan.fold(read.name, fit).path)
        if values is None:
            values = np.full((folds.assignment.shape[1], output.valid.shape[1]), np.nan, np.float32)
        values[folds.with_rows(fit).valid] = output.valid
    if values is None:
        raise ValueError(f"No fit of {read.name!r} is read.")
    if not folds.ordered:
        values[folds.pinned] = output.pinned
    return Outputs(values, output.test if fold.scored else output.test[:0])


def with_outputs(
    plan: Plan, folds: Folds, name: str, fold: Fold, experiment: Experiment
) -> tuple[Experiment, Fold]:
    """Returns experiment and split of one fit, with what the model reads of others, if anything."""
    reads = [read for read in plan.reads(name) if read.part in ("prediction", "embedding")]
    if not reads:
        return experiment, fold
    found = {read.entry: outputs_read(plan, folds, read, fold) for read in reads}
    train = replace(experiment.train, extras={entry: both.train for entry, both in found.items()})
    test = replace(experiment.test, extras={entry: both.test for entry, both in found.items()})
    if any(read.part == "prediction" for read in reads):
        fold = learnable(folds, fold)
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
