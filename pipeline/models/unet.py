"""U-Nets: masks of pictures, or other pictures, by a pretrained encoder or from scratch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.inputs.images.part import pictures_of
from pipeline.models.base import MODELS, Context, Model
from pipeline.models.cnn import CNN
from pipeline.models.size import Size
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.fitting import UNetFit
from pipeline.networks.dense.inference import greys_of, probabilities, tiled_probabilities
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.saved import TrainedUNet
from pipeline.networks.network import get_network
from pipeline.tasks.image import Image
from pipeline.tasks.mask import Mask

LEAST_PER_PICTURE = 0.02  # seconds of a fit below which nothing is learned


@MODELS.register("unet")
class UNetModel(Model):
    """A U-Net (Ronneberger et al., 2015) on pictures: a probability per pixel, or its grey.

    A pretrained encoder learns in two phases: first the decoder alone, then the whole network, the encoder
    at a lower rate. Predictions are averaged over flips (`tta`).

    Attributes:
        trained_: what was learned.
    """

    Config = UNetConfig
    sees = CNN.sees
    tasks: ClassVar[tuple[str, ...]] = (Image.general, Mask.general)
    anytime = True
    share = 2.0
    leads = 5
    most = 0.95  # a longer fit gains more than a second one

    config: UNetConfig
    trained_: TrainedUNet

    @classmethod
    def fitting(cls, size: Size) -> float:
        """Fits hold many epochs, and a picture is answered in about the time of one."""
        return 0.9 if size.test_rows <= size.rows else super().fitting(size)

    @classmethod
    def least_seconds(cls, size: Size) -> float:
        return LEAST_PER_PICTURE * size.rows

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> UNetModel:
        self.trained_ = UNetFit(self.config, self.task, train, context).run()  # type: ignore[arg-type]
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float16 (rows, outputs) on the task's grid."""
        pictures, structure = pictures_of(rows), self.trained_.structure

        def network_of(shape: tuple[int, int, int]) -> UNet:
            found = get_network(structure.seeing(shape), context.threads, UNet)
            found.assign(self.trained_.values)
            return found  # type: ignore[return-value]

        if isinstance(self.task, Image):
            table = self.trained_.table
            seen = table.beside if table else None
            return greys_of(network_of, self.task, pictures.all(), rows.positions, self.config.tta, seen)
        if self.config.tiles:
            tiled = (pictures, rows.positions, self.config.tta)
            return tiled_probabilities(network_of, self.task, *tiled)  # type: ignore[arg-type]
        if pictures.shape != structure.extractor.shape:
            raise ModelError(
                f"The network was trained on pictures of {structure.extractor.shape} (height, width, "
                f"channels). Received: {pictures.shape}."
            )
        network = get_network(structure, context.threads, UNet)
        network.assign(self.trained_.values)
        asked = (pictures, rows.positions, self.config.tta, self.config.view is not None)
        return probabilities(network, self.task, *asked)  # type: ignore[arg-type]

    def save(self, folder: Path) -> None:
        self.trained_.save(folder)

    def load(self, folder: Path) -> UNetModel:
        self.trained_ = TrainedUNet.load(folder)
        return self

    def notes(self) -> dict[str, Any]:
        return self.trained_.notes
