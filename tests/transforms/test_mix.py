import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.transforms.mix import mix_batch


def batch(dtype=np.uint8):
    """Pictures of one value each, so that their share in a mix can be read off."""
    values = np.array([0, 40, 80, 120, 160, 200])
    images = np.broadcast_to(values[:, None, None, None], (6, 20, 16, 3)).astype(dtype)
    return images, np.eye(6, dtype=np.float32), values


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_targets_take_the_share_that_the_picture_shows(kind, dtype, alpha):
    images, targets, values = batch(dtype)
    mixed, shares = mix_batch(kind, images, targets, np.random.default_rng(0), alpha)
    assert mixed.dtype == dtype
    assert mixed.shape == images.shape
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), shares @ values, atol=0.51)
    assert (np.abs(shares - targets) > 0.01).any()


def test_cutmix_lays_a_rectangle_and_leaves_the_rest():
    images, targets, _ = batch()
    mixed, _ = mix_batch("cutmix", images, targets, np.random.default_rng(3), 1.0)
    for before, after in zip(images, mixed, strict=True):
        rows, columns = np.nonzero((after != before).any(axis=2))
        if len(rows):
            assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
            assert len(np.unique(after)) == 2


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_the_batch_given_is_left_as_it_was_and_equal_seeds_mix_equally(kind):
    images, targets, _ = batch()
    kept = images.copy()
    one = mix_batch(kind, images, targets, np.random.default_rng(5), 1.0)
    two = mix_batch(kind, images, targets, np.random.default_rng(5), 1.0)
    np.testing.assert_array_equal(images, kept)
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


def test_none_changes_nothing():
    images, targets, _ = batch()
    mixed, same = mix_batch("none", images, targets, np.random.default_rng(0))
    assert mixed is images
    assert same is targets


def test_wrong_settings_are_refused():
    images, targets, _ = batch()
    with pytest.raises(ConfigError, match=r"Unknown mix 'mixip'. Did you mean 'mixup'\?"):
        mix_batch("mixip", images, targets, np.random.default_rng(0))
    with pytest.raises(ConfigError, match=r"alpha of mixup must be over 0. Received: 0"):
        mix_batch("mixup", images, targets, np.random.default_rng(0), 0)
