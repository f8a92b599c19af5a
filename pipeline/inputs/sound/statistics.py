"""Statistics of a clip: cepstra and spectral shape over the whole of it and over equal parts of its time."""

from __future__ import annotations

import numpy as np

from pipeline.config.sound_section import SoundConfig
from pipeline.inputs.sound.mel import decibels, mel_power, sounding

CEPSTRA = 20  # coefficients of a frame
PARTS = 8  # of a clip's time
AUDIBLE = 35.0  # decibels below the loudest frame within which a frame counts as sound
ROLLOFF = 0.85  # share of the power below the roll-off


def statistic_names(config: SoundConfig) -> list[str]:
    """Returns the names of the columns of `statistics`."""
    count = min(CEPSTRA, config.n_mels)
    cepstra = [f"mfcc{index}" for index in range(count)]
    shape = ["level", "centroid", "bandwidth", "rolloff", "flatness"]
    tracks = [*cepstra, *shape]
    names = [f"{track}_{what}" for what in ("mean", "std", "delta", "delta2") for track in tracks]
    names += [f"{track}_part{part}" for part in range(PARTS) for track in tracks]
    names += [f"band{band}_{what}" for what in ("mean", "std") for band in range(config.n_mels)]
    return [*names, "seconds", "sounding_seconds", "loudness", "crossings", "sounding"]


def statistics(samples: np.ndarray, config: SoundConfig) -> np.ndarray:
    """Returns float32 (columns,), all finite, in the order of `statistic_names`.

    Mel-frequency cepstral coefficients (Davis and Mermelstein, 1980: the cosine transform of log-mel
    levels) and the shape of the spectrum, as means, deviations and mean absolute first and second
    differences from the clip's first frame that sounds to its last, and their means in each of `PARTS` equal
    parts of that stretch less those of all of it; the level of every band there; lengths, loudness, zero
    crossings, and the share of the frames that sound. The cepstra but the first do not change with the level
    of a frame.

    Args:
        samples: float32 (samples,) at the configuration's sample rate.
        config: `data.sound`.
    """
    from scipy.fft import dct

    power = mel_power(samples, config)
    levels = decibels(power)
    length, stretch = levels.shape[1], sounding(levels, AUDIBLE)
    share = float(np.mean(levels.max(axis=0) > -AUDIBLE))
    power, levels = power[:, stretch], levels[:, stretch]
    cepstra = dct(levels, axis=0, norm="ortho")[: min(CEPSTRA, config.n_mels)]
    tracks = np.concatenate([cepstra, _shape(power, levels)])
    mean = tracks.mean(axis=1)
    differences = [_variation(tracks, order) for order in (1, 2)]
    cuts = np.linspace(0, tracks.shape[1], PARTS + 1)
    parts = [
        tracks[:, int(low) : max(int(high), int(low) + 1)].mean(axis=1) - mean for low, high in _pairs(cuts)
    ]
    whole = [mean, tracks.std(axis=1), *differences, *parts, levels.mean(axis=1), levels.std(axis=1)]
    seconds = len(samples) / config.sample_rate
    rest = [seconds, seconds * levels.shape[1] / length, *_of_samples(samples, seconds), share]
    return np.concatenate([*whole, rest]).astype(np.float32)


def _shape(power: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Returns level, centroid, bandwidth, roll-off (in bands) and flatness of each frame, (5, frames)."""
    bands = np.arange(len(power), dtype=np.float64)[:, None]
    weight = power / np.maximum(power.sum(axis=0), np.finfo(np.float32).tiny)
    centroid = (bands * weight).sum(axis=0)
    bandwidth = np.sqrt(((bands - centroid) ** 2 * weight).sum(axis=0))
    rolloff = (np.cumsum(weight, axis=0) < ROLLOFF).sum(axis=0)
    flatness = levels.mean(axis=0) - levels.max(axis=0)  # log of the geometric mean over the greatest
    return np.stack([levels.max(axis=0), centroid, bandwidth, rolloff, flatness])


def _variation(tracks: np.ndarray, order: int) -> np.ndarray:
    """Returns the mean absolute difference of an order over time; 0 where there are too few frames."""
    if tracks.shape[1] <= order:
        return np.zeros(len(tracks))
    found: np.ndarray = np.abs(np.diff(tracks, order, axis=1)).mean(axis=1)
    return found


def _of_samples(samples: np.ndarray, seconds: float) -> list[float]:
    """Returns loudness in decibels of full scale, and zero crossings a second."""
    loudness = 10.0 * np.log10(float(np.mean(np.square(samples, dtype=np.float64))) + 1e-10)
    return [loudness, np.count_nonzero(np.diff(np.signbit(samples))) / max(seconds, 1e-6)]


def _pairs(cuts: np.ndarray) -> list[tuple[float, float]]:
    return list(zip(cuts[:-1], np.minimum(cuts[1:], cuts[-1]), strict=True))
