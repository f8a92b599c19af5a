"""Rows of one fit: those that it learns from, and those that early stopping looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.folds import Fold
from pipeline.data.inner_split import inner_split, inner_warning
from pipeline.data.rows import Rows
from pipeline.inputs.pseudo import with_labelled
from pipeline.models.base import Model

if TYPE_CHECKING:
    from pipeline.validation.cross_validation import Experiment

INNER_SHARE = 0.15  # of a fold's training rows, held out for early stopping where a model asks for it


def rows_of_fit(experiment: Experiment, fold: Fold, model: Model, seed: int) -> tuple[Rows, Rows | None]:
    """Returns the rows to learn from, and those that early stopping looks at: never a pseudo-labelled one."""
    kept, held = _inner_positions(experiment, fold, model, seed)
    train, pseudo = experiment.train, experiment.pseudo
    if pseudo is not None:
        kept = np.concatenate([kept, len(train) + pseudo.positions])
        train = with_labelled(train, pseudo)
    return train.rows(kept), None if held is None else train.rows(held)


def _inner_positions(
    experiment: Experiment, fold: Fold, model: Model, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    if not model.wants_inner_split:
        return fold.train, None
    if experiment.validate_on == "fold" and len(fold.valid):
        return fold.train, fold.valid
    target = experiment.train.rows(fold.train).target
    groups = None if experiment.splitter is None else experiment.splitter[fold.train]
    kept, held = inner_split(model.task, target, groups, experiment.folds.ordered, INNER_SHARE, seed)
    return fold.train[kept], fold.train[held]


def split_warning(experiment: Experiment, fold: Fold) -> str:
    """Returns why the inner split could not keep to the folds' rule, or "" where it did."""
    if experiment.splitter is None or experiment.validate_on == "fold":
        return ""
    return inner_warning(experiment.splitter[fold.train], experiment.folds.ordered)
