"""Clips of the rows: where they lie, which can be used, and what is made of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.config.sound_section import LOCATION, SoundConfig
from pipeline.data.competition import Competition
from pipeline.data.source import Source
from pipeline.errors import ConfigError, Problems
from pipeline.inputs.base import Input, Workshop
from pipeline.inputs.images.decoding import for_each
from pipeline.inputs.images.names import picture_names
from pipeline.inputs.rows_file import write_rows
from pipeline.inputs.sound.broken import usable_clips
from pipeline.inputs.sound.decoding import decode_clip, fetch_clip, resample

if TYPE_CHECKING:
    import pandas as pd


class ClipsInput(Input):
    """Something that is made of a row's clip."""

    keys = ("sound",)
    lacking = "reads sound, but `data.sound` does not say where it lies."
    located = "clips"

    def there(self, competition: Competition) -> bool:
        return bool(competition.clips)

    def patterns(self, data: DataConfig) -> list[str]:
        found = [data.sound.path, data.sound.test_path] if data.sound else []
        return [pattern for pattern in found if pattern]

    def skips(self, data: DataConfig) -> bool:
        return data.sound is not None and data.sound.broken == "leave_out"

    def locate(
        self, table: pd.DataFrame, data: DataConfig, side: str, where: str, source: Source, problems: Problems
    ) -> tuple[str, ...]:
        """Returns the file of every row's clip, () where the configuration names none; as for pictures."""
        if data.sound is None:
            return ()
        pattern = data.sound.path if side == "train" else data.sound.test_path or data.sound.path
        words = ("sound.path", "clips", "sound.broken")
        return picture_names(table, pattern, source, problems, where, self.skips(data), *words)

    def usable(self, names: Sequence[str], data: DataConfig, source: Source, threads: int) -> np.ndarray:
        """Returns bool (clips,): whether each is there and can be decoded."""
        return usable_clips(source.read, names, threads)


def sound_of(data: DataConfig) -> SoundConfig:
    """Returns `data.sound`; raises ConfigError where there is none."""
    if data.sound is None:
        raise ConfigError("`data.sound` does not say where clips lie.")
    return data.sound


def settings_key(config: SoundConfig) -> dict[str, Any]:
    """Returns what decides the product beside the files: the values, defaults worked out."""
    worked_out = {
        "win_length": config.win,
        "n_fft": config.fft,
        "hop_length": config.hop,
        "fmax": config.highest,
    }
    return {**config.model_dump(exclude=LOCATION), **worked_out}


def write_clips(
    path: Path,
    shop: Workshop,
    names: Sequence[str],
    shape: tuple[int, ...],
    dtype: type,
    make: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Writes what is made of each clip, one per row, into an .npy file.

    No more than one clip per thread is in memory.

    Args:
        path: of the new file.
        shop: the files, the configuration and who is told.
        names: of the clips.
        shape: of what is made of one.
        dtype: of its values.
        make: takes float32 (samples,) at the configuration's sample rate.

    Raises:
        DataError: names the clips that cannot be decoded, all in one.
        StoreError: the file cannot be written.
    """
    rate, threads = sound_of(shop.config.data).sample_rate, shop.config.threads

    def made(position: int) -> np.ndarray:
        name = names[position]
        samples, own = decode_clip(fetch_clip(shop.source.read, name), name)
        return make(resample(samples, own, rate))

    def each(write: Callable[[int], None]) -> None:
        report = shop.progress.update
        for_each(write, len(names), report, "preparing clips", threads, "clips", "sound.broken")

    write_rows(path, (len(names), *shape), np.dtype(dtype), made, each)


def sides_of(competition: Competition) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the sides with the names of their clips."""
    return [("train", competition.clips), ("test", competition.test_clips)]
