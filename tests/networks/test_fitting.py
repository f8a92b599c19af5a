"""What a network's fit takes from its rows, before anything is trained."""

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.networks.config import CNNConfig
from pipeline.networks.fitting import Fit
from pipeline.networks.targets import make_targets
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

ROWS = 60
INSIDE = np.arange(40)


def fit_of(task, target, weights=None, **keys):
    """A fit of the rows INSIDE of a dataset."""
    config = CNNConfig(kind="cnn", backbone="4C3 GAP", **keys)
    data = dataset_of(
        np.arange(ROWS).astype(str),
        pixels=np.zeros((ROWS, 8, 8, 1), np.uint8),
        target=target,
        weights=weights,
    )
    return Fit(config, task, make_targets(config, task), data.rows(INSIDE), None, Context())


def test_classes_are_weighed_by_the_training_rows():
    """30 rows of one class and 10 of the other; outside there are others, which change nothing."""
    inside = np.repeat([0, 1], [30, 10])
    for outside in (0, 1):
        target = np.concatenate([inside, np.full(20, outside)])
        fit = fit_of(make_task("classification", ("a", "b")), target, class_weights="balanced")
        weights = fit._weights()
        assert weights is not None
        np.testing.assert_allclose(weights, np.repeat([40 / 60, 40 / 20], [30, 10]), rtol=1e-6)


def test_weights_of_rows_and_classes_are_multiplied():
    target = np.repeat([0, 1, 0], [20, 20, 20])
    weights = np.repeat([1.0, 3.0, 9.0], [20, 20, 20]).astype(np.float32)
    fit = fit_of(make_task("classification", ("a", "b")), target, weights, class_weights="balanced")
    np.testing.assert_allclose(fit._weights(), np.repeat([0.5, 1.5], [20, 20]))


def test_values_are_scaled_by_the_training_rows():
    values = np.random.default_rng(0).normal(50.0, 4.0, (ROWS, 1))
    values[40:] = 1e6
    fit = fit_of(make_task("regression", ("price",)), values)
    assert fit.targets.mean == values[:40].mean()
    assert fit.targets.scale == values[:40].std()


def test_a_limit_in_time_ends_the_training_and_leaves_a_network(monkeypatch):
    """A clock that goes on by a second whenever someone looks at it."""
    now = [0.0]

    def tick():
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(Clock, "now", staticmethod(tick))
    task, target = make_task("classification", ("a", "b")), np.arange(ROWS) % 2
    trained = fit_of(task, target, epochs=50, batch_size=8, max_seconds=30.0).run()
    assert 1 <= trained.notes["epochs"] < 10
    assert len(trained.values) == 1
