"""One training step of a U-Net, augmentation on, against the same network in bare Keras without.

And against a step of the pyramid of features on the same encoder.
"""

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
    network, pyramid = (made(decoder, images.shape[1:]) for decoder in ("unet", "fpn"))
    bare = plain.make_unet(images.shape[1:], LAYERS)
    source = MaskBatches(images, masks, np.arange(len(images)), Augmenter("dihedral"))
    batches = Batches(source, len(images), size, 0, THREADS)

    def trained(network: UNet) -> None:
        for batch in batches.epoch(0):
            network.full.train_on_batch(*batch)

    def theirs() -> None:
        for _ in range(steps):
            bare.train_on_batch(images[:size], masks[:size])

    ways = (theirs, lambda: trained(network), lambda: trained(pyramid))
    for way in ways:
        way()  # the first steps trace
    plainly, own, coarser = least_seconds(rounds, *ways)
    name = f"a training step of a U-Net, {size} pictures of {side} px, augmented"
    return [
        Value("masks.speed", plainly / own, f"{name}, against bare Keras without: times faster"),
        Value("masks.time", 1000 * own / steps, name, "ms"),
        Value("masks.fpn", own / coarser, "the same step with `decoder: fpn`: times faster"),
    ]


def made(decoder: str, shape: tuple[int, ...]) -> UNet:
    """Returns a network that is ready to learn."""
    config = UNetConfig(kind="unet", backbone="mobilenet", alpha=0.25, weights="none", decoder=decoder)
    network = UNet(make_unet_structure(config, shape, LAYERS))
    network.full.optimizer.learning_rate = 1e-3
    return network
