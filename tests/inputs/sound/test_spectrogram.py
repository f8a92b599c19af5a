"""Spectrograms and statistics: the formula's bands, windows of any clip, silence, nothing of other clips."""

import numpy as np
import pytest

from pipeline.config.sound_section import SoundConfig
from pipeline.errors import ConfigError
from pipeline.inputs.sound.mel import decibels, hertz_to_mel, mel_filters, mel_power, mel_to_hertz, most_mels
from pipeline.inputs.sound.spectrogram import spectrograms
from pipeline.inputs.sound.statistics import statistic_names, statistics

CONFIG = SoundConfig(path="{id}.wav", sample_rate=8000, seconds=0.5, n_mels=40)


def tone(hertz, seconds, rate=8000):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def test_mel_is_that_of_the_formula():
    assert hertz_to_mel(1000.0) == pytest.approx(999.99, abs=0.01)
    np.testing.assert_allclose(
        mel_to_hertz(hertz_to_mel(np.array([0.0, 50, 8000]))), [0, 50, 8000], atol=1e-9
    )


def test_filters_are_triangles_between_their_neighbours():
    filters = mel_filters(8000, 512, 10, 100.0, 3500.0)
    edges = mel_to_hertz(np.linspace(hertz_to_mel(100), hertz_to_mel(3500), 12))
    for band in range(10):
        low, middle, high = edges[band : band + 3]
        for place in range(257):
            hertz = place * 8000 / 512
            expected = max(0.0, min((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
            assert filters[band, place] == pytest.approx(expected, abs=1e-6)


def test_bands_too_narrow_are_refused():
    with pytest.raises(ConfigError, match=r"`data\.sound\.n_mels`: of 100 bands .* at most \d+ are not"):
        mel_filters(8000, 256, 100, 0.0, 4000.0)
    fitting = most_mels(8000, 256, 0.0, 4000.0, 100)
    assert mel_filters(8000, 256, fitting, 0.0, 4000.0).any(axis=1).all()
    with pytest.raises(ConfigError, match="fmax at most 4000 Hz"):
        mel_filters(8000, 256, 10, 0.0, 5000.0)


def test_power_is_that_of_one_window_at_a_time():
    samples = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    config = SoundConfig(
        path="{id}.wav", sample_rate=8000, n_mels=12, win_length=200, n_fft=256, hop_length=80
    )
    found = mel_power(samples, config)
    padded = np.concatenate([np.zeros(100), samples, np.zeros(100)])
    window = np.hanning(201)[:-1] / np.hanning(201)[:-1].sum()
    assert found.shape == (12, 3000 // 80 + 1)
    for frame in (0, 7, found.shape[1] - 1):
        spectrum = np.fft.rfft(padded[frame * 80 : frame * 80 + 200] * window, 256)
        expected = mel_filters(8000, 256, 12, 0.0, 4000.0) @ np.abs(spectrum) ** 2
        np.testing.assert_allclose(found[:, frame], expected, rtol=1e-3, atol=1e-9)


def test_a_tone_is_a_line_at_its_band():
    (picture,) = spectrograms(tone(1000, 1.0), CONFIG)
    assert (picture.dtype, picture.shape) == (np.uint8, (40, CONFIG.frames))
    middles = mel_to_hertz(np.linspace(0, hertz_to_mel(4000), 42))[1:-1]
    assert set(picture.argmax(axis=0)) == {39 - int(np.abs(middles - 1000).argmin())}


def test_loudness_does_not_count():
    samples = tone(700, 0.3) + np.random.default_rng(0).normal(0, 0.1, 2400).astype(np.float32)
    np.testing.assert_allclose(
        spectrograms(samples, CONFIG).astype(int), spectrograms(0.01 * samples, CONFIG).astype(int), atol=1
    )


def test_a_short_clip_stands_in_the_middle_of_silence():
    (picture,) = spectrograms(tone(1000, 0.1), CONFIG)
    heard = np.flatnonzero(picture.max(axis=0))
    assert abs((heard[0] + heard[-1]) / 2 - (CONFIG.frames - 1) / 2) <= 1
    assert heard[-1] - heard[0] < CONFIG.frames / 3


def test_windows_reach_from_the_beginning_to_the_end():
    rising = np.concatenate([tone(hertz, 0.5) for hertz in (500, 1000, 2000, 3000)])
    config = CONFIG.model_copy(update={"windows": 4})
    loudest = [np.bincount(one.argmax(axis=0)).argmax() for one in spectrograms(rising, config)]
    assert loudest == sorted(loudest, reverse=True)
    assert len(set(loudest)) == 4
    assert spectrograms(tone(500, 0.1), config).shape == (4, 40, config.frames)


@pytest.mark.parametrize("samples", [np.zeros(4000, np.float32), np.zeros(1, np.float32), tone(900, 2.5)])
def test_silence_and_any_length_have_finite_statistics(samples):
    found = statistics(samples, CONFIG)
    assert found.shape == (len(statistic_names(CONFIG)),)
    assert len(set(statistic_names(CONFIG))) == len(found)
    assert np.isfinite(found).all()
    assert spectrograms(samples, CONFIG).shape == (1, 40, CONFIG.frames)


def test_a_window_finds_the_sound_in_a_clip_that_is_mostly_silent():
    samples = np.concatenate([np.zeros(10_000, np.float32), tone(1000, 0.4), np.zeros(800, np.float32)])
    config = CONFIG.model_copy(update={"trim": 35.0})
    assert spectrograms(samples, CONFIG).max() == 0
    (picture,) = spectrograms(samples, config)
    assert (picture.max(axis=0) > 128).sum() > 0.7 * config.frames
    assert spectrograms(np.zeros(4000, np.float32), config).max() == 0


def test_silence_is_black():
    assert spectrograms(np.zeros(4000, np.float32), CONFIG).max() == 0
    assert (decibels(np.zeros((3, 4), np.float32)) == -80).all()


def test_statistics_are_what_their_names_say():
    samples = np.concatenate([tone(500, 1.0), tone(2500, 1.0)])
    said = dict(zip(statistic_names(CONFIG), statistics(samples, CONFIG), strict=True))
    assert said["seconds"] == 2.0
    assert said["centroid_part0"] < 0 < said["centroid_part7"]
    assert said["crossings"] == pytest.approx(3000, rel=0.01)
    assert said["sounding"] == 1.0
    assert said["loudness"] == pytest.approx(-3.01, abs=0.01)


def test_a_transform_shorter_than_its_window_is_refused():
    with pytest.raises(ValueError, match=r"n_fft \(128\) is at least its win_length \(256\)"):
        SoundConfig(path="{id}.wav", sample_rate=8000, n_fft=128)
