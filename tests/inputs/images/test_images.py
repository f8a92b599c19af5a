import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from pipeline.errors import DataError
from pipeline.inputs.images.decoding import (
    MAX_PIXELS,
    decode,
    decode_reduced,
    dominant_channels,
    image_sizes,
)

COLOURS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
SMOOTH = np.linspace(0, 255, 64 * 96).reshape(64, 96, 1).repeat(3, axis=2).astype(np.uint8)


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(pixels, **options):
    return encode(Image.fromarray(pixels), **options)


def oriented(turn, kind="PNG", pixels=COLOURS):
    exif = Image.Exif()
    exif[0x0112] = turn
    return encode(Image.fromarray(pixels), kind, exif=exif)


def bomb(width, height):
    """A PNG of a few bytes that claims to be of that size."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_colour_comes_back_as_rgb(kind):
    np.testing.assert_array_equal(decode(encode(Image.fromarray(COLOURS), kind), 3, "a"), COLOURS)


def test_a_jpeg_is_near_what_went_in():
    found = decode(encode(Image.fromarray(SMOOTH), "JPEG", quality=95), 3, "a")
    assert np.abs(found.astype(int) - SMOOTH).max() < 6


def test_colour_becomes_grey_by_luma_and_grey_becomes_three_equal_channels():
    grey = decode(png(COLOURS), 1, "a")
    assert grey.shape == (12, 20, 1)
    np.testing.assert_allclose(grey[..., 0], COLOURS @ [0.299, 0.587, 0.114], atol=1)
    tripled = decode(png(grey[..., 0]), 3, "a")
    np.testing.assert_array_equal(tripled, grey.repeat(3, axis=2))


def test_transparent_parts_lie_on_white():
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[0, :, 3] = [255, 128, 0]
    found = decode(png(pixels), 3, "a")[0]
    np.testing.assert_allclose(found, [[200, 0, 0], [227, 127, 127], [255, 255, 255]], atol=1)


def test_a_palette_keeps_its_colours_and_its_transparent_one_is_white():
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode="P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    np.testing.assert_array_equal(decode(encode(image), 3, "a")[0], np.eye(3) * 255)
    for kind in ("PNG", "GIF"):
        found = decode(encode(image, kind, transparency=1), 3, "a")[0]
        np.testing.assert_array_equal(found, [[255, 0, 0], [255, 255, 255], [0, 0, 255]])


def test_sixteen_bits_keep_their_upper_eight():
    deep = np.array([[0, 255, 256, 40000, 65535]], np.uint16)
    expected = np.array([[0, 0, 1, 156, 255]])
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(decode(encode(Image.fromarray(deep), kind), 1, "a")[..., 0], expected)


def test_sixteen_bit_colour_keeps_its_upper_eight_too():
    deep = np.random.default_rng(0).integers(0, 65536, (4, 5, 3), np.uint16)
    data = cv2.imencode(".png", deep[..., ::-1])[1].tobytes()
    np.testing.assert_array_equal(decode(data, 3, "a"), deep >> 8)


def test_one_bit_and_cmyk_are_read():
    bits = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")
    np.testing.assert_array_equal(decode(encode(bits), 1, "a")[0, :, 0], [0, 255])
    ink = Image.fromarray(SMOOTH).convert("CMYK")
    assert np.abs(decode(encode(ink, "JPEG", quality=95), 3, "a").astype(int) - SMOOTH).max() < 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_honoured_by_pixels_and_sizes_alike(turn, kind):
    stored = COLOURS
    upright = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1),
        7: np.rot90(stored, 2).transpose(1, 0, 2),
        8: np.rot90(stored),
    }[turn]
    data = oriented(turn, kind)
    np.testing.assert_array_equal(decode(data, 3, "a"), upright)
    sizes, _ = image_sizes({"a": data}.__getitem__, ["a"])
    assert tuple(sizes[0]) == upright.shape[:2]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_truncated_picture_is_refused_by_name(kind, share):
    data = encode(Image.fromarray(COLOURS.repeat(8, axis=0).repeat(8, axis=1)), kind)
    with pytest.raises(DataError, match=r"Picture 'whale.x' cannot be decoded: "):
        decode(data[: int(len(data) * share)], 3, "whale.x")


@pytest.mark.parametrize("data", [b"", b"\x00" * 40, b"<html>not found</html>"])
def test_what_is_no_picture_is_refused_by_name(data):
    with pytest.raises(
        DataError, match=r"Picture 'a' cannot be decoded: (the file is empty|it is not a picture)"
    ):
        decode(data, 3, "a")


def test_a_picture_with_a_damaged_chunk_is_refused():
    data = bytearray(png(COLOURS))
    data[len(data) // 2] ^= 255
    with pytest.raises(DataError, match="Picture 'a' cannot be decoded"):
        decode(bytes(data), 3, "a")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_001, 50_000])
def test_a_huge_picture_is_refused_before_it_is_decoded(side, monkeypatch):
    data = bomb(side, side)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    assert side * side > MAX_PIXELS
    with pytest.raises(DataError, match=r"Picture 'a' cannot be decoded: .* pixels are more than the"):
        decode(data, 3, "a")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_header_of_a_picture_beyond_all_bounds_is_refused():
    read = {"a": bomb(50_000, 50_000)}.__getitem__
    with pytest.raises(DataError, match=r"Picture 'a' cannot be decoded: .* than the 2,000,000,000 allowed"):
        image_sizes(read, ["a"])


def test_numbers_of_no_known_range_are_refused():
    data = encode(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF")
    with pytest.raises(DataError, match=r"32-bit numbers \(mode F\)"):
        decode(data, 1, "a")


@pytest.mark.parametrize(("reduction", "factor"), [(1, 1), (2, 2), (3, 2), (4, 4), (8, 8), (20, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_is_decoded_smaller_as_means_of_its_pixels(reduction, factor, channels):
    data = encode(Image.fromarray(SMOOTH), "JPEG", quality=95)
    found, by = decode_reduced(data, channels, "a", reduction)
    assert by == factor
    assert found.shape == (64 // factor, 96 // factor, channels)
    means = SMOOTH[:, :, :1].reshape(64 // factor, factor, 96 // factor, factor).mean(axis=(1, 3))
    assert np.abs(found - means[:, :, None]).max() < 6


def test_only_jpegs_that_lose_no_part_are_reduced():
    assert decode_reduced(png(SMOOTH), 3, "a", 4)[1] == 1
    assert decode_reduced(oriented(6, "JPEG", SMOOTH), 3, "a", 4)[1] == 4
    assert decode_reduced(oriented(6, "JPEG", SMOOTH[:61]), 3, "a", 4)[1] == 1


def test_sizes_and_channels_are_read_from_headers():
    grey_palette = Image.fromarray(np.zeros((3, 4), np.uint8), mode="P")
    grey_palette.putpalette([0, 0, 0, 9, 9, 9])
    pictures = {
        "colour": png(COLOURS),
        "grey": png(COLOURS[..., 0]),
        "deep": encode(Image.fromarray(np.zeros((5, 6), np.uint16))),
        "palette": encode(grey_palette),
        "jpeg": encode(Image.fromarray(SMOOTH), "JPEG"),
    }
    reports = []
    sizes, channels = image_sizes(
        pictures.__getitem__, list(pictures), report=lambda done, text: reports.append((done, text))
    )
    assert sizes.dtype == np.int32
    assert sizes.tolist() == [[12, 20], [12, 20], [5, 6], [3, 4], [64, 96]]
    assert channels.tolist() == [3, 1, 1, 1, 3]
    assert reports == [(1.0, "reading sizes 5/5")]
    assert dominant_channels(channels) == 3
    assert dominant_channels(channels[1:4]) == 1


def test_sizes_do_not_decode(monkeypatch):
    data = png(COLOURS)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    sizes, _ = image_sizes({"a": data}.__getitem__, ["a"])
    assert sizes.tolist() == [[12, 20]]


def test_all_broken_pictures_are_named_in_one_error():
    pictures = {f"{n}.png": png(COLOURS) if n % 2 else b"broken" for n in range(24)}
    names = [*pictures, "absent.png"]
    with pytest.raises(DataError, match=r"^13 of 25 pictures cannot be used") as caught:
        image_sizes(pictures.__getitem__, names)
    message = str(caught.value)
    assert message.count("Picture '") == 8
    assert "'0.png'" in message
    assert "'1.png'" not in message
    assert message.endswith("and 5 more")


def test_an_absent_picture_is_named():
    with pytest.raises(DataError, match="Picture 'absent' cannot be read"):
        image_sizes({}.__getitem__, ["absent"])
