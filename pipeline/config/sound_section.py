"""The section `data.sound`: where a row's clip lies, and how it becomes a spectrogram."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.section import Section

LOCATION = {"path", "test_path", "broken"}  # keys that say where clips lie, not what is made of them
WINDOW = 0.032  # seconds that a spectrum looks at


class SoundConfig(Section):
    """Sound: clips by the tables' columns, and the log-mel spectrograms that are made of them."""

    path: str = Field(
        description='clip of a row, by columns of the tables, as `images` names pictures: "train/{id}.wav"; '
        "WAV, FLAC, OGG, MP3, AIFF",
    )
    test_path: str | None = Field(
        default=None, description="clip of a test row, where they lie elsewhere; default: as `path`"
    )
    sample_rate: int = Field(
        default=16_000, ge=100, le=400_000, description="samples per second to which every clip is resampled"
    )
    seconds: float = Field(
        default=4.0,
        gt=0,
        le=600,
        description="length of a window: shorter clips stand in its middle, in silence",
    )
    windows: int = Field(
        default=1,
        ge=1,
        le=64,
        description="windows of a clip, evenly spaced; a network learns from each and answers by their mean",
    )
    win_length: int | None = Field(
        default=None, ge=8, le=65_536, description="samples that a spectrum looks at; default: 32 ms"
    )
    n_fft: int | None = Field(
        default=None,
        ge=8,
        le=131_072,
        description="samples of a transform, zeros included; default: a power of two from 2 `win_length` on",
    )
    hop_length: int | None = Field(
        default=None, ge=1, description="samples between two spectra; default: a quarter of `win_length`"
    )
    trim: float | None = Field(
        default=None,
        gt=0,
        le=80,
        description="windows lie between the first and the last moment that is less than so many decibels "
        "below the clip's loudest; default: anywhere in the clip",
    )
    n_mels: int = Field(default=64, ge=4, le=512, description="bands of the mel scale: rows of a spectrogram")
    fmin: float = Field(default=0.0, ge=0, description="lower end of the lowest band, Hz")
    fmax: float | None = Field(
        default=None, gt=0, description="upper end of the highest band, Hz; default: half the sample rate"
    )
    broken: Literal["refuse", "leave_out"] = Field(
        default="refuse",
        description="clips that are not there or cannot be decoded: an error; or their training rows are "
        "left out, their test rows get the mean answer of the training rows, and both are counted",
    )

    @model_validator(mode="after")
    def _long_enough(self) -> SoundConfig:
        if self.fft < self.win:
            raise ValueError(f"sound whose n_fft ({self.fft}) is at least its win_length ({self.win})")
        return self

    @property
    def win(self) -> int:
        """Samples that a spectrum looks at."""
        return self.win_length or max(8, round(WINDOW * self.sample_rate))

    @property
    def fft(self) -> int:
        """Samples of a transform."""
        return self.n_fft or 2 ** math.ceil(math.log2(2 * self.win))

    @property
    def hop(self) -> int:
        """Samples between two spectra."""
        return self.hop_length or max(1, self.win // 4)

    @property
    def frames(self) -> int:
        """Spectra per window: the width of a spectrogram."""
        return max(1, round(self.seconds * self.sample_rate / self.hop))

    @property
    def highest(self) -> float:
        """Upper end of the highest band, Hz."""
        return self.fmax or self.sample_rate / 2
