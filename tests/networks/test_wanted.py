"""Wanted pictures: they raise their output, coarse shapes first, and the same seed draws the same."""

import numpy as np
import pytest

from pipeline.context import Context
from pipeline.networks.wanted import PASSES, STEPS, cost_of, smoothed
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

SIDE, COLOUR = 8, np.array([90.0])


@pytest.fixture(scope="module")
def model():
    """A network that tells pictures that are bright at the top from those that are bright at the bottom."""
    labels = np.arange(80) % 2
    pixels = np.random.default_rng(0).integers(0, 60, (80, SIDE, SIDE, 1)).astype(np.uint8)
    pixels[labels == 0, : SIDE // 2] += 150
    pixels[labels == 1, SIDE // 2 :] += 150
    data = dataset_of(np.arange(80).astype(str), pixels=pixels, pixels_key="toy", target=labels)
    kind = MODELS.get("cnn")
    section = {"kind": "cnn", "backbone": "4C3s MP2 FC8", "epochs": 30, "batch_size": 16, "dropout": 0.0}
    model = kind(kind.Config.model_validate(section), make_task("classification", tuple("ab")))
    return model.fit(data.rows(), None, Context(seed=0, threads=1))


def test_a_wanted_picture_is_what_tells_its_class(model):
    found = model.wanted(12, 1e12, COLOUR, 0, Context(threads=1))
    assert (found.shape, found.dtype) == ((2, SIDE, SIDE, 1), np.uint8)
    top, bottom = found[:, : SIDE // 2].mean(axis=(1, 2, 3)), found[:, SIDE // 2 :].mean(axis=(1, 2, 3))
    assert top[0] > bottom[0] + 50
    assert bottom[1] > top[1] + 50
    said = model.predict(dataset_of(np.array(["0", "1"]), pixels=found).rows())
    assert said[[0, 1], [0, 1]].min() > 0.9
    np.testing.assert_array_equal(found, model.wanted(12, 1e12, COLOUR, 0, Context(threads=1)))


def test_costs_bound_how_many_are_drawn_by_sums_and_not_by_clocks(model):
    from pipeline.networks.network import get_network

    network = get_network(model.trained_.structure, 1)
    own = STEPS * PASSES * (9 * 4 * 64 + 64 * 8 + 8 * 2)
    assert cost_of(network) == own
    assert len(model.wanted(12, 1.5 * own, COLOUR, 0, Context(threads=1))) == 1
    assert len(model.wanted(12, 0.5 * own, COLOUR, 0, Context(threads=1))) == 0


def test_a_smoothed_slope_keeps_coarse_shapes_and_loses_fine_ones():
    across = np.arange(16) / 16
    coarse, fine = np.cos(2 * np.pi * across), np.cos(2 * np.pi * 8 * across)
    both = np.tile((coarse + fine)[None, None, :, None], (1, 16, 1, 1))
    found = smoothed(both)[0, 0, :, 0]
    np.testing.assert_allclose(found, coarse + fine / 64, atol=1e-9)
