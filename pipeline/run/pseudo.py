"""Pseudo-labels of one fit: what the fits of the same fold say of the test rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.errors import DataError
from pipeline.inputs.pseudo import pseudo_labelled
from pipeline.registry import MODELS
from pipeline.validation.cross_validation import Experiment

HARD_SHARE = 0.3  # of the test rows whose likeliest class is taken for the truth: the surest of them


def with_pseudo(
    experiment: Experiment, section: ModelConfig, test_of: Callable[[str], np.ndarray]
) -> Experiment:
    """Returns the experiment of one fit with the test rows that it learns from, if any.

    Args:
        experiment: with what the model reads of others.
        section: of the model.
        test_of: returns what another model's fit, of the same fold, says of the test rows.

    Raises:
        DataError: there are no test rows.
    """
    asked, task = section.pseudo, experiment.make().task
    if asked is None:
        return experiment
    if not len(experiment.test):
        raise DataError("`pseudo` labels test rows, and the test table has none.")
    soft = asked.soft if asked.soft is not None else MODELS.get(section.kind).taught and task.probabilities
    share = asked.share or (HARD_SHARE if task.probabilities and not soft else 1.0)
    said = [test_of(name) for name in asked.of]
    return replace(experiment, pseudo=pseudo_labelled(experiment.test, said, task, share, soft))
