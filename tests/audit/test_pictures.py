import io

import numpy as np
from PIL import Image

from pipeline.audit.pictures import SIDE, blank_pictures, picture_copies, small_pictures


def photo(seed):
    """A smooth picture, as photographs are."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
    return coarse.resize((120, 90), Image.Resampling.BICUBIC)


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_the_same_picture_in_another_size_format_and_quality_is_found():
    files = {f"{seed}.png": encoded(photo(seed)) for seed in range(40)}
    files["jpeg"] = encoded(photo(3), "JPEG", quality=60)
    files["small"] = encoded(photo(5).resize((60, 45)))
    files["same"] = encoded(photo(7))
    squares = small_pictures(files.__getitem__, list(files), lambda *_: None, 2)
    assert squares.shape == (43, SIDE, SIDE)
    copies = picture_copies(squares[:40], squares[40:])
    assert len(np.unique(copies.train)) == 40
    assert copies.test.tolist() == copies.train[[3, 5, 7]].tolist()


def test_blank_pictures_are_named_and_are_no_copies():
    squares = np.stack([np.full((SIDE, SIDE), 7, np.uint8)] * 2 + [np.eye(SIDE, dtype=np.uint8)])
    (found,) = blank_pictures(squares, ["a.png", "b.png", "c.png"])
    assert "2 pictures show one colour only: a.png, b.png." in found.text
    assert len(set(picture_copies(squares, squares[:0]).train.tolist())) == 3
    assert blank_pictures(squares[2:], ["c.png"]) == []


def test_different_pictures_are_different():
    squares = np.random.default_rng(0).integers(0, 256, (600, SIDE, SIDE), np.uint8)
    assert len(np.unique(picture_copies(squares[:400], squares[400:]).train)) == 400
