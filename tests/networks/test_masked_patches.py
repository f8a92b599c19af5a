"""Masked patches: whole ones are hidden, what they hide is asked for, and a decoder draws it."""

import numpy as np
import pytest

from pipeline.data.joined import joined
from pipeline.networks.building import build_map
from pipeline.networks.keras_import import load_keras
from pipeline.networks.masked_patches import MaskedBatches, decoded, masked_error, masks
from pipeline.networks.structure import ExtractorStructure


def pictures(rows, seed):
    return np.random.default_rng(seed).integers(0, 256, (rows, 8, 8, 1), np.uint8)


def test_masks_are_whole_patches_in_their_share():
    hidden = masks(0.25, (2, 2), (8, 8), 5)
    assert hidden.sum() == 16
    blocks = hidden.reshape(4, 2, 4, 2).sum(axis=(1, 3))
    assert set(np.unique(blocks)) == {0, 4}
    assert not np.array_equal(hidden, masks(0.25, (2, 2), (8, 8), 6))
    assert masks(0.5, (1, 4), (1, 10), 0).shape == (1, 10)  # a series, its last patch cut
    assert masks(0.01, (4, 4), (8, 8), 0).sum() == 16  # one at least


def test_masked_patches_show_the_mean_and_the_target_what_they_hide():
    sides = [pictures(5, 0), pictures(3, 1)]
    source = MaskedBatches(joined(*sides), 0.5, (2, 2), np.array([100.4]), np.array([50.0]))
    rows = np.array([6, 0, 4])
    seen, target, _ = source(rows, np.array([1, 2, 3]))
    whole = np.stack([sides[1][1], sides[0][0], sides[0][4]])
    hidden = target[..., -1:] == 1
    assert hidden.mean() == 0.5
    assert (seen[hidden] == 100).all()
    np.testing.assert_array_equal(seen[~hidden], whole[~hidden])
    np.testing.assert_allclose(target[..., :-1], (whole - 100.4) / 50.0, rtol=1e-5)
    assert whole.max() == np.concatenate(sides)[[6, 0, 4]].max()  # the source is as it was


def test_only_what_is_masked_is_an_error():
    keras = load_keras()
    target = np.zeros((1, 2, 2, 2), np.float32)
    target[0, 0, 0] = [3.0, 1.0]
    output = np.full((1, 2, 2, 1), 1.0, np.float32)
    assert float(np.asarray(masked_error(keras)(target, output))[0]) == pytest.approx(4.0)


def test_a_decoder_draws_pictures_of_any_shape():
    keras = load_keras()
    for shape in ((9, 7, 2), (1, 30, 3)):
        body = build_map(ExtractorStructure("4C3s MP2 4C3s", 1.0, shape, "flatten", False, "float32"))
        assert decoded(keras, body.output, shape).shape == (None, *shape)
