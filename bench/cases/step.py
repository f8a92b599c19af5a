"""One training step of a pretrained network against the same network as Keras builds it."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.measure import least_seconds
from bench.plain import step as plain
from bench.results import Value
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import load_keras
from pipeline.networks.network import get_network
from pipeline.networks.plan import make_plan
from pipeline.networks.structure import make_structure
from pipeline.networks.targets import make_targets
from pipeline.tasks.base import make_task

CLASSES = 10
THREADS = 2


def run(quick: bool) -> list[Value]:
    """Measures both on the same batch, in turns; see docs/performance.md."""
    side, steps, size, rounds = (32, 1, 4, 1) if quick else (160, 10, 16, 5)
    load_keras(THREADS)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (size, side, side, 3), dtype=np.uint8)
    labels = np.arange(size) % CLASSES
    ours = own_network(images.shape[1:], labels)
    bare = plain.make_network("MobileNetV2", images.shape[1:], CLASSES)
    one_hot = np.eye(CLASSES, dtype=np.float32)[labels]

    def train(model: Any) -> None:
        for _ in range(steps):
            model.train_on_batch(images, one_hot)

    train(ours)  # the first steps trace
    train(bare)
    plainly, own = least_seconds(rounds, lambda: train(bare), lambda: train(ours))
    name = f"a training step of mobilenet_v2, {size} pictures of {side} px"
    return [
        Value("step.speed", plainly / own, f"{name}, against Keras' own layers: times faster"),
        Value("step.time", 1000 * own / steps, name, "ms"),
    ]


def own_network(shape: tuple[int, ...], labels: np.ndarray) -> Any:
    """Returns the project's compiled network for pictures (height, width, 3) of these classes."""
    config = CNNConfig(kind="cnn", backbone="mobilenet_v2", weights="none", batch_size=len(labels))
    targets = make_targets(config, make_task("classification", tuple(f"class {n}" for n in range(CLASSES))))
    structure = make_structure(config, make_plan(config, labels), targets, (shape[0], shape[1], shape[2]))
    network = get_network(structure, THREADS)
    network.reset(0, None)
    network.full.optimizer.learning_rate = 1e-4
    return network.full
