"""Retrieval: which pictures of the training rows look most like this one?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from pipeline.data.rows import Rows
from pipeline.errors import ModelError, did_you_mean, listing
from pipeline.inputs.images.view import ViewConfig, picture
from pipeline.models.base import MODELS, Context, Model, ModelConfig
from pipeline.networks.inference import batch_size, run
from pipeline.networks.network import get_network
from pipeline.networks.picture_batches import take
from pipeline.networks.saved import TrainedNetwork, read_network, write_network
from pipeline.networks.targets import softmax
from pipeline.tasks.base import general_kinds
from pipeline.transforms.test_time import TEST_TIME, affines, apply_test_time

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS_AT_ONCE = 1024  # compared with the whole gallery
NOTHING_ALIKE = -1.0  # the cosine of a class without a picture


class GalleryConfig(ModelConfig):
    """Keys of `kind: gallery`."""

    network: str | None = Field(
        default=None,
        description="a network whose features are compared; default: the pixels themselves",
    )
    size: int | list[int] | None = Field(default=None, description="of the pictures, as the network's")
    view: ViewConfig | None = Field(default=None, description="as the network's")
    nearest: int = Field(default=1, ge=1, description="pictures of a class that count, averaged")
    scale: float = Field(default=18.0, gt=0, description="factor of the cosines before the softmax")
    tta: str = Field(default="none", description="test-time set whose features are averaged")

    def space(self) -> dict[str, dict[str, Any]]:
        return {"nearest": {"int": [1, 10], "log": True}, "scale": {"float": [4.0, 64.0], "log": True}}

    def uses(self) -> list[str]:
        return [self.network] if self.network else []

    def views(self) -> list[str]:
        return self.view.follows() if self.view else []

    def picture(self) -> dict[str, Any]:
        size = [self.size, self.size] if isinstance(self.size, int) else self.size
        return picture(size, self.view)

    def problems(self, where: str) -> list[str]:
        found = [f"`{where}.{key}`: {text}" for key, text in self.view.problems()] if self.view else []
        if self.tta not in TEST_TIME:
            near = did_you_mean(self.tta, TEST_TIME)
            text = f"unknown test-time set {self.tta!r}.{near} Known: {listing(TEST_TIME)}."
            found.append(f"`{where}.tta`: {text}")
        return found

    def relations(self, where: str, models: Mapping[str, ModelConfig | None]) -> list[str]:
        if self.network is None:
            return []
        if self.network not in models:
            near = did_you_mean(self.network, models)
            return [f"`{where}.network`: no model {self.network!r}.{near}"]
        other = models[self.network]
        if other is None:
            return []
        if other.kind != "cnn":
            return [f"`{where}.network`: {self.network!r} is no network, but of kind {other.kind!r}."]
        if other.picture() != self.picture():
            wanted, own = (
                {key: value for key, value in section.picture().items() if key != "label"}
                for section in (other, self)
            )
            return [
                f"`{where}`: `size` and `view` must be those of {self.network!r}: {wanted}. Received: {own}."
            ]
        return []


@MODELS.register("gallery")
class Gallery(Model):
    """Nearest pictures by the cosine of a trained network's features; a softmax over the classes.

    The features of the scored rows and of the gallery come from the same fold's network, which has
    seen the gallery and not the scored rows: features of different folds are not comparable. What
    metric-learning heads (`head: cosine`, `head: arcface`) are trained for (Deng et al., "ArcFace",
    CVPR 2019, section 3).

    Attributes:
        gallery_: float32 (training rows, width), of length 1 each.
        labels_: (training rows,) their classes.
        trained_: the network, or None where pixels are compared.
    """

    Config = GalleryConfig
    sees = ("images",)
    looks = True
    tasks = general_kinds(exclusive=True)
    seeded = False  # its network has one
    config: GalleryConfig

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Gallery:
        """Keeps the features of the training rows.

        Raises:
            ModelError: the network's fold is not there.
        """
        self.trained_: TrainedNetwork | None = None
        if self.config.network is not None:
            folder = context.siblings.get(self.config.network)
            if folder is None:
                raise ModelError(f"The network {self.config.network!r} of this fold is not trained.")
            self.trained_ = read_network(folder)
        self.gallery_ = self._features(train, context)
        self.labels_ = train.target.astype(np.int64)
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        features = self._features(rows, context)
        order = np.argsort(self.labels_, kind="stable")
        gallery, present = self.gallery_[order], np.unique(self.labels_)
        starts = np.searchsorted(self.labels_[order], present)
        predicted = np.empty((len(rows), self.task.n_outputs), np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            alike = features[part] @ gallery.T
            cosines = np.full((len(alike), self.task.n_outputs), NOTHING_ALIKE)
            for label, of_class in zip(present, np.split(alike, starts[1:], axis=1), strict=True):
                most = np.partition(of_class, -min(self.config.nearest, of_class.shape[1]), axis=1)
                cosines[:, label] = most[:, -self.config.nearest :].mean(axis=1)
            predicted[part] = softmax(self.config.scale * cosines)
        return predicted

    def _features(self, rows: Rows, context: Context) -> np.ndarray:
        """Returns float32 (rows, width) of length 1: the mean over the ways of the test-time set."""
        if (pixels := rows.dataset.pixels) is None:
            raise ModelError("A gallery needs pictures, and these rows have none.")
        total: Any = 0.0
        for affine in affines(self.config.tta, pixels.shape[1:3]):
            total = total + _to_length_one(self._seen(pixels, rows.positions, affine, context))
        return _to_length_one(total)

    def _seen(
        self, pixels: np.ndarray, positions: np.ndarray, affine: np.ndarray, context: Context
    ) -> np.ndarray:
        """Returns float32 (rows, width): features of the pictures as one way shows them."""
        if self.trained_ is None:
            shown = apply_test_time(take(pixels, positions), affine).reshape(len(positions), -1)
            return shown.astype(np.float32) - 127.5
        network = get_network(self.trained_.structure, context.threads)
        if pixels.shape[1:] != self.trained_.structure.extractor.shape:
            raise ModelError(
                f"The network was trained on pictures of {self.trained_.structure.extractor.shape}. "
                f"Received: {pixels.shape[1:]}."
            )
        network.assign(self.trained_.values[-1])
        plain = np.allclose(affine, np.eye(2, 3))
        change = None if plain else lambda images: apply_test_time(images, affine)
        return run(network.extractor, pixels, positions, batch_size(pixels.shape[1:]), change)

    def save(self, folder: Path) -> None:
        np.savez(folder / "gallery.npz", gallery=self.gallery_, labels=self.labels_)
        facts = {"network": self.trained_ is not None}
        (folder / "gallery.json").write_text(json.dumps(facts), encoding="utf-8")
        if self.trained_ is not None:
            (folder / "network").mkdir()
            write_network(self.trained_, folder / "network")

    def load(self, folder: Path) -> Gallery:
        facts = json.loads((folder / "gallery.json").read_text(encoding="utf-8"))
        with np.load(folder / "gallery.npz", allow_pickle=False) as arrays:
            self.gallery_, self.labels_ = arrays["gallery"], arrays["labels"]
        self.trained_ = read_network(folder / "network") if facts["network"] else None
        return self


def _to_length_one(features: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(length, 1e-12)).astype(np.float32)
