"""A fit of a U-Net: the decoder on a frozen encoder, then the whole network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.context import Context
from pipeline.data.dense import room
from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.inputs.images import pixels as stored
from pipeline.inputs.images.part import pictures_of
from pipeline.networks.dense.background import BackgroundTable, pairs_of
from pipeline.networks.dense.batches import MaskBatches, masks_at
from pipeline.networks.dense.centres import CentreBatches
from pipeline.networks.dense.encoder_config import EncoderConfig
from pipeline.networks.dense.mask_tiles import MaskTileBatches
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.plan import batch_of, epochs_of
from pipeline.networks.dense.saved import TrainedUNet
from pipeline.networks.dense.structure import UNetStructure, make_unet_structure
from pipeline.networks.dense.tiles import TileBatches, tiles_per_picture
from pipeline.networks.keras_import import load_keras
from pipeline.networks.network import Values, get_network
from pipeline.networks.pretrained import read_pretrained
from pipeline.networks.training.batches import Batches
from pipeline.networks.training.checkpoint import Checkpoint, name_fit
from pipeline.networks.training.guard import NOT_A_NUMBER, guarded
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer
from pipeline.tasks.boxes import Boxes
from pipeline.tasks.image import Image
from pipeline.tasks.mask import Mask
from pipeline.transforms.augment import Augmenter

FROZEN_TIME = 0.15  # of a limit in time, until when the decoder is trained alone
FROZEN_SHARE = 0.1  # of the reported progress

Source = MaskBatches | MaskTileBatches | TileBatches | CentreBatches


class UNetFit:
    """One fit of a U-Net.

    Args:
        config: the model's section.
        task: what is asked for; it knows the masks, or the pictures.
        train: rows to learn from.
        context: seed, checkpoint, caches.
    """

    def __init__(
        self, config: EncoderConfig, task: Mask | Image | Boxes, train: Rows, context: Context
    ) -> None:
        self.config: Any = config
        self.task: Any = task
        self.train, self.context = train, context
        self.part = pictures_of(train)
        self.shown, self.shape = self.part.all(), self.part.shape
        self.positions, self.target = train.positions, train.dataset.target
        if self.target is not None:  # what nobody annotated is not learned from
            self.positions = self.positions[np.isfinite(self.target[self.positions]).all(axis=1)]
        self.table: BackgroundTable | None = None
        self.history: list[dict[str, Any]] = []

    def run(self) -> TrainedUNet:
        """Trains and returns what was learned."""
        keras, config, context = load_keras(self.context.threads), self.config, self.context
        self.begun = Clock.now()
        self._look()
        keras.utils.set_random_seed(context.seed % 2**32)
        structure = self._structure()
        network: Any = get_network(structure, context.threads, UNet)
        pretrained = read_pretrained(config, structure.extractor, context.siblings)
        statistics = stored.pixel_statistics(self.shown, self.positions) if config.from_scratch else None
        network.reset(context.seed, pretrained, statistics)
        trainer, found = self._phases(network, self._source(), self.part.key)
        network.full.set_weights(found)
        notes = {
            "pictures": len(self.positions),
            "epochs": trainer.progress.epoch,
            "loss": round(trainer.progress.losses[-1], 5),
            "history": self.history,
        }
        return TrainedUNet(structure, network.values(), notes, self.table)

    def _structure(self) -> UNetStructure:
        greys = isinstance(self.task, Image)
        return make_unet_structure(self.config, self.shape, self.task.layers, greys)

    def _look(self) -> None:
        """Settles what is seen: tiles of a size of their own, and what a table of backgrounds says."""
        if isinstance(self.task, Image):
            self._look_again(self.task)
        if self.config.tiles:
            self.shape = (*self.config.picture_size(), self.shown.shape[3])

    def _look_again(self, task: Image) -> None:
        """Lays what a table of backgrounds says beside the training pictures, where that is asked for."""
        if self.config.begin != "background" or self.target is None:
            return
        asked = (task, self.part, self.positions, self.target)
        self.table = BackgroundTable.learned(lambda: pairs_of(*asked))
        height, width, channels = self.part.shape
        found = room((len(self.positions), height, width, channels + 2), kind=np.dtype(np.uint8))
        for place, position in enumerate(self.positions.tolist()):
            found[place] = self.table.beside(np.asarray(self.shown[position]))
        self.shown, self.target = found, self.target[self.positions]
        self.positions = np.arange(len(found))

    def _source(self) -> Source:
        """Returns what batches are made of: whole pictures with their masks, or tiles of pictures."""
        target, positions = self.target, self.positions
        if target is None or not len(positions):
            raise ModelError("These rows have no masks to learn from.")
        augmenter = None if self.config.augment == "none" else Augmenter(self.config.augment)
        size = self.config.picture_size()
        each = tiles_per_picture(size, (self.shown.shape[1], self.shown.shape[2]))
        if isinstance(self.task, Image):
            return TileBatches(self.shown, self.task, target, positions, size, each, augmenter)
        if self.config.tiles:
            share = self.config.tile_share
            return MaskTileBatches(self.part, self.task, target, positions, size, each, share, augmenter)
        masks = masks_at(self.task, target, self.part, self.context, self.config.view is not None)
        return MaskBatches(self.shown, masks, positions, augmenter)

    def _phases(self, network: UNet, source: Source, key: str) -> tuple[Trainer, Values]:
        """Runs the phases, from where a checkpoint left them; returns the last one and its weights."""
        config, train = self.config, self.train
        fit = name_fit(
            config.model_dump_json(), self.task, self.context.seed, train.positions, train.target, key
        )
        checkpoint = Checkpoint(self.context.checkpoint, fit)
        begun = checkpoint.facts().get("phase")
        pretrained = config.weights_kind != "none" and config.frozen_epochs > 0
        if pretrained and begun != "network":
            trainer = self._trainer(network, "decoder", source, config.frozen_epochs, checkpoint)
            network.hold(encoder=True)
            trainer.resume()
            guarded(trainer)
            self.history = trainer.history()
        network.hold(encoder=False)
        trainer = self._trainer(network, "network", source, epochs_of(config, len(source)), checkpoint)
        trainer.resume()
        found = guarded(trainer)[0]
        self.history = trainer.history()
        return trainer, found

    def _trainer(
        self,
        network: UNet,
        name: str,
        source: Source,
        epochs: int,
        checkpoint: Checkpoint,
    ) -> Trainer:
        config, last = self.config, name == "network"
        size = batch_of(config, len(source))
        batches = Batches(source, len(source), size, self.context.seed, self.context.threads)
        schedule = Schedule(config.learning_rate, epochs * len(batches), "cosine", config.warmup)
        if not last:
            schedule = Schedule(config.learning_rate, epochs * len(batches), "constant", config.warmup)
        share = (0.0, FROZEN_SHARE) if not last else (FROZEN_SHARE, 1.0)
        until = self.begun + (config.max_seconds or math.inf) * (1.0 if last else FROZEN_TIME)
        return Trainer(
            network.full,
            Phase(name, epochs, schedule, share=share),
            batches,
            self.context.report,
            checkpoint,
            until=until,
            advice=NOT_A_NUMBER,
            before=self.history,
        )
