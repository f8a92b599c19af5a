"""Blends of pictures of greys: weights for the squared error of pixels, without the fold that is scored."""

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.fitted import FittedEnsemble
from pipeline.ensemble.split import Split
from pipeline.metrics import find_metric
from pipeline.registry import TASKS
from pipeline.tasks.image_truth import ImageTruth
from pipeline.validation.predictions import Predictions

ROWS, SIZES = 20, [(10, 12), (6, 14)]
rng = np.random.default_rng(0)
CLEAN = [rng.integers(0, 256, SIZES[row % 2]).astype(np.uint8) for row in range(ROWS)]
TASK = TASKS.get("image")(
    ("grey",), 10, 14, truth=ImageTruth.of(np.array(SIZES * (ROWS // 2)), CLEAN.__getitem__)
)
TARGET = np.arange(ROWS, dtype=float)[:, None]
METRIC = find_metric("pixel_rmse").of(TASK)


def member(name, noise, seed):
    """Returns what is true with noise; beside the pictures nonsense, which must not count."""
    random = np.random.default_rng(seed)
    said = TASK.columns(TARGET) + random.normal(0, noise, (ROWS, TASK.n_outputs))
    beside = ~(np.stack([TASK.on_canvas(np.ones_like(one)) for one in CLEAN]).reshape(ROWS, -1) > 0)
    said[beside] = 9.0 if name == "good" else 0.0
    ids = np.arange(ROWS).astype(str)
    return Predictions(name, TASK, said.astype(np.float16), said[:3].astype(np.float16), ids, ids[:3], "f")


@pytest.mark.parametrize("method", ["auto", "convex", "mean", "best"])
def test_weights_are_those_of_the_squared_error(method, tmp_path):
    members = [member("good", 0.1, 1), member("worse", 0.2, 2)]
    config, split = EnsembleConfig(method=method), Split(np.arange(ROWS) % 4)
    made = make_ensemble(members, TARGET, METRIC, split, config, 0)
    assert made.test.values.dtype == np.float16
    assert made.test.labels is None
    score = made.facts["cross_fitted_score"]
    assert score == pytest.approx({"mean": 0.1118, "best": 0.1}.get(method, 0.0894), abs=0.004)
    assert made.facts["member_scores"]["good"] == pytest.approx(0.1, abs=0.004)
    if method == "convex":
        assert made.facts["weights"]["good"] == pytest.approx(0.8, abs=0.04)
    made.fitted.save(tmp_path)
    again = FittedEnsemble.load(tmp_path, METRIC).apply({one.name: one.test for one in members})
    assert (again.values == made.test.values).all()


def test_other_methods_say_that_they_cannot():
    from pipeline.registry import METHODS

    able = [name for name in METHODS if not METHODS.get(name).cannot(METRIC, TARGET)]
    assert set(able) == {"auto", "best", "convex", "mean"}
