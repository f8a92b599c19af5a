"""Fine-tuning an encoder of MiniLM's size against a bare Keras loop; batches of like length and padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bench.child import in_child
from bench.measure import least_seconds
from bench.plain import encoder as plain
from bench.results import Value
from pipeline.context import ignore
from pipeline.networks.keras_import import load_keras
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts.batches import LengthBatches, WindowBatches
from pipeline.networks.texts.config import TransformerConfig
from pipeline.networks.texts.inference import input_names
from pipeline.networks.texts.network import TextNetwork
from pipeline.networks.texts.structure import make_text_structure
from pipeline.networks.texts.windows import Windows
from pipeline.networks.training.checkpoint import Checkpoint
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.tasks.base import make_task

CLASSES, THREADS, BATCH, LONGEST, WORDS = 3, 2, 16, 128, 30_000
MIDDLE, SPREAD = 32, 0.55  # of the logarithm of a text's tokens: sentences of a novel, mean 37


def run(quick: bool) -> list[Value]:
    """Measures in turns; see docs/performance.md. Nothing without KerasHub (make setup TEXT=1)."""
    if not encoders.installed():
        return []
    sizes = {"texts": 16, "rounds": 1, "blocks": 1} if quick else {"texts": 96, "rounds": 3, "blocks": 6}
    found = in_child(__name__, "compare", **sizes)
    what = f"{sizes['texts']} texts of 37 tokens in the mean, {sizes['blocks']} blocks of MiniLM's width"
    return [
        Value(
            "encoder.speed", found["bare"] / found["ours"], f"fine-tuning, {what}: against a bare Keras loop"
        ),
        Value("encoder.texts", sizes["texts"] / found["ours"], "the same: texts a second", "1/s"),
        Value(
            "encoder.buckets",
            found["padded"] / found["bare"],
            f"the bare loop, all filled up to {LONGEST} tokens: times the time of batches of like length",
        ),
    ]


def compare(texts: int, rounds: int, blocks: int) -> dict[str, float]:
    """Returns the least seconds of an epoch: ours, the bare loop's on the same batches, and with padding."""
    keras = load_keras(THREADS)
    import keras_hub

    def backbone(folder: Path = Path()) -> Any:
        keras.utils.set_random_seed(0)
        return keras_hub.models.BertBackbone(WORDS, blocks, 12, 384, 1536, max_sequence_length=512)

    encoders.read_backbone = backbone  # random weights: for speed any do
    config = TransformerConfig(kind="transformer", finetune="all", batch_size=BATCH)
    task = make_task("classification", tuple(f"class {n}" for n in range(CLASSES)))
    network = TextNetwork(make_text_structure(config, task, CLASSES, Path(), ""))
    network.begin(0)
    windows, target = _texts(texts)
    names = input_names(network.full)
    source = WindowBatches(windows, target[:, None], None, names, LONGEST, 0)
    batches = LengthBatches(source, texts, BATCH, 0, 1, windows.lengths)
    same = [(inputs, answer[:, 0]) for inputs, answer, _ in batches.epoch(0)]
    everything = np.arange(len(same) * BATCH).reshape(-1, BATCH)
    long = [
        ({name: one for name, one in windows.padded(rows, LONGEST, 0).items() if name in names}, target[rows])
        for rows in everything
    ]
    bare = plain.make_network(keras, backbone(), CLASSES, config.learning_rate)

    def ours() -> None:
        schedule = Schedule(config.learning_rate, len(batches), "cosine", config.warmup)
        Trainer(network.full, Phase("network", 1, schedule), batches, ignore, Checkpoint(None, "")).train()

    def alone() -> None:
        plain.train(bare, same)

    def padded() -> None:
        plain.train(bare, long)

    for each in (ours, alone, padded):
        each()  # the first steps trace
    seconds = least_seconds(rounds, ours, alone, padded)
    return dict(zip(("ours", "bare", "padded"), seconds, strict=True))


def _texts(count: int) -> tuple[Windows, np.ndarray]:
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.lognormal(np.log(MIDDLE), SPREAD, count), 5, LONGEST).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ids = rng.integers(5, WORDS, starts[-1]).astype(np.int32)
    target = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, count)]
    return Windows(ids, np.zeros(len(ids), np.int8), starts, np.arange(count)), target
