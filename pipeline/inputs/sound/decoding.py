"""Clips as they come: decoded, mixed to one channel, resampled; their lengths read from the headers."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pipeline.errors import DataError

MAX_SAMPLES = 400_000_000  # of one clip, all channels: an hour of stereo at 48 kHz has 346 million
HALF_LENGTH = 10  # of the filter, in samples of the slower rate: SciPy's own choice


def decode_clip(data: bytes, name: str) -> tuple[np.ndarray, int]:
    """Returns a clip's samples and their rate: float32 (samples,) within about -1 and 1, samples per second.

    Everything that libsndfile reads: WAV, FLAC, OGG (Vorbis and Opus), MP3, AIFF and more. Several channels
    become their mean.

    Args:
        data: the file's content.
        name: what an error calls the clip.

    Raises:
        DataError: no clip, a damaged or an empty one, values that are no numbers, or more than `MAX_SAMPLES`.
    """
    with _opened(data, name) as file:
        if file.frames * file.channels > MAX_SAMPLES:
            raise DataError(
                f"Clip {name!r} cannot be decoded: {file.frames:,} samples of {file.channels} channels are "
                f"more than the {MAX_SAMPLES:,} allowed."
            )
        try:
            samples = file.read(dtype="float32", always_2d=True)
        except Exception as error:  # a damaged file makes the library raise errors of several kinds
            raise DataError(f"Clip {name!r} cannot be decoded: {error}") from error
        rate = int(file.samplerate)
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
    if not len(mono):
        raise DataError(f"Clip {name!r} cannot be decoded: it holds no samples.")
    if not np.isfinite(mono).all():
        raise DataError(f"Clip {name!r} cannot be decoded: it holds values that are no numbers.")
    return mono, rate


def clip_length(data: bytes, name: str) -> tuple[int, int]:
    """Returns a clip's number of samples per channel and their rate, from its header.

    Raises:
        DataError: no clip, or a damaged one.
    """
    with _opened(data, name) as file:
        return int(file.frames), int(file.samplerate)


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Returns samples at another rate, float32, by a polyphase filter with linear phase.

    The filter is that of `scipy.signal.resample_poly`, a sinc under a Kaiser window of beta 5, made once
    for each pair of rates.

    Args:
        samples: float32 (samples,).
        rate: samples per second that they have.
        wanted: samples per second of the result.
    """
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    found: np.ndarray = resample_poly(samples, up, down, window=_filter(max(up, down)))
    return found.astype(np.float32, copy=False)


@functools.lru_cache(maxsize=64)
def _filter(factor: int) -> np.ndarray:
    from scipy.signal import firwin

    taps: np.ndarray = firwin(2 * HALF_LENGTH * factor + 1, 1.0 / factor, window=("kaiser", 5.0))
    return taps.astype(np.float32)


def fetch_clip(read: Callable[[str], bytes], name: str) -> bytes:
    """Returns a clip's bytes; raises DataError with its name where they cannot be read."""
    try:
        return read(name)
    except (OSError, KeyError) as error:
        raise DataError(f"Clip {name!r} cannot be read: {error!r}.") from error


def _opened(data: bytes, name: str) -> Any:
    """Returns the clip, its header read."""
    import soundfile

    if not data:
        raise DataError(f"Clip {name!r} cannot be decoded: the file is empty.")
    try:
        return soundfile.SoundFile(io.BytesIO(data))
    except Exception as error:  # as in decode_clip
        raise DataError(
            f"Clip {name!r} cannot be decoded: it is no sound of a format that libsndfile knows, or damaged."
        ) from error
