"""Mel spectra: triangular bands on the mel scale, and a clip's power in them."""

from __future__ import annotations

import functools

import numpy as np

from pipeline.config.sound_section import SoundConfig
from pipeline.errors import ConfigError

FRAMES = 2048  # spectra held at a time
QUIETEST = 1e-10  # power that counts as silence
RANGE = 80.0  # decibels below a clip's loudest that are told apart


def hertz_to_mel(hertz: np.ndarray | float) -> np.ndarray:
    """Returns mel of frequencies: 2595 log10(1 + f / 700).

    O'Shaughnessy, "Speech Communication: Human and Machine", 1987, page 150; as HTK has it.
    """
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hertz, np.float64) / 700.0))


def mel_to_hertz(mel: np.ndarray | float) -> np.ndarray:
    """Returns frequencies in Hz of mel; the inverse of `hertz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel, np.float64) / 2595.0) - 1.0))


@functools.lru_cache(maxsize=16)
def mel_filters(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Returns triangular filters, float32 (n_mels, n_fft // 2 + 1), each 1 at its middle.

    Davis and Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word Recognition in
    Continuously Spoken Sentences", 1980, figure 1: the ends of each are its neighbours' middles, which
    are evenly spaced in mel.

    Args:
        sample_rate: samples per second.
        n_fft: samples per spectrum.
        n_mels: bands.
        fmin: lower end of the lowest, Hz.
        fmax: upper end of the highest, Hz.

    Raises:
        ConfigError: the ends are not in order, or a band is so narrow that no frequency falls into it.
    """
    if not fmin < fmax <= sample_rate / 2:
        raise ConfigError(
            f"`data.sound`: fmin must be below fmax, and fmax at most {sample_rate / 2:g} Hz, half the "
            f"sample rate. Received: {fmin:g} and {fmax:g}."
        )
    filters = _triangles(sample_rate, n_fft, n_mels, fmin, fmax)
    if not filters.any(axis=1).all():
        raise ConfigError(
            f"`data.sound.n_mels`: of {n_mels} bands from {fmin:g} to {fmax:g} Hz some are narrower than the "
            f"{sample_rate / n_fft:.1f} Hz that {n_fft} samples tell apart; at most "
            f"{most_mels(sample_rate, n_fft, fmin, fmax, n_mels)} are not. Or raise `n_fft`."
        )
    return filters


def most_mels(sample_rate: int, n_fft: int, fmin: float, fmax: float, wanted: int) -> int:
    """Returns the largest number of bands, of at most those wanted, none of which is empty."""
    for n_mels in range(wanted, 1, -1):
        if _triangles(sample_rate, n_fft, n_mels, fmin, fmax).any(axis=1).all():
            return n_mels
    return 1


def _triangles(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    edges = mel_to_hertz(np.linspace(hertz_to_mel(fmin), hertz_to_mel(fmax), n_mels + 2))
    frequencies = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def mel_power(samples: np.ndarray, config: SoundConfig) -> np.ndarray:
    """Returns the power in each band over time, float32 (n_mels, frames).

    Spectra of Hann windows whose middles lie at 0, hop, 2 hop, ...; zeros lie before and behind the clip,
    and behind each window where the transform is longer than it.
    Memory is bounded by `FRAMES` spectra beside the result.

    Args:
        samples: float32 (samples,) at the configuration's sample rate.
        config: `data.sound`.

    Raises:
        ConfigError: bands that the spectra cannot tell apart.
    """
    from scipy.fft import rfft

    n_fft, length, hop = config.fft, config.win, config.hop
    filters = mel_filters(config.sample_rate, n_fft, config.n_mels, config.fmin, config.highest)
    padded = np.pad(samples, (length // 2, length - length // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    window = _hann(length)
    power = np.empty((config.n_mels, len(frames)), np.float32)
    for start in range(0, len(frames), FRAMES):
        spectra = rfft(frames[start : start + FRAMES] * window, n_fft, axis=1)
        power[:, start : start + FRAMES] = filters @ (spectra.real**2 + spectra.imag**2).T
    return power


@functools.lru_cache(maxsize=16)
def _hann(length: int) -> np.ndarray:
    from scipy.signal import get_window

    window: np.ndarray = get_window("hann", length)
    return (window / window.sum()).astype(np.float32)


def sounding(levels: np.ndarray, within: float) -> slice:
    """Returns the frames from the first that sounds to the last; all of them in silence.

    Args:
        levels: decibels under the clip's loudest, (bands, frames).
        within: decibels below the loudest up to which a frame sounds.
    """
    heard = np.flatnonzero(levels.max(axis=0, initial=-RANGE) > -min(within, RANGE))
    return slice(int(heard[0]), int(heard[-1]) + 1) if len(heard) else slice(None)


def decibels(power: np.ndarray) -> np.ndarray:
    """Returns power in decibels under its greatest value, float32 from -80 to 0; silence is -80 throughout.

    A clip's loudness therefore does not count: what a microphone's gain changes is no sign of anything.
    """
    loudest = float(power.max(initial=0.0))
    if loudest <= QUIETEST:
        return np.full(power.shape, -RANGE, np.float32)
    found = 10.0 * np.log10(np.maximum(power, QUIETEST * loudest) / loudest)
    return np.maximum(found, -RANGE).astype(np.float32)
