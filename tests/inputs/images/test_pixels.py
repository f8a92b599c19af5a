import io

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.errors import DataError, StoreError
from pipeline.inputs.images.pixels import pixel_statistics, write_pixels
from pipeline.transforms.views import from_axis, from_boxes, whole
from pipeline.transforms.warp import warp


def encode(pixels, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def spot(size, point, spread=3.0):
    y, x = np.mgrid[: size[0], : size[1]]
    value = 255 * np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / (2 * spread**2))
    return value.astype(np.uint8)[:, :, None].repeat(3, axis=2)


def centre(picture):
    weight = picture.astype(float).mean(axis=2)
    weight[weight < 0.3 * weight.max()] = 0
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def written(tmp_path, pictures, views, channels=3, **options):
    path = tmp_path / "pixels.npy"
    write_pixels(path, pictures.__getitem__, list(pictures), views, channels, **options)
    return np.load(path, mmap_mode="r")


def test_pictures_of_the_views_size_come_back_as_they_are(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (70, 12, 16, 3), np.uint8)
    pictures = {f"{row}": encode(image) for row, image in enumerate(images)}
    reports = []
    pixels = written(
        tmp_path,
        pictures,
        whole(np.tile([12, 16], (70, 1)), (12, 16)),
        report=lambda done, text: reports.append((round(done, 2), text)),
    )
    assert isinstance(pixels, np.memmap)
    np.testing.assert_array_equal(pixels, images)
    assert reports == [(0.91, "preparing pictures 64/70"), (1.0, "preparing pictures 70/70")]


def test_grey_pictures_have_one_channel(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    pixels = written(tmp_path, {"a": encode(image)}, whole(np.array([[8, 8]]), (8, 8)), channels=1)
    np.testing.assert_array_equal(pixels[0, :, :, 0], image)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("view", ["whole", "letterbox", "box", "axis", "small axis"])
def test_a_spot_lands_where_the_view_says(tmp_path, kind, view):
    size, point = (431, 613), (250.0, 180.0)
    sizes = np.array([size])
    views = {
        "whole": whole(sizes, (96, 96)),
        "letterbox": whole(sizes, (96, 96), keep_aspect=True),
        "box": from_boxes([[150, 90, 420, 300]], sizes, (64, 80))[0],
        "axis": from_axis([[[330, 120], [180, 230]]], sizes, (64, 64))[0],
        "small axis": from_axis([[[270, 170], [235, 190]]], sizes, (64, 64))[0],
    }[view]
    image = spot(size, point, spread=2.0 if view == "small axis" else 10.0)
    pixels = written(tmp_path, {"a": encode(image, kind)}, views)
    np.testing.assert_allclose(centre(pixels[0]), views.apply([[point]])[0, 0], atol=0.5)


def test_reduced_decoding_changes_nothing_that_can_be_seen(tmp_path):
    """A JPEG decoded at 1/4 gives what the same pixels give without loss."""
    image = cv2.resize(np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8), (643, 481))
    views = from_axis([[[500, 300], [150, 150]]], [[481, 643]], (48, 48), width=1.5)[0]
    jpeg = written(tmp_path, {"a": encode(image, "JPEG", quality=98, subsampling=0)}, views)[0].astype(int)
    png = written(tmp_path, {"a": encode(image)}, views)[0].astype(int)
    assert np.abs(jpeg - png).mean() < 1.5


@pytest.mark.parametrize("turned", [False, True])
def test_shrinking_does_not_alias(turned):
    """Stripes finer than the network's pixels become an even grey, not coarser stripes."""
    image = np.zeros((330, 330, 1), np.uint8)
    image[:, ::2] = 255
    sizes = np.array([[330, 330]])
    views = from_axis([[[100, 120], [200, 180]]], sizes, (32, 32))[0] if turned else whole(sizes, (32, 32))
    shown = warp(image, views.affines[0], (32, 32)).astype(float)
    naive = cv2.warpAffine(image, views.affines[0], (32, 32)).astype(float)
    assert abs(shown.mean() - 127.5) < 3
    assert shown.std() < 10
    assert naive.std() > 3 * shown.std()


