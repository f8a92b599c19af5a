"""Pictures are read in bands as they are read whole, whatever their format and writing."""

import io
import itertools
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.errors import DataError
from pipeline.inputs.images import bands as reading
from pipeline.inputs.images import canvas, pixels
from pipeline.inputs.images.bands import bands, decode_at_most, decode_shrunk, find_intensity
from pipeline.inputs.images.canvas import reflected, write_canvas
from pipeline.inputs.images.decoding import decode, image_sizes
from pipeline.inputs.images.intensity import Intensity
from pipeline.inputs.images.pixels import pixel_statistics, write_pixels
from pipeline.inputs.images.png_bands import png_bands
from pipeline.transforms.views import upper_left

rng = np.random.default_rng(0)
SIZE = (131, 97)
COLOURS = cv2.resize(rng.integers(0, 256, (12, 9, 4), np.uint8), SIZE[::-1])
RGB, GREY = COLOURS[..., :3].copy(), COLOURS[..., 0].copy()
DEEP = GREY.astype(np.uint16) * 200
KINDS = {
    "rgb": RGB,
    "grey": GREY,
    "rgba": COLOURS,
    "grey alpha": np.ascontiguousarray(COLOURS[..., 2:]),
    "16 bit": DEEP,
    "palette": Image.fromarray(RGB).quantize(50),
    "1 bit": Image.fromarray(GREY).convert("1"),
}


def encode(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiled(picture, side=32, wide=False, separate=False):
    """Returns a TIFF of compressed tiles, with the numbers of BigTIFF or not, colours together or apart."""
    height, width, colours = picture.shape
    padded = np.pad(picture, ((0, -height % side), (0, -width % side), (0, 0)))
    planes = [padded[..., k : k + 1] for k in range(colours)] if separate else [padded]
    tiles = [
        zlib.compress(plane[y : y + side, x : x + side].tobytes())
        for plane in planes
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]
    start = 16 if wide else 8
    starts = np.cumsum([start, *map(len, tiles)])
    facts = {256: [width], 257: [height], 258: [8] * colours, 259: [8], 262: [2], 277: [colours]}
    facts |= {284: [2 if separate else 1], 322: [side], 323: [side]}
    facts |= {324: starts[:-1].tolist(), 325: [len(one) for one in tiles]}
    body, entries = b"".join(tiles), b""
    for tag, numbers in sorted(facts.items()):
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        most, letter = (8, "Q") if wide else (4, "I")
        if len(packed) > most:
            packed, body = struct.pack("<" + letter, start + len(body)), body + packed
        entries += struct.pack(f"<HH{letter}", tag, 4, len(numbers)) + packed.ljust(most, b"\0")
    if wide:
        head = b"II" + struct.pack("<HHHQ", 43, 8, 0, start + len(body))
        return head + body + struct.pack("<Q", len(facts)) + entries + bytes(8)
    return (
        b"II"
        + struct.pack("<HI", 42, start + len(body))
        + body
        + struct.pack("<H", len(facts))
        + entries
        + bytes(4)
    )


@pytest.fixture
def narrow(monkeypatch):
    """Bands of 13 rows."""
    monkeypatch.setattr(reading, "BAND", 13 * SIZE[1])


def same(data, channels, least=2, intensity=None):
    """Asserts that there are several bands, and that together they are the picture."""
    found = list(bands(data, channels, "a", intensity))
    assert len(found) >= least
    np.testing.assert_array_equal(np.concatenate(found), decode(data, channels, "a", intensity))


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_png_in_bands_is_the_whole_one(kind, channels):
    same(encode(KINDS[kind]), channels)


@pytest.mark.usefixtures("narrow")
def test_a_png_with_a_transparent_colour_is_the_whole_one():
    same(encode(KINDS["palette"], transparency=3), 3)
    same(encode(GREY, transparency=int(GREY[50, 50])), 3)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "kind, written",
    [
        *itertools.product(
            ["rgb", "grey", "16 bit", "palette", "1 bit"],
            [None, "packbits", "tiff_lzw", "tiff_adobe_deflate"],
        ),
        *itertools.product(["rgb", "grey"], ["jpeg"]),
    ],
)
def test_a_tiff_of_strips_in_bands_is_the_whole_one(kind, written, channels):
    same(encode(KINDS[kind], "TIFF", compression=written, strip_size=97 * 4), channels)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("separate", [False, True])
def test_a_tiff_of_tiles_in_bands_is_the_whole_one(wide, separate):
    data = tiled(RGB, wide=wide, separate=separate)
    np.testing.assert_array_equal(decode(data, 3, "a"), RGB)
    same(data, 3, least=5)


@pytest.mark.usefixtures("narrow")
def test_numbers_of_32_bits_in_bands_are_the_whole_ones():
    same(encode(GREY / np.float32(3), "TIFF"), 1, intensity=Intensity(5.0, 70.0))


