"""CenterNet: boxes of pictures, found by their middles."""

from __future__ import annotations

import numpy as np

from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.inputs.images.part import pictures_of
from pipeline.models.base import MODELS, Context
from pipeline.models.unet import UNetModel
from pipeline.networks.dense.centre_config import CenterNetConfig
from pipeline.networks.dense.centre_fitting import CentreFit, found_boxes
from pipeline.networks.dense.network import UNet
from pipeline.networks.network import get_network
from pipeline.tasks.boxes import Boxes


@MODELS.register("centernet")
class CenterNetModel(UNetModel):
    """A network that finds boxes by their middles ("Objects as Points"; Zhou et al., 2019).

    An encoder and a decoder as a U-Net has them say of every cell of a grid how likely it is the middle of
    a box of each class, and how large that box is; or of a box of any class, and by which features it is told
    (`classes_at`). Predictions are averaged over flips (`tta`).
    """

    Config = CenterNetConfig  # type: ignore[assignment]
    version = 2  # more than 80 classes are told at the middles
    tasks = (Boxes.general,)
    leads = 6

    config: CenterNetConfig  # type: ignore[assignment]

    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> CenterNetModel:
        self.trained_ = CentreFit(self.config, self.task, train, context).run()  # type: ignore[arg-type]
        return self

    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns `BOX` (rows, most)."""
        pictures, structure = pictures_of(rows), self.trained_.structure
        if pictures.shape != structure.extractor.shape:
            raise ModelError(
                f"The network was trained on pictures of {structure.extractor.shape} (height, width, "
                f"channels). Received: {pictures.shape}."
            )
        network = get_network(structure, context.threads, UNet)
        network.assign(self.trained_.values)
        return found_boxes(network, self.task, pictures.all(), rows.positions, self.config.tta)  # type: ignore[arg-type]
