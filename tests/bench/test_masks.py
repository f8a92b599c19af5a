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
    for learned in ("weights", "trainable_weights"):
        shapes = [sorted(tuple(v.shape) for v in getattr(model, learned)) for model in (ours, plain)]
        assert shapes[0] == shapes[1], learned


@pytest.mark.usefixtures("untraced")
def test_it_runs():
    found = masks.run(quick=True)
    assert [one.name for one in found] == ["masks.speed", "masks.time", "masks.fpn"]
    assert all(one.value > 0 for one in found)
