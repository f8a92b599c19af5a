"""Both sides of the case `masks` are the same network."""

import numpy as np
import pytest
from PIL import Image

from bench.cases import mask_tiles, masks
from bench.plain.unet import make_unet
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import make_unet_structure
from pipeline.tasks.rle import RunLengths, is_rle

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


@pytest.mark.usefixtures("untraced")
def test_a_picture_is_answered_by_tiles_and_masks_are_written(tmp_path):
    for kind in ("tif", "png"):
        mask_tiles.write_picture(str(tmp_path / f"a.{kind}"), 64)
        assert mask_tiles.answer(str(tmp_path / f"a.{kind}"), 64) > 0
    mask_tiles.write_masks(tmp_path, 3, 2)
    lines = (tmp_path / "train.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", "0", "1", "2"]
    assert all(is_rle(line.split(",")[1]) for line in lines[1:])
    mask_tiles.write_slides(str(tmp_path / "slides"), 80)
    cell = (tmp_path / "slides" / "train.csv").read_text().splitlines()[1].split(",")[1]
    with Image.open(tmp_path / "slides" / "images" / "0.tif") as slide:
        assert ((np.asarray(slide)[:, :, 0] >= 128) == RunLengths().read(cell, (80, 80))).all()
