"""What makes the shipped configurations small, and where their files come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from competitions.whale_masks.sample import write_masks
from competitions.whales.sample import write_sample
from tests.golden.pictures import write_leaves, write_mnist, write_whale_heads
from tests.golden.tables import write_house_prices, write_otto, write_titanic

WEIGHTS = "./stand_in.weights.h5"  # in the place of ImageNet's, which would have to be fetched


@dataclass(frozen=True)
class Golden:
    """A shipped configuration made small.

    Attributes:
        overrides: what `--set` is given.
        write: writes the stand-in's files into a folder; None where the competition makes its own.
        weights: class of keras.applications and its width multiplier, for the file `WEIGHTS`.
    """

    overrides: tuple[str, ...]
    write: Callable[[Path], None] | None = None
    weights: tuple[str, float] | None = None


def _write_whales(root: Path) -> None:
    write_sample(root, pictures=90, whales=6, days=10)  # the default's 560 take half a minute


SHALLOW = "16C3s BN MP2 32C3s BN MP2 FC64 BN"  # tracing is most of what a small network costs
SMALL_NET = ("models.net.units=64", "models.net.layers=1", "models.net.members=4")
BOOSTING = ("models.lgbm.n_estimators=15", "models.xgb.n_estimators=15")

GOLDEN = {
    "digits": Golden(
        (
            "folds.n=2",
            "models.cnn.backbone=16C3s BN MP2 32C3s BN MP2 D0.3 FC64",
            "models.cnn.epochs=4",
            "models.net.epochs=3",
            *SMALL_NET,
            "models.net.refit_below=1",
            "models.trees.n_estimators=10",
        )
    ),
    "house_prices": Golden(
        ("folds.n=2", *BOOSTING, "models.trees.n_estimators=10", "models.net.epochs=4", *SMALL_NET),
        write_house_prices,
    ),
    "leaves": Golden(
        (
            "folds.n=2",
            f"models.cnn.weights={WEIGHTS}",
            "models.cnn.size=48",
            "models.cnn.epochs=2",
            "models.cnn.head_epochs=4",
            "models.net.epochs=3",
            *SMALL_NET,
            "models.net.refit_below=1",
        ),
        write_leaves,
        ("MobileNet", 0.25),
    ),
    "mnist": Golden(
        ("folds.n=2", *(f"models.{name}.epochs=8" for name in ("fc64", "fc256", "conv"))), write_mnist
    ),
    "otto": Golden(
        ("folds.n=3", "data.sample=sampleSubmission.csv", *BOOSTING, "models.trees.n_estimators=10"),
        write_otto,
    ),
    "titanic": Golden(
        (
            "folds.n=3",
            "folds.repeats=2",
            *BOOSTING,
            "models.forest.n_estimators=10",
            "models.trees.n_estimators=10",
            # No shipped configuration reads predictions; this one does so here, through nested fits.
            "models.reader={kind: logistic, inputs: [auto, lgbm.prediction]}",
        ),
        write_titanic,
    ),
    "whale_heads": Golden(
        (
            "folds.n=2",
            f"models.cnn.weights={WEIGHTS}",
            "models.cnn.backbone=mobilenet",  # half as many layers to trace as MobileNetV2
            "models.cnn.alpha=0.25",
            "models.cnn.size=[32, 56]",
            "models.cnn.epochs=2",
            "models.cnn.head_epochs=3",
            "models.alike.size=[32, 56]",
        ),
        write_whale_heads,
        ("MobileNet", 0.25),
    ),
    "whale_masks": Golden(
        ("folds.n=2", "models.unet.size=32", "models.unet.width=8", "models.unet.epochs=60"),
        lambda root: write_masks(root, pictures=24, days=12),
    ),
    "whales": Golden(
        (
            "folds.n=2",
            *(f"models.{name}.size=32" for name in ("localiser", "aligner")),
            "models.classifier.size=[24, 48]",
            *(f"models.{name}.backbone={SHALLOW}" for name in ("localiser", "aligner", "classifier")),
            *(f"models.{name}.epochs=25" for name in ("localiser", "aligner")),
            "models.classifier.epochs=10",
        ),
        _write_whales,
    ),
}
