"""Generated members: noisy views of a truth, of different quality."""

import numpy as np
import pytest

from pipeline.tasks.base import make_task
from pipeline.validation.predictions import Predictions

TEST_ROWS = 40


class Level2:
    """Members of one kind of task, their target, folds, and the test rows' truth."""

    def __init__(self, kind, members=3, rows=240, outputs=3, seed=0):
        self.random = np.random.default_rng(seed)
        self.kind, self.rows = kind, rows
        self.task = make_task(kind, tuple(f"out{k}" for k in range(outputs)))
        n = rows + TEST_ROWS
        if kind == "classification":
            truth = self.random.integers(outputs, size=n)
        elif kind == "multilabel":
            truth = self.random.integers(2, size=(n, outputs))
        else:
            truth = np.exp(1.0 + 0.5 * self.random.normal(size=(n, outputs)))
        self.truth, self.target, self.test_target = truth, truth[:rows], truth[rows:]
        self.folds = np.arange(rows) % 5
        self.members = [self.member(f"m{m}", 0.7 + 0.4 * m) for m in range(members)]

    def member(self, name, noise):
        outputs, n = self.task.n_outputs, len(self.truth)
        wrong = noise * self.random.normal(size=(n, outputs))
        if self.kind == "classification":
            power = np.exp(1.5 * np.eye(outputs)[self.truth] + wrong)
            values = power / power.sum(axis=1, keepdims=True)
        elif self.kind == "multilabel":
            values = 1.0 / (1.0 + np.exp(-(2.0 * self.truth - 1.0 + wrong)))
        else:
            values = self.truth * np.exp(0.2 * wrong)
        return self.predictions(name, values.astype(np.float32))

    def predictions(self, name, values):
        ids = np.arange(len(self.truth)).astype(str)
        parts = values[: self.rows], values[self.rows :], ids[: self.rows], ids[self.rows :]
        return Predictions(name, self.task, *parts, folds_hash="abc")


@pytest.fixture
def level_2():
    return Level2
