"""More than 8 bits become 8 by the range that training pictures use."""

import io
import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.errors import DataError
from pipeline.inputs.images.bands import find_intensity
from pipeline.inputs.images.broken import usable_pictures
from pipeline.inputs.images.decoding import decode, image_sizes
from pipeline.inputs.images.intensity import (
    AT_ONCE,
    Histogram,
    Intensity,
    may_be_deep,
    read_intensity,
    write_intensity,
)

GREY = np.random.default_rng(0).integers(0, 241, (24, 24))


def encode(values, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, kind)
    return buffer.getvalue()


def colour(values, suffix=".png"):
    return cv2.imencode(suffix, values[..., [2, 1, 0, *range(3, values.shape[2])]])[1].tobytes()


def found_in(*pictures, suffix="png"):
    files = {f"{number}.{suffix}": data for number, data in enumerate(pictures)}
    return find_intensity(files.__getitem__, list(files))


def stretched(values, low, high):
    return np.rint((np.clip(values, low, high) - low) * (255.0 / (high - low))).astype(np.uint8)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (GREY.astype(np.uint16), "PNG"),
        (GREY.astype(np.uint16) + 40_000, "TIFF"),
        (GREY.astype(np.uint16) * 17, "TIFF"),  # 12 bits
        (GREY.astype(np.uint16), "PPM"),
        (GREY.astype(np.int32) * 100_000 - 7, "TIFF"),
        ((GREY / 240).astype(np.float32), "TIFF"),
        ((GREY / -1e4).astype(np.float32), "TIFF"),
    ],
)
def test_the_range_in_use_becomes_black_to_white(values, kind):
    data = encode(values, kind)
    found = found_in(data, suffix=kind.lower())
    assert (found.low, found.high) == (values.min(), values.max())
    expected = stretched(values.astype(np.float64), found.low, found.high)
    np.testing.assert_array_equal(decode(data, 1, "a", found)[..., 0], expected)
    np.testing.assert_array_equal(decode(data, 3, "a", found), expected[..., None].repeat(3, axis=2))
    assert (expected.min(), expected.max()) == (0, 255)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_channels_of_a_colour_picture_share_one_range(suffix):
    values = np.stack([GREY, GREY // 2, 100 + GREY // 4], axis=-1).astype(np.uint16)
    data = colour(values, suffix)
    found = found_in(data)
    assert (found.low, found.high) == (0, 240)
    np.testing.assert_array_equal(decode(data, 3, "a", found), stretched(values, 0, 240))


def test_transparent_pixels_lie_on_white_and_have_no_part_in_the_range():
    values = np.full((2, 3, 4), 65535, np.uint16)
    values[..., :3] = 50
    values[0, 0] = [100, 0, 100, 65535]
    values[1, 1] = [60_000, 60_000, 60_000, 0]
    data = colour(values)
    found = found_in(data)
    assert (found.low, found.high) == (0, 100)
    seen = decode(data, 3, "a", found)
    np.testing.assert_array_equal(seen[0, 0], [255, 0, 255])
    np.testing.assert_array_equal(seen[1, 1], [255, 255, 255])


def test_what_is_no_number_is_black_and_has_no_part_in_the_range():
    values = (GREY - 120).astype(np.float32)
    values[0, :3] = [np.nan, np.inf, -np.inf]
    data = encode(values, "TIFF")
    found = found_in(data, suffix="tif")
    assert (found.low, found.high) == (-120, 120)
    assert decode(data, 1, "a", found)[0, :3, 0].tolist() == [0, 255, 0]


def test_few_pixels_that_lie_far_off_do_not_take_the_grey_levels_of_the_others():
    """A hot pixel of 65535 among values up to 240 left one colour to the others."""
    pictures = [GREY.astype(np.uint16) for _ in range(4)]
    pictures[0] = np.where(np.arange(576).reshape(24, 24) == 7, 65535, GREY).astype(np.uint16)
    found = found_in(*map(encode, pictures))
    assert (found.low, found.high, found.cut) == (0, 240, True)
    assert "cut off" in found.line()
    seen = decode(encode(pictures[0]), 1, "a", found)[..., 0]
    assert seen[0, 7] == 255
    np.testing.assert_array_equal(seen.flat[8:], stretched(GREY, 0, 240).flat[8:])


def test_a_few_bright_pixels_that_are_not_far_off_are_kept():
    values = GREY.astype(np.uint16)
    values[3, 3] = 500
    found = found_in(*[encode(values)] * 3)
    assert (found.low, found.high, found.cut) == (0, 500, False)


def test_pictures_of_eight_bits_stay_as_they_are_beside_deep_ones():
    deep, plain = encode(GREY.astype(np.uint16) * 17), encode(GREY.astype(np.uint8))
    found = found_in(deep, plain, plain)
    assert (found.low, found.high, found.deep, found.pictures) == (0, 17 * GREY.max(), 1, 3)
    assert found.line().startswith("1 of 3 training pictures have more than 8 bits: 0 to 4080 become black")
    np.testing.assert_array_equal(decode(plain, 1, "a", found)[..., 0], GREY)


def test_sets_of_eight_bits_have_no_range_and_none_is_decoded(monkeypatch):
    palette = io.BytesIO()
    Image.fromarray(GREY.astype(np.uint8)).convert("P").save(palette, "PNG")
    pictures = {
        "a.png": palette.getvalue(),
        "b.tif": encode(GREY.astype(np.uint8), "TIFF"),
        "c.png": encode(np.zeros((4, 4, 4), np.uint8)),
    }
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    assert find_intensity(pictures.__getitem__, list(pictures)) is None
    assert find_intensity(lambda name: pytest.fail("read"), ["a.jpg", "b.JPEG", "c.webp"]) is None


def test_test_and_new_pictures_are_scaled_by_what_training_holds():
    found = found_in(encode(GREY.astype(np.uint16)))
    brighter = np.array([[0, 120, 240, 65535]], np.uint16)
    assert decode(encode(brighter), 1, "a", found)[0, :, 0].tolist() == [0, 128, 255, 255]


def test_whole_numbers_beside_fractions_have_no_common_range():
    pictures = {"a.png": encode(GREY.astype(np.uint16)), "b.tif": encode((GREY / 240).astype("f4"), "TIFF")}
    with pytest.raises(DataError, match=r"1 training pictures hold whole numbers .*`data.intensity: \[LOW"):
        find_intensity(pictures.__getitem__, list(pictures))


def test_pictures_without_a_finite_number_are_refused():
    with pytest.raises(DataError, match="No pixel of the 1 training pictures"):
        found_in(encode(np.full((4, 4), np.nan, np.float32), "TIFF"), suffix="tif")


def test_all_broken_pictures_are_named():
    whole = colour(GREY[..., None].repeat(3, axis=2).astype(np.uint16))
    with pytest.raises(DataError, match=r"(?s)^2 of 3 pictures cannot be used.*'1.png'.*'2.png'"):
        found_in(whole, whole[: len(whole) // 2], b"nothing")


def test_pictures_whose_range_is_unknown_yet_are_not_broken():
    files = {
        "float.tif": encode((GREY / 240).astype("f4"), "TIFF"),
        "deep.png": encode(GREY.astype(np.uint16)),
        "whole.tif": encode(GREY.astype(np.int32), "TIFF"),
        "broken.tif": encode((GREY / 240).astype("f4"), "TIFF")[:600],
    }
    found = usable_pictures(files.__getitem__, [*files, "absent.tif"])
    assert found.tolist() == [True, True, True, False, False]


def test_pictures_of_fractions_are_grey_by_their_header():
    sizes, channels = image_sizes({"a": encode((GREY / 240).astype("f4"), "TIFF")}.__getitem__, ["a"])
    assert (sizes.tolist(), channels.tolist()) == ([[24, 24]], [1])


def test_a_constant_set_is_black():
    found = found_in(encode(np.full((4, 4), 300, np.uint16)))
    assert decode(encode(np.full((4, 4), 300, np.uint16)), 1, "a", found).max() == 0


def test_counting_and_scaling_hold_a_bounded_part_of_a_picture_as_wider_numbers():
    values = np.arange(6 * AT_ONCE, dtype=np.uint16).reshape(6, -1)
    tracemalloc.start()
    histogram = Histogram()
    histogram.add(values)
    histogram.intensity(1).eight_bits(values)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 64 * AT_ONCE  # of which 6 are the result; 6 x 8 and more if all of it were widened at once


def test_the_histogram_keeps_the_order_of_negative_and_positive_numbers():
    histogram = Histogram()
    histogram.add(np.linspace(-1e6, 1e-3, 10_000, dtype=np.float32))
    histogram.add(np.linspace(0, 1e6, 10_000, dtype=np.float32))
    low, high = histogram.between(0.05)
    np.testing.assert_allclose([low, high], [-9e5, 9e5], rtol=0.012)


def test_a_range_is_kept_in_a_product(tmp_path):
    for number, one in enumerate([Intensity(0, 9, 3, 4, (1, 8), True), Intensity(-1.5, 2.5), None]):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_intensity(one, folder)
        assert read_intensity(folder) == one


def test_formats_that_cannot_be_deep():
    assert not may_be_deep(["train/{label}/{id}.jpg", None, "test/{id}.JPEG"])
    assert may_be_deep(["images/{id}.jpg", "test/{id}.png"])
    assert may_be_deep(["images/{id}.*"])
