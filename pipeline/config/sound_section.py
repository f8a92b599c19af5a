"""The section `data.sound`: where a row's clip lies, and how it becomes a spectrogram."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from pipeline.config.section import Section

LOCATION = {"path", "test_path", "broken"}  # keys that say where clips lie, not what is made of them
WINDOW = 0.05  # seconds that a spectrum looks at, before it is rounded to a power of two


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
    n_fft: int | None = Field(
        default=None,
        ge=16,
        le=65_536,
        description="samples per spectrum; default: a power of two, about 50 ms",
    )
    hop_length: int | None = Field(
        default=None, ge=1, description="samples between two spectra; default: a quarter of `n_fft`"
    )
    n_mels: int = Field(default=64, ge=4, le=512, description="bands of the mel scale: rows of a spectrogram")
    fmin: float = Field(default=0.0, ge=0, description="lower end of the lowest band, Hz")
    fmax: float | None = Field(
        default=None, gt=0, description="upper end of the highest band, Hz; default: half the sample rate"
    )
    broken: Literal["refuse", "leave_out"] = Field(
        default="refuse",
        description="clips that are not there or cannot be decoded: an error; or their training rows are left "
        "out, their test rows get the mean answer of the training rows, and both are counted",
    )

    @property
    def fft(self) -> int:
        """Samples per spectrum."""
        return self.n_fft or usual_fft(self.sample_rate)

    @property
    def hop(self) -> int:
        """Samples between two spectra."""
        return self.hop_length or max(1, self.fft // 4)

    @property
    def frames(self) -> int:
        """Spectra per window: the width of a spectrogram."""
        return max(1, round(self.seconds * self.sample_rate / self.hop))

    @property
    def highest(self) -> float:
        """Upper end of the highest band, Hz."""
        return self.fmax or self.sample_rate / 2


def usual_fft(sample_rate: int) -> int:
    """Returns the samples per spectrum that suit a sample rate: a power of two of at least 64."""
    return max(64, 2 ** round(math.log2(WINDOW * sample_rate)))
