"""Clips come as their files hold them: every format, one channel, any rate; what is none says so."""

import io

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from pipeline.errors import DataError
from pipeline.inputs.sound.broken import usable_clips
from pipeline.inputs.sound.decoding import MAX_SAMPLES, clip_length, decode_clip, resample

RATE = 8000
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(4000) / RATE)).astype(np.float32)


def file_of(samples, kind="WAV", rate=RATE, subtype=None):
    target = io.BytesIO()
    soundfile.write(target, samples, rate, format=kind, subtype=subtype)
    return target.getvalue()


@pytest.mark.parametrize(
    ("kind", "error"), [("WAV", 1e-4), ("FLAC", 1e-4), ("AIFF", 1e-4), ("OGG", 0.05), ("MP3", 0.05)]
)
def test_formats_give_the_same_samples(kind, error):
    samples, rate = decode_clip(file_of(TONE, kind), "a")
    assert (samples.dtype, rate) == (np.float32, RATE)
    middle = slice(1000, 3000)  # lossy formats have their own beginnings
    np.testing.assert_allclose(samples[middle], TONE[middle], atol=error)
    assert clip_length(file_of(TONE, kind), "a") == (len(samples), RATE)


def test_channels_become_their_mean():
    stereo = np.stack([TONE, -0.5 * TONE], axis=1)
    samples, _ = decode_clip(file_of(stereo, subtype="FLOAT"), "a")
    np.testing.assert_allclose(samples, 0.25 * TONE, atol=1e-6)


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 16000), (44100, 16000), (48000, 22050), (2000, 2000)])
def test_resampling_is_that_of_scipy(rate, wanted):
    common = np.gcd(rate, wanted)
    expected = resample_poly(TONE, wanted // common, rate // common)
    found = resample(TONE, rate, wanted)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_tone_keeps_its_frequency():
    found = resample(TONE, RATE, 5000)
    assert np.abs(np.fft.rfft(found)).argmax() * 5000 / len(found) == pytest.approx(440)


BROKEN = {
    "empty.wav": (b"", "the file is empty"),
    "text.wav": (b"no sound at all, but text", "no sound of a format"),
    "nothing.wav": (file_of(TONE[:0]), "it holds no samples"),
    "numbers.wav": (file_of(np.full(9, np.nan), subtype="FLOAT"), "no numbers"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_clip_says_so(name):
    data, reason = BROKEN[name]
    with pytest.raises(DataError, match=f"^Clip '{name}' cannot be decoded: .*{reason}"):
        decode_clip(data, name)


def test_a_clip_too_long_is_refused(monkeypatch):
    monkeypatch.setattr("pipeline.inputs.sound.decoding.MAX_SAMPLES", 100)
    with pytest.raises(DataError, match=r"4,000 samples of 1 channels are more than the 100 allowed"):
        decode_clip(file_of(TONE), "a")
    assert MAX_SAMPLES > 100


def test_usable_clips_are_those_that_decode():
    files = {"good.wav": file_of(TONE), **{name: data for name, (data, _) in BROKEN.items()}}
    found = usable_clips(files.__getitem__, [*files, "lacking.wav"])
    assert found.tolist() == [True, *[False] * (len(BROKEN) + 1)]
