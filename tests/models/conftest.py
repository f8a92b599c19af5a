"""Fits that are killed, or whose time is over, on every machine at the same step."""

import numpy as np
import pytest

from pipeline.clock import Clock
from pipeline.networks.keras_import import load_keras
from pipeline.networks.training import checkpoint, trainer


@pytest.fixture
def every_epoch(monkeypatch):
    """Progress is kept and told of after every epoch, and never within one: so on every machine."""
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(trainer, "SECONDS_BETWEEN_REPORTS", np.inf)


@pytest.fixture
def steps(monkeypatch):
    """Seconds by the clock: a step takes one and all else none."""
    now, keras = [0.0], load_keras()
    train = keras.Model.train_on_batch

    def counted(self, *batch):
        now[0] += 1.0
        return train(self, *batch)

    monkeypatch.setattr(keras.Model, "train_on_batch", counted)
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    return now
