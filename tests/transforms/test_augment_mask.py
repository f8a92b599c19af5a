"""A mask is moved as its picture is."""

import numpy as np
import pytest

from pipeline.transforms.augment import Augmenter
from pipeline.transforms.augment_sets import SETS


def disc(centre=(12, 20), size=(32, 32), radius=6):
    down, across = np.mgrid[: size[0], : size[1]]
    return ((down - centre[0]) ** 2 + (across - centre[1]) ** 2 <= radius**2).astype(np.uint8)


@pytest.mark.parametrize(
    "spec", ["dihedral", "light", ["HorizontalFlip", {"RandomCrop": {"height": 20, "width": 24, "p": 1}}]]
)
def test_picture_and_mask_move_together(spec):
    mask = np.stack([disc(), disc(radius=3)], axis=2)
    image = np.repeat(mask[:, :, :1] * np.uint8(200), 3, axis=2)
    augmenter = Augmenter(spec)
    moved = 0
    for seed in range(12):
        picture, found = augmenter.with_mask(image, mask, seed)
        assert (picture.shape, found.shape) == (image.shape, mask.shape)
        assert set(np.unique(found)) <= {0, 1}
        bright = picture[:, :, 0] > picture.max() / 2
        union = (bright | (found[:, :, 0] > 0)).sum()
        assert not union or (bright & (found[:, :, 0] > 0)).sum() / union > 0.75
        moved += not np.array_equal(found, mask)
    assert moved > 5


def test_equal_seeds_give_equal_changes_and_the_picture_alone_the_same():
    augmenter, mask = Augmenter("dihedral"), disc()[:, :, None]
    image = np.repeat(mask * np.uint8(200), 3, axis=2)
    first, second = (augmenter.with_mask(image, mask, 7) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert np.array_equal(augmenter(image, 7)[0], first[0])


def test_nothing_is_done_where_nothing_is_asked():
    mask = disc()[:, :, None]
    assert Augmenter("none").with_mask(mask, mask, 0)[1] is mask
    assert "dihedral" in SETS
