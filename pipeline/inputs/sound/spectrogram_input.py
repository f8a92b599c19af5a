"""Spectrogram as an input: a picture of a row's clip, seen by every network of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.config.schema import Config, ModelConfig
from pipeline.inputs.base import InputFiles, Shown, Workshop, misread
from pipeline.inputs.images.part import Pictures
from pipeline.inputs.sound.clips import ClipsInput, settings_key, sides_of, sound_of, write_clips
from pipeline.inputs.sound.decoding import decode_clip, fetch_clip, resample
from pipeline.inputs.sound.spectrogram import spectrograms
from pipeline.registry import INPUTS

VERSION = 1  # raise it when the same clip would become another picture


@dataclass(frozen=True)
class Spectrograms(Pictures):
    """Spectrograms of all rows of a side: the windows of a clip are neighbours in `pixels`."""

    def take(self, positions: np.ndarray) -> np.ndarray:
        """Returns a copy of some clips, uint8 (n, windows, n_mels, frames, 1)."""
        places = np.asarray(positions)[:, None] * self.windows + np.arange(self.windows)
        return np.asarray(self.pixels[places.ravel()]).reshape(*places.shape, *self.pixels.shape[1:])


@INPUTS.register("spectrogram")
class SpectrogramInput(ClipsInput):
    """The log-mel spectrogram of a row's clip, as grey pictures of 8 bits."""

    def problem(
        self, entry: str, reader: str, models: Mapping[str, ModelConfig | None], data: DataConfig
    ) -> str:
        section = models.get(reader)
        if section is None:
            return ""
        if wrong := misread(section, reader, True, "sees no pictures", "sound"):
            return wrong
        if "view" in section.picture() or not section.answers():
            return f"`models.{reader}`: a spectrogram has neither `view` nor boxes or points."
        return ""

    def files(self, config: Config, section: ModelConfig) -> InputFiles:
        """The spectrograms at the model's size: one product per size, shared by models."""
        size = section.picture().get("size")
        label = f"spectrogram-{'x'.join(map(str, size)) if size else 'own'}"
        material: dict[str, Any] = {
            "sound": settings_key(sound_of(config.data)),
            "size": size,
            "made": VERSION,
        }
        return InputFiles(label, material | _names_key(config))

    def make(self, shop: Workshop, folder: Path) -> None:
        for side, names in sides_of(shop.competition):
            _write(folder / f"{side}.npy", shop, names)

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Spectrograms:
        if folder is None:
            raise ValueError("Spectrograms are opened from a folder.")
        return _opened(folder / f"{side}.npy", shop, f"{key}-{side}")

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        """Returns the first window of each clip as a grey picture, low frequencies at the bottom."""
        sound, rate = sound_of(shop.config.data), sound_of(shop.config.data).sample_rate
        found = []
        for row in rows:
            name = shop.competition.clips[row]
            samples, own = decode_clip(fetch_clip(shop.source.read, name), name)
            found.append(Shown(spectrograms(resample(samples, own, rate), sound)[0][..., None]))
        return found

    def open_new(self, shop: Workshop, folder: Path | None, scratch: Path) -> Spectrograms:
        path = scratch / "new.npy"
        _write(path, shop, shop.competition.test_clips)
        return _opened(path, shop, f"new-{shop.name}")


def _names_key(config: Config) -> dict[str, Any]:
    """Returns which clips it is made of, as the key of a product holds it."""
    sound = sound_of(config.data)
    return {"clips": [sound.path, sound.test_path]}


def _opened(path: Path, shop: Workshop, key: str) -> Spectrograms:
    """Returns the part of a file whose rows are windows."""
    stored = np.load(path, mmap_mode="r")
    return Spectrograms(
        stored.reshape(-1, *stored.shape[2:]), key, windows=sound_of(shop.config.data).windows
    )


def _write(path: Path, shop: Workshop, names: tuple[str, ...]) -> None:
    """Writes spectrograms of clips, uint8 (rows, windows, height, width, 1)."""
    import cv2

    sound, asked = sound_of(shop.config.data), shop.section.picture().get("size")
    height, width = asked or (sound.n_mels, sound.frames)

    def make(samples: np.ndarray) -> np.ndarray:
        found = spectrograms(samples, sound)
        if found.shape[1:] == (height, width):
            return found[..., None]
        smaller = height * width < found[0].size
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        return np.stack([cv2.resize(one, (width, height), interpolation=how) for one in found])[..., None]

    write_clips(path, shop, names, (sound.windows, height, width, 1), np.uint8, make)
