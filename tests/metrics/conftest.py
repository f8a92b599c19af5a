"""Targets and predictions of every general kind of task, drawn."""

from types import SimpleNamespace

import numpy as np
import pytest

ROWS = 200


@pytest.fixture
def drawn():
    random = np.random.default_rng(0)
    probability = random.dirichlet(np.ones(4), ROWS)
    values = random.gamma(2, 3, (ROWS, 1))
    return SimpleNamespace(
        random=random,
        classes=random.integers(0, 4, ROWS),
        probability=probability,
        label=probability.argmax(axis=1),
        binary=random.integers(0, 2, ROWS),
        two=np.stack([1 - probability[:, 0], probability[:, 0]], axis=1),
        marks=random.integers(0, 2, (ROWS, 4)),
        values=values,
        guess=values * random.uniform(0.5, 1.5, (ROWS, 1)),
        columns=random.gamma(2, 3, (ROWS, 3)),
        guesses=random.gamma(2, 3, (ROWS, 3)),
    )
