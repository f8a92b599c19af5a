"""Statistics of sound as an input: columns of numbers that every model of tables reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.config.schema import Config, ModelConfig
from pipeline.inputs.base import InputFiles, Workshop, misread
from pipeline.inputs.outputs import Values
from pipeline.inputs.sound.clips import ClipsInput, settings_key, sides_of, sound_of, write_clips
from pipeline.inputs.sound.statistics import statistic_names, statistics
from pipeline.registry import INPUTS

VERSION = 1  # raise it when the same clip would have other statistics
OF_PICTURES = ("seconds", "windows", "trim")  # settings that decide nothing here: the whole clip is looked at


@INPUTS.register("sound")
class StatisticsInput(ClipsInput):
    """Cepstra and spectral shape of a row's clip, over the whole of it and over parts of its time."""

    def problem(
        self, entry: str, reader: str, models: Mapping[str, ModelConfig | None], data: DataConfig
    ) -> str:
        section = models.get(reader)
        return misread(section, reader, False, "sees pictures", "spectrogram") if section else ""

    def files(self, config: Config, section: ModelConfig) -> InputFiles:
        """The statistics: one product, shared by models."""
        sound = sound_of(config.data)
        settings = {key: value for key, value in settings_key(sound).items() if key not in OF_PICTURES}
        clips = [sound.path, sound.test_path]
        return InputFiles("sound-statistics", {"sound": settings, "clips": clips, "made": VERSION})

    def make(self, shop: Workshop, folder: Path) -> None:
        for side, names in sides_of(shop.competition):
            _write(folder / f"{side}.npy", shop, names)

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Values:
        if folder is None:
            raise ValueError("Statistics are opened from a folder.")
        return Values(np.load(folder / f"{side}.npy"))

    def open_new(self, shop: Workshop, folder: Path | None, scratch: Path) -> Values:
        _write(scratch / "new.npy", shop, shop.competition.test_clips)
        return Values(np.load(scratch / "new.npy"))


def _write(path: Path, shop: Workshop, names: tuple[str, ...]) -> None:
    sound = sound_of(shop.config.data)
    shape = (len(statistic_names(sound)),)
    write_clips(path, shop, names, shape, np.float32, lambda samples: statistics(samples, sound))
