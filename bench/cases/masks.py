"""One training step of a U-Net, augmentation on, against the same network in bare Keras without."""

from __future__ import annotations

import numpy as np

from bench.measure import least_seconds
from bench.plain import unet as plain
from bench.results import Value
from pipeline.networks.dense.batches import MaskBatches
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import make_unet_structure
from pipeline.networks.keras_import import load_keras
from pipeline.networks.training.batches import Batches
from pipeline.transforms.augment import Augmenter

THREADS, LAYERS = 2, 2


def run(quick: bool) -> list[Value]:
    """Measures both on batches of the same shape, in turns; see docs/performance.md."""
    side, steps, size, rounds = (32, 1, 2, 1) if quick else (256, 8, 8, 4)
    load_keras(THREADS)
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (size * steps, side, side, 3), dtype=np.uint8)
    masks = random.integers(0, 2, (size * steps, side, side, LAYERS), dtype=np.uint8)
    config = UNetConfig(kind="unet", backbone="mobilenet", alpha=0.25, weights="none")
    network = UNet(make_unet_structure(config, images.shape[1:], LAYERS))
    network.full.optimizer.learning_rate = 1e-3
    bare = plain.make_unet(images.shape[1:], LAYERS)
    source = MaskBatches(images, masks, np.arange(len(images)), Augmenter("dihedral"))
    batches = Batches(source, len(images), size, 0, THREADS)

    def ours() -> None:
        for batch in batches.epoch(0):
            network.full.train_on_batch(*batch)

    def theirs() -> None:
        for _ in range(steps):
            bare.train_on_batch(images[:size], masks[:size])

    ours()  # the first steps trace
    theirs()
    plainly, own = least_seconds(rounds, theirs, ours)
    name = f"a training step of a U-Net, {size} pictures of {side} px, augmented"
    return [
        Value("masks.speed", plainly / own, f"{name}, against bare Keras without: times faster"),
        Value("masks.time", 1000 * own / steps, name, "ms"),
    ]