@pytest.mark.usefixtures("narrow")
def test_what_cannot_be_read_in_parts_is_one_band():
    exif = Image.Exif()
    exif[0x0112] = 6
    for data in (
        encode(RGB, "JPEG"),
        encode(RGB, "PNG", exif=exif),
        encode(RGB, "TIFF", compression="tiff_lzw"),
    ):
        found = list(bands(data, 3, "a"))
        assert len(found) == 1
        np.testing.assert_array_equal(found[0], decode(data, 3, "a"))
    turned = encode(RGB, "TIFF", exif=exif, strip_size=97 * 4)
    assert [len(one) for one in bands(turned, 3, "a")] == [97]
    laced = bytearray(encode(RGB))
    laced[28] = 1
    assert png_bands(io.BytesIO(bytes(laced)), 13) is None


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_file_that_ends_too_early_is_named(kind):
    data = encode(rng.integers(0, 256, (*SIZE, 3), np.uint8), kind)
    with pytest.raises(DataError, match=r"Picture 'a' cannot be decoded"):
        list(bands(data[: len(data) // 2], 3, "a"))


@pytest.mark.usefixtures("narrow")
def test_a_png_with_a_damaged_chunk_is_refused():
    data = bytearray(encode(RGB))
    data[-20] ^= 255  # of the checksum of the last rows
    with pytest.raises(DataError, match=r"Picture 'a' cannot be decoded: a chunk of it is damaged"):
        list(bands(bytes(data), 3, "a"))


@pytest.mark.usefixtures("narrow")
def test_the_range_of_deep_pictures_is_that_of_whole_ones(monkeypatch):
    files = {"a.png": encode(DEEP), "b.tif": encode(DEEP * 2, "TIFF"), "c.png": encode(GREY)}
    found = find_intensity(files.__getitem__, list(files))
    monkeypatch.setattr(reading, "BAND", 10**6)
    assert found == find_intensity(files.__getitem__, list(files))
    assert found.deep == 2


@pytest.mark.usefixtures("narrow")
def test_a_large_picture_is_seen_smaller_each_pixel_the_mean_of_a_square(monkeypatch):
    data = encode(RGB)
    monkeypatch.setattr(reading, "MAX_PIXELS", SIZE[0] * SIZE[1] - 1)
    found, factor = decode_shrunk(data, 3, "a", 4)
    assert factor == 4
    assert found.shape == (33, 25, 3)
    means = RGB[:128, :96].reshape(32, 4, 24, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(found[:32, :24], means, atol=1)
    assert decode_at_most(data, 1, "a", 4000).shape == (66, 49, 1)
    assert decode_at_most(data, 1, "a", 10**6).shape == (*SIZE, 1)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_large_jpeg_is_refused_by_its_header(monkeypatch):
    monkeypatch.setattr("pipeline.inputs.images.decoding.MAX_PIXELS", 10_000)
    said = "97 x 131 pixels are more than the 10,000 allowed of a picture of the format JPEG. TIFFs of strips"
    with pytest.raises(DataError, match=said):
        image_sizes({"a": encode(RGB, "JPEG")}.__getitem__, ["a"])
    assert image_sizes({"a": encode(RGB)}.__getitem__, ["a"])[0].tolist() == [list(SIZE)]


@pytest.mark.parametrize("band", [2**22, 150, 37])
def test_a_canvas_is_what_a_view_of_the_whole_picture_shows(tmp_path, monkeypatch, band):
    monkeypatch.setattr(reading, "BAND", band)
    monkeypatch.setattr(canvas, "BAND", band)
    sizes = np.array([(40, 50), (17, 50), (40, 9), (1, 1), (3, 2), (60, 30), (13, 7)])
    files = {f"{row}": encode(rng.integers(0, 256, (*size, 3), np.uint8)) for row, size in enumerate(sizes)}
    views = upper_left(sizes, (40, 50))
    write_pixels(tmp_path / "a.npy", files.__getitem__, list(files), views, 3)
    write_canvas(tmp_path / "b.npy", files.__getitem__, list(files), views, sizes, 3)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), np.load(tmp_path / "a.npy"))
    assert reflected(1, 3).tolist() == [0, 0, 0]


@pytest.mark.usefixtures("narrow")
def test_a_canvas_holds_no_more_than_a_band(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(reading, "decode", lambda *asked: seen.append(decode(*asked)) or seen[-1])
    sizes = np.array([SIZE])
    write_canvas(tmp_path / "a.npy", lambda name: encode(RGB), ["a"], upper_left(sizes, SIZE), sizes, 3)
    assert max(len(one) for one in seen) == 13
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy")[0], RGB)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_statistics_of_large_pictures_are_counted_a_part_at_a_time(monkeypatch, kind):
    shown = rng.integers(0, 256, (3, 20, 30, 2)).astype(kind)
    whole = pixel_statistics(shown, np.array([2, 0]))
    monkeypatch.setattr(pixels, "CHUNK_BYTES", 500)
    np.testing.assert_allclose(pixel_statistics(shown, np.array([2, 0])), whole, rtol=1e-6)
