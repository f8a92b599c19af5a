"""Spectrograms change at random as sound does: moved and noisier, never mirrored."""

import numpy as np
import pytest

from pipeline.transforms.augment import make_augmenter
from pipeline.transforms.augment_spec import check_augmentation
from pipeline.transforms.spectrogram import SpectrogramAugmenter

RISING = np.zeros((24, 32, 1), np.uint8)
for _place in range(8, 24):
    RISING[24 - _place : 26 - _place, _place] = 255


def slope(image):
    rows, columns = np.nonzero(image[:, :, 0] > 180)
    return np.polyfit(columns, rows, 1)[0]


def test_equal_seeds_give_equal_changes_and_others_do_not():
    one, other = SpectrogramAugmenter(), make_augmenter("spectrogram")
    before = RISING.copy()
    first = one(RISING, 5)[0]
    np.testing.assert_array_equal(first, other(RISING, 5)[0])
    assert not np.array_equal(first, one(RISING, 6)[0])
    np.testing.assert_array_equal(RISING, before)
    assert (first.dtype, first.shape) == (np.uint8, RISING.shape)


def test_a_rising_tone_keeps_rising():
    changed = [SpectrogramAugmenter()(RISING, seed)[0] for seed in range(60)]
    seen = [image for image in changed if np.count_nonzero(image > 180) > 12]
    assert len(seen) > 40
    assert all(slope(image) < -0.4 for image in seen)


def test_it_is_a_set_by_name_that_moves_no_points():
    assert check_augmentation("spectrogram", "augment") == []
    assert "moves no points" in check_augmentation("spectrogram", "augment", points=True)[0]
    assert "Did you mean 'spectrogram'" in check_augmentation("spectogram", "augment")[0]
    with pytest.raises(ValueError, match="no points"):
        SpectrogramAugmenter()(RISING, 0, np.zeros((1, 2)))
