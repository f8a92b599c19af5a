"""Both sides of the case `masks` are the same network."""

import pytest

from bench.cases import masks
from bench.plain.unet import make_unet
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import make_unet_structure

pytestmark = pytest.mark.slow


def test_both_sides_have_the_same_weights():
    config = UNetConfig(kind="unet", backbone="mobilenet", alpha=0.25, weights="none")
    ours = UNet(make_unet_structure(config, (32, 32, 3), 2)).full
    plain = make_unet((32, 32, 3), 2)
    shapes = [sorted(tuple(v.shape) for v in model.weights) for model in (ours, plain)]
    assert shapes[0] == shapes[1]


@pytest.mark.usefixtures("untraced")
def test_it_runs():
    speed, time = masks.run(quick=True)
    assert speed.value > 0
    assert time.value > 0
