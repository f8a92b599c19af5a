"""Slopes by pixels: the loss grows along them, by more than along any other signs."""

import numpy as np
import pytest

from pipeline.networks.building import build_extractor, of_floats
from pipeline.networks.keras_import import to_numpy
from pipeline.networks.structure import ExtractorStructure
from pipeline.testing import TASKS, build, dataset_of, fit, small_dataset

pytestmark = pytest.mark.slow

OWN = "4C3 BN MP2 D0.3 FC8"


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_loss_grows_along_the_slopes_and_less_along_other_signs(task):
    data = small_dataset(task)
    settings = {"backbone": OWN, "epochs": 4, "batch_size": 16, "learning_rate": 0.01}
    model = fit(build("cnn", settings, TASKS[task]), data)
    rows = data.rows(np.arange(60, 90))
    signs = model.slope_signs(rows)
    assert signs.shape == (30, 8, 8, 1)
    assert set(np.unique(signs)) <= {-1, 0, 1}
    np.testing.assert_array_equal(signs, model.slope_signs(rows), "dropout is off")

    def loss(change):
        pixels = np.clip(data.pixels[rows.positions].astype(int) + change, 0, 255).astype(np.uint8)
        said = model.predict(dataset_of(rows.ids, pixels=pixels).rows())
        return model.targets_.error(rows.target, said)

    random = np.random.default_rng(0).permuted(signs, axis=0)
    plain, along, other, against = (loss(way) for way in (0 * signs, signs, random, -signs))
    assert against < plain < along
    assert other < along


@pytest.mark.parametrize("backbone", [OWN, "mobilenet_v2"])
def test_the_extractor_of_floats_is_the_extractor(backbone):
    """Of one channel and of a known backbone: the first step is the same."""
    extractor = build_extractor(ExtractorStructure(backbone, 0.35, (32, 32, 1), "avg", False))
    pictures = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1)).astype(np.uint8)
    found = of_floats(extractor)(pictures.astype(np.float32))
    np.testing.assert_allclose(to_numpy(found), to_numpy(extractor(pictures)), atol=1e-5)
