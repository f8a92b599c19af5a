"""The plain way to make log-mel spectrograms: a loop over soundfile, SciPy and a matrix of filters."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np


def spectrograms(
    read: Callable[[str], bytes],
    names: Sequence[str],
    rate: int,
    win: int,
    n_fft: int,
    hop: int,
    filters: np.ndarray,
    frames: int,
) -> np.ndarray:
    """Returns uint8 (clips, bands, frames): decibels under each clip's loudest, 80 of them, in its middle."""
    import math

    import soundfile
    from scipy.signal import ShortTimeFFT, get_window, resample_poly

    transform = ShortTimeFFT(get_window("hann", win), hop, rate, mfft=n_fft)
    found = np.zeros((len(names), len(filters), frames), np.uint8)
    for place, name in enumerate(names):
        samples, own = soundfile.read(io.BytesIO(read(name)), dtype="float32", always_2d=True)
        common = math.gcd(own, rate)
        mono = resample_poly(samples.mean(axis=1), rate // common, own // common)
        power = filters @ np.abs(transform.stft(mono)) ** 2
        levels = 10 * np.log10(np.maximum(power, 1e-10) / power.max())
        picture = np.rint((np.maximum(levels, -80) + 80) * 255 / 80).astype(np.uint8)[::-1]
        over = picture.shape[1] - frames
        if over >= 0:
            found[place] = picture[:, over // 2 : over // 2 + frames]
        else:
            found[place, :, -over // 2 : -over // 2 + picture.shape[1]] = picture
    return found
