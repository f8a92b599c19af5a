"""Convolutional networks: pretrained and fine-tuned, or from scratch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.metrics import find_metric
from pipeline.models.base import MODELS, Context, Model
from pipeline.networks.config import CNNConfig
from pipeline.networks.fitting import Fit
from pipeline.networks.inference import Change, Frozen, average_views, batch_size, run
from pipeline.networks.network import Network, get_network
from pipeline.networks.saved import TrainedNetwork, read_network, write_network
from pipeline.networks.slopes import slope_signs
from pipeline.networks.targets import Targets, make_targets
from pipeline.networks.wanted import cost_of, wanted
from pipeline.networks.windows import by_window, mean_of_windows, watching, windows_of


@MODELS.register("cnn")
class CNN(Model):
    """A network on pictures.

    With pretrained weights it learns in two phases: a head on the features of the frozen backbone,
    which are computed once and shared, then the whole network or its top at a lower rate. A
    network in layer notation learns in one phase.

    Where there are several windows of a row, as of long sound, it learns from each and answers by the mean.

    Boxes and points (`target: box`, `target: points`) are fractions of the network's picture, (rows,
    4) as x1, y1, x2, y2 or (rows, 2n) as x, y of each point, from border to border; a row with a NaN
    is not learned from.

    Attributes:
        trained_: what was learned.
        targets_: the layout of the targets.
    """

    Config = CNNConfig
    version = 2  # batch normalisation sums in another order
    sees = ("images",)
    looks = True
    embeds = True
    taught = True
    anytime = True
    share = 2.0
    leads = 4

    config: CNNConfig
    trained_: TrainedNetwork
    targets_: Targets

    @classmethod
    def settings_for(cls, metric: str) -> dict[str, Any]:
        return {"loss": "mae"} if find_metric(metric).medians else {}

    @property
    def wants_inner_split(self) -> bool:
        return self.config.patience is not None

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> CNN:
        targets, watch = make_targets(self.config, self.task), watching(context, train)
        train, inner = by_window(train), inner and by_window(inner)
        context = replace(context, watch=watch)
        self.trained_ = Fit(self.config, self.task, targets, train, inner, context).run()
        self.targets_ = targets
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        windows, rows = windows_of(rows), by_window(rows)
        pixels, network = self._ready(rows, context)
        total: Any = 0.0
        for values in self.trained_.values:
            network.assign(values)
            frozen = Frozen(network, values, self.trained_.identity)

            def raw(change: Change | None, frozen: Frozen = frozen) -> np.ndarray:
                if network.learns:
                    return run(network.full, pixels, rows.positions, batch_size(pixels.shape[1:]), change)
                features, at = _features(frozen, rows, pixels, context, change)
                return run(network.head, features, at, 256)

            coordinates = self.config.target if self.config.target in ("box", "points") else ""
            size, pairs = pixels.shape[1:3], self.config.swap_points
            total = total + average_views(raw, self.targets_, self.config.tta, size, coordinates, pairs)
        return np.asarray(mean_of_windows(total / len(self.trained_.values), windows), np.float32)

    def embed(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, width): pooled features; of the last snapshot where there are several."""
        windows, rows = windows_of(rows), by_window(rows)
        pixels, network = self._ready(rows, context)
        values = self.trained_.values[-1]
        network.assign(values)
        if network.learns:
            found = run(network.extractor, pixels, rows.positions, batch_size(pixels.shape[1:]))
            return mean_of_windows(found, windows)
        frozen = Frozen(network, values, self.trained_.identity)
        features, at = _features(frozen, rows, pixels, context, None)
        return mean_of_windows(np.asarray(features[at], np.float32), windows)

    def slope_signs(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns int8 (rows, height, width, channels): 1 where the loss grows with a pixel, else -1 or 0.

        Of the first snapshot where there are several, and of the picture as it is.
        """
        pixels, network = self._ready(rows, context)
        network.assign(self.trained_.values[0])
        return slope_signs(network, pixels[rows.positions], self.targets_.encode(rows.target))

    def wanted(
        self, most: int, operations: float, colour: np.ndarray, seed: int, context: Context = Context()
    ) -> np.ndarray:
        """Returns uint8 (n, height, width, channels): what raises each of the first outputs most.

        Of the first snapshot where there are several.

        Args:
            most: outputs.
            operations: that all pictures together may cost; fewer are made where that is not enough.
            colour: float (channels,), of 0 to 255: what the pictures begin with.
            seed: of noise and jitter.
            context: threads.
        """
        network = get_network(self.trained_.structure, context.threads)
        network.assign(self.trained_.values[0])
        count = min(most, network.head.output_shape[-1], int(operations / cost_of(network)))
        return wanted(network, range(count), colour, seed, self.task.exclusive)

    def save(self, folder: Path) -> None:
        write_network(self.trained_, folder)

    def load(self, folder: Path) -> CNN:
        self.trained_ = read_network(folder)
        self.targets_ = make_targets(self.config, self.task)
        self.targets_.remember(self.trained_.targets)
        return self

    def notes(self) -> dict[str, Any]:
        return self.trained_.notes

    def _ready(self, rows: Rows, context: Context) -> tuple[np.ndarray, Network]:
        pixels, structure = rows.dataset.pixels, self.trained_.structure
        if pixels is None:
            raise ModelError("A network needs pictures, and these rows have none.")
        if pixels.shape[1:] != structure.extractor.shape:
            raise ModelError(
                f"The network was trained on pictures of {structure.extractor.shape} (height, width, "
                f"channels). Received: {pixels.shape[1:]}."
            )
        return pixels, get_network(structure, context.threads)


def _features(
    frozen: Frozen, rows: Rows, pixels: np.ndarray, context: Context, change: Change | None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns features, and where in them the rows are: cached ones for pictures as they are."""
    if change is None:
        return frozen.features(pixels, rows.dataset.pictures.key, rows.positions, context)
    features = run(frozen.network.extractor, pixels, rows.positions, batch_size(pixels.shape[1:]), change)
    return features, np.arange(len(rows))
