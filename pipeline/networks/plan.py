"""Training plan: what a section leaves open, decided from the training rows, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.networks.config import CNNConfig

FEW_PICTURES = 200  # below, millions of weights only learn the pictures by heart
FEW_PER_CLASS = 3
SMALL_SET = 500
TOP_LAYERS = 30
DELICATE = ("convnext", "vgg")  # without batch normalisation, a rate of 1e-3 undoes the pretraining


@dataclass(frozen=True)
class TrainingPlan:
    """The choices of one fit.

    Attributes:
        top: backbone layers that learn, from the top: 0 none, -1 all.
        adapt: whether batch normalisation re-estimates its statistics.
        pooling: avg, max, avg_max, gem or flatten.
        batch: pictures per step.
        head_epochs: epochs of the head alone on cached features; 0 skips them.
        epochs: epochs of the whole network; 0 where the backbone stays frozen.
        rate: highest learning rate of the whole network.
        augment: the augmentation of the whole network's training pictures.
        reasons: why, by key of the section.
    """

    top: int
    adapt: bool
    pooling: str
    batch: int
    head_epochs: int
    epochs: int
    rate: float
    augment: str | list | dict
    reasons: dict[str, str]


def make_plan(config: CNNConfig, target: np.ndarray) -> TrainingPlan:
    """Returns the plan for training rows with that target (as the competition keeps it)."""
    reasons: dict[str, str] = {}
    n = len(target)
    untrained = config.weights_kind == "none"
    top = -1 if untrained else _top(config, target, reasons)
    batch = config.batch_size if config.batch_size != "auto" else (64 if config.from_scratch else 32)
    batch = min(batch, n)
    steps = max(1, n // batch)
    pooling = config.pooling
    if pooling == "auto":
        pooling = "flatten" if config.from_scratch or config.target in ("box", "points") else "avg"
    epochs = _epochs(config, steps, untrained, reasons) if top else 0
    for key in ("adversarial", "generate", "stylize"):
        if getattr(config, key) and not top:
            reasons[key] = "none: the backbone stays as it is, and its features are no pictures"
    return TrainingPlan(
        top=top,
        adapt=_adapt(config, top, untrained, batch, n, reasons),
        pooling=pooling,
        batch=batch,
        head_epochs=_head_epochs(config, steps, untrained, top),
        epochs=epochs,
        rate=_rate(config, untrained),
        augment=_augment(config, reasons) if top else "none",
        reasons=reasons,
    )


def _top(config: CNNConfig, target: np.ndarray, reasons: dict[str, str]) -> int:
    if config.finetune in ("none", "all"):
        return 0 if config.finetune == "none" else -1
    if isinstance(config.finetune, int):
        return config.finetune
    n = len(target)
    per_class = n
    text = f"{n} training pictures"
    if target.ndim == 1 and np.issubdtype(target.dtype, np.integer):
        per_class = int(np.median(np.bincount(target)[np.unique(target)]))
        text += f", {per_class} per class (median)"
    if n < FEW_PICTURES or per_class < FEW_PER_CLASS:
        reasons["finetune"] = f"none: {text}, too few to move the backbone's weights"
        return 0
    if n < SMALL_SET:
        reasons["finetune"] = f"top {TOP_LAYERS} layers: {text}, enough for the upper layers only"
        return TOP_LAYERS
    reasons["finetune"] = f"all: {text}"
    return -1


def _adapt(config: CNNConfig, top: int, untrained: bool, batch: int, n: int, reasons: dict[str, str]) -> bool:
    if top == 0:
        return False
    if config.batch_norm != "auto":
        return config.batch_norm == "adapt"
    if untrained:
        return True
    adapt = top < 0 and batch >= 16 and n >= SMALL_SET
    why = "enough pictures a step to measure them" if adapt else "too few pictures to measure them again"
    reasons["batch_norm"] = f"{'adapt' if adapt else 'frozen'}: {why} ({batch} a step, {n} in all)"
    return adapt


def _epochs(config: CNNConfig, steps: int, untrained: bool, reasons: dict[str, str]) -> int:
    if config.epochs != "auto":
        return config.epochs
    wanted, least, most = (9000, 4, 60) if untrained else (2000, 3, 60)
    epochs = int(np.clip(round(wanted / steps), least, most))
    reasons["epochs"] = f"{epochs}: {steps} steps each, towards {wanted} steps, {least} to {most} epochs"
    return epochs


def _head_epochs(config: CNNConfig, steps: int, untrained: bool, top: int) -> int:
    if untrained:
        return 0
    if config.head_epochs != "auto":
        return max(config.head_epochs, 0 if top else 1)
    wanted, least, most = (500, 3, 20) if top else (2500, 15, 100)
    return int(np.clip(round(wanted / steps), least, most))


def _rate(config: CNNConfig, untrained: bool) -> float:
    if config.learning_rate != "auto":
        return config.learning_rate
    if config.optimizer == "sgd":
        return 0.05 if untrained else 0.01
    return 1e-4 if config.backbone.startswith(DELICATE) and not untrained else 1e-3


def _augment(config: CNNConfig, reasons: dict[str, str]) -> str | list | dict:
    if config.augment != "auto":
        return config.augment
    chosen = "none" if config.from_scratch else "light"
    why = "its pictures may not bear flips" if config.from_scratch else "a pretrained network on photographs"
    reasons["augment"] = f"{chosen}: {why}"
    return chosen
