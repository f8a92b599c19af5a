import cv2
import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.transforms import test_time as ttas

COUNTS = {"none": 1, "flips": 2, "flips_both": 4, "dihedral": 8, "ten_crop": 10, "nudges": 5, "rotations": 36}


def test_the_sets_are_those_that_are_tested():
    assert set(ttas.TEST_TIME) == set(COUNTS)


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("size", [(32, 32), (24, 40)])
def test_points_found_in_a_shown_picture_come_back(name, size):
    ways = ttas.affines(name, size)
    assert ways.shape == (COUNTS[name], 2, 3)
    assert len(np.unique(ways.round(9), axis=0)) == len(ways)
    point = np.array([size[1] * 0.55, size[0] * 0.45]).round()
    y, x = np.mgrid[: size[0], : size[1]]
    picture = 255 * np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / 8.0)
    for way in ways:
        shown = ttas.apply_test_time(picture.astype(np.uint8)[None, :, :, None], way)[0, :, :, 0]
        landed = way @ [*point, 1.0]
        near = np.hypot(x - landed[0], y - landed[1]) < 7  # mirrored borders may show the spot again
        weight = np.where(near & (shown > 80), shown.astype(float), 0)
        seen = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        np.testing.assert_allclose(seen, landed, atol=0.5)
        np.testing.assert_allclose(ttas.undo(landed[None, None], way)[0, 0], point, atol=1e-9)


@pytest.mark.parametrize("name", ["flips", "flips_both", "dihedral"])
def test_exact_ways_agree_with_the_warp(name):
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)
    for way in ttas.affines(name, (16, 16)):
        expected = np.stack([cv2.warpAffine(image, way, (16, 16)) for image in images])
        np.testing.assert_array_equal(ttas.apply_test_time(images, way), expected)


def test_a_dihedral_set_fills_pictures_that_are_not_square():
    images = np.full((1, 12, 20, 1), 200, np.uint8)
    for way in ttas.affines("dihedral", (12, 20)):
        shown = ttas.apply_test_time(images, way)
        assert shown.shape == images.shape
        corners = ttas.undo(np.array([[[-0.5, -0.5], [19.5, 11.5]]]), way)
        np.testing.assert_allclose(np.sort(corners[0], axis=0), [[-0.5, -0.5], [19.5, 11.5]], atol=1e-9)


@pytest.mark.parametrize("name", [name for name in COUNTS if name != "ten_crop"])
def test_the_first_way_shows_the_picture_as_it_is(name):
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 20, 3), np.uint8)
    np.testing.assert_array_equal(ttas.apply_test_time(images, ttas.affines(name, (16, 20))[0]), images)


def test_ten_crops_are_the_centre_and_the_corners():
    size = 32
    ends = np.array([[[-0.5, -0.5], [size - 0.5, size - 0.5]]])
    spans = [np.sort(ttas.undo(ends, way)[0], axis=0) for way in ttas.affines("ten_crop", (size, size))]
    starts = {tuple(span[0].round(6)) for span in spans}
    assert starts == {(-0.5, -0.5), (3.5, -0.5), (-0.5, 3.5), (3.5, 3.5), (1.5, 1.5)}
    assert all(np.allclose(span[1] - span[0], 28) for span in spans)


def test_an_unknown_set_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"Unknown test-time set 'flip'. Did you mean 'flips'\?"):
        ttas.affines("flip", (8, 8))
