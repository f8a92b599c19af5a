"""Log-mel spectrograms: windows of a clip as pictures of 8 bits."""

from __future__ import annotations

import numpy as np

from pipeline.config.sound_section import SoundConfig
from pipeline.inputs.sound.mel import RANGE, decibels, mel_power, sounding


def spectrograms(samples: np.ndarray, config: SoundConfig) -> np.ndarray:
    """Returns a clip's windows as pictures, uint8 (windows, n_mels, frames), the highest band on top.

    255 is the loudest of the clip, 0 is 80 decibels below it or less: 0.3 decibels a step. The windows are
    evenly spaced from the clip's beginning to its end, or between those of its sound where the configuration
    trims. A clip that is shorter than one stands in the
    middle of silence.

    Args:
        samples: float32 (samples,) at the configuration's sample rate.
        config: `data.sound`.
    """
    levels = decibels(mel_power(samples, config))
    if config.trim is not None:
        levels = levels[:, sounding(levels, config.trim)]
    picture = to_eight_bits(levels)
    return np.stack([_window(picture, start, config.frames) for start in _starts(picture.shape[1], config)])


def to_eight_bits(levels: np.ndarray) -> np.ndarray:
    """Returns decibels from -80 to 0 as uint8 from 0 to 255, upside down."""
    return np.rint((levels + RANGE) * (255.0 / RANGE)).astype(np.uint8)[::-1]


def _starts(length: int, config: SoundConfig) -> np.ndarray:
    """Returns the first frame of each window; below 0 where the clip is shorter."""
    over = length - config.frames
    if over <= 0 or config.windows == 1:
        return np.full(config.windows, over // 2)
    return np.rint(np.linspace(0, over, config.windows)).astype(int)


def _window(picture: np.ndarray, start: int, frames: int) -> np.ndarray:
    before, behind = max(0, -start), max(0, start + frames - picture.shape[1])
    return np.pad(picture[:, max(0, start) : start + frames], ((0, 0), (before, behind)))
