"""Augmented batches against a bare loop; training from them against training on one constant batch."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.generated import draw_pictures
from bench.measure import least_seconds
from bench.plain import input as plain
from bench.results import Value
from pipeline.context import ignore
from pipeline.networks.config import CNNConfig
from pipeline.networks.network import get_network
from pipeline.networks.picture_batches import PixelBatches
from pipeline.networks.plan import make_plan
from pipeline.networks.structure import make_structure
from pipeline.networks.targets import make_targets
from pipeline.networks.training.batches import Batch, Batches
from pipeline.networks.training.checkpoint import Checkpoint
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.tasks.base import Task, make_task
from pipeline.transforms.augment import Augmenter

CLASSES = 10
THREADS = 2


def run(quick: bool) -> list[Value]:
    """Measures both; see docs/performance.md."""
    side, count, steps, size = (32, 256, 4, 16) if quick else (128, 2048, 12, 32)
    backbone = "8C3 MP2 8C3 MP2 FC16" if quick else "mobilenet_v2"
    with tempfile.TemporaryDirectory() as folder:
        label = draw_pictures(Path(folder) / "pixels.npy", count, side, CLASSES)
        pixels = np.load(Path(folder) / "pixels.npy", mmap_mode="r")
        return [*_batches(pixels, label), *_training(pixels, label, steps, size, backbone)]


def make_source(pixels: np.ndarray, label: np.ndarray) -> PixelBatches:
    """Returns the project's maker of batches, augmented by the set `light`."""
    targets = make_targets(CNNConfig(kind="cnn", backbone="FC1"), _task())
    return PixelBatches(pixels, np.arange(len(pixels)), label, targets, None, Augmenter("light"))


def _task() -> Task:
    return make_task("classification", tuple(f"class {number}" for number in range(CLASSES)))


def _batches(pixels: np.ndarray, label: np.ndarray) -> list[Value]:
    size, source, transform = 32, make_source(pixels, label), plain.make_transform()

    def ours(threads: int) -> None:
        _use_up(Batches(source, len(pixels), size, 0, threads).epoch(0))

    def bare() -> None:
        _use_up(plain.batches(pixels, label, CLASSES, size, transform, 0))

    ours(0)  # the first call imports and builds
    loop, single, several = least_seconds(5, bare, lambda: ours(0), lambda: ours(THREADS))
    pictures = f"augmented pictures of {pixels.shape[1]} px a second"
    return [
        Value("input.batches", loop / single, f"{pictures}, no thread, against the bare loop"),
        Value("input.threads", loop / several, f"{pictures}, {THREADS} threads, against the bare loop"),
        Value("input.pictures", len(pixels) / single, f"{pictures}, no thread", "a second"),
    ]


def _training(pixels: np.ndarray, label: np.ndarray, steps: int, size: int, backbone: str) -> list[Value]:
    config = CNNConfig(kind="cnn", backbone=backbone, weights="none", batch_size=size)
    task = _task()
    targets = make_targets(config, task)
    structure = make_structure(config, make_plan(config, label), targets, pixels.shape[1:])
    network = get_network(structure, THREADS)
    network.reset(0, None)
    source = make_source(pixels, label)
    batch = source(np.arange(size), np.arange(size))

    def constant(rows: np.ndarray, seeds: np.ndarray) -> Batch:
        return batch

    def train(source: Any, threads: int) -> None:
        batches = Batches(source, steps * size, size, 0, threads)
        phase = Phase("network", 1, Schedule(1e-4, steps))
        Trainer(network.full, phase, batches, ignore, Checkpoint(None, "")).train()

    train(constant, 0)  # the first steps trace
    alone, fed = least_seconds(5, lambda: train(constant, 0), lambda: train(source, THREADS))
    name = f"training {backbone} from augmented batches"
    return [
        Value("input.training", alone / fed, f"{name} against one constant batch, speed"),
        Value("input.step", 1000 * fed / steps, f"{name}, a step of {size}", "ms"),
    ]


def _use_up(iterator: Iterable[Any]) -> None:
    deque(iterator, maxlen=0)