def test_the_border_is_what_was_asked_for():
    image = np.full((20, 20, 1), 200, np.uint8)
    image[:, :2] = 100
    view = from_boxes([[-10.5, -0.5, 9.5, 19.5]], [[20, 20]], (20, 20))[0].affines[0]
    columns = {
        border: warp(image, view, (20, 20), border)[10, :10, 0]
        for border in ("reflect", "replicate", "constant")
    }
    assert set(columns["replicate"]) == {100}
    assert set(columns["constant"]) == {0}
    assert columns["reflect"].tolist() == [200] * 9 + [100]


def test_a_view_that_reaches_far_beyond_its_picture_stays_cheap(monkeypatch):
    sizes, real = [], cv2.warpAffine
    monkeypatch.setattr(cv2, "warpAffine", lambda *args, **more: sizes.append(args[2]) or real(*args, **more))
    affine = np.array([[0.001, 0, 5], [0, 0.001, 5]])
    assert warp(np.full((10, 10, 3), 50, np.uint8), affine, (16, 16)).shape == (16, 16, 3)
    assert sizes == [(32, 32)]  # sampling each source pixel would take 16,000 x 16,000


def test_every_broken_picture_is_named_and_no_file_is_left(tmp_path):
    good = encode(spot((16, 16), (8, 8)))
    pictures = {f"{n}.png": b"" if n < 3 else good for n in range(9)}
    views = whole(np.tile([16, 16], (9, 1)), (16, 16))
    with pytest.raises(DataError, match=r"(?s)^3 of 9 pictures.*'0.png'.*'1.png'.*'2.png' cannot be decoded"):
        written(tmp_path, pictures, views)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_no_file_is_left(tmp_path, monkeypatch):
    def full(descriptor, data, offset):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(StoreError, match=r"pixels.npy cannot be written: .*No space left on device"):
        written(tmp_path, {"a": encode(spot((8, 8), (4, 4)))}, whole(np.array([[8, 8]]), (8, 8)))
    assert list(tmp_path.iterdir()) == []


def test_writes_that_the_system_takes_in_parts_are_completed(tmp_path, monkeypatch):
    import os

    real = os.pwrite
    monkeypatch.setattr("os.pwrite", lambda file, data, offset: real(file, data[:100], offset))
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    pixels = written(tmp_path, {"a": encode(image)}, whole(np.array([[16, 16]]), (16, 16)))
    np.testing.assert_array_equal(pixels[0], image)


def test_names_and_views_must_match(tmp_path):
    with pytest.raises(ValueError, match="1 names and 2 views"):
        written(tmp_path, {"a": b""}, whole(np.array([[8, 8], [8, 8]]), (8, 8)))


@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_are_those_of_the_rows_asked_for(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 9, 7, channels), np.uint8)
    pixels[..., 0] //= 3
    rows = np.array([5, 2, 31, 17])
    mean, std = pixel_statistics(pixels, rows)
    assert mean.dtype == std.dtype == np.float32
    np.testing.assert_allclose(mean, pixels[rows].mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(std, pixels[rows].std(axis=(0, 1, 2)), rtol=1e-6)


def test_statistics_are_the_same_in_chunks(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 9, 7, 3), np.uint8)
    expected = pixel_statistics(pixels, np.arange(40))
    monkeypatch.setattr("pipeline.inputs.images.pixels.CHUNK_BYTES", 1000)
    np.testing.assert_array_equal(pixel_statistics(pixels, np.arange(40)), expected)


def test_statistics_of_a_constant_picture_have_no_deviation():
    mean, std = pixel_statistics(np.full((3, 4, 4, 1), 7, np.uint8), np.arange(3))
    assert (mean[0], std[0]) == (7.0, 0.0)
    with pytest.raises(ValueError, match="at least one row"):
        pixel_statistics(np.zeros((3, 4, 4, 1), np.uint8), np.array([], int))
