"""Masks that do not lie on their pictures are said; those that do, or that tell nothing, are not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.audit.shifted_masks import FEWEST, shifted_masks
from pipeline.registry import TASKS
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import RunLengths

ROWS = 40


def contest(size=(60, 84), strength=60):
    """Returns masks of two discs each, and pictures of noise on which they are brighter by so much."""
    random, down, across = np.random.default_rng(0), *np.mgrid[: size[0], : size[1]]
    masks, pictures = [], {}
    for row in range(ROWS):
        mask = np.zeros(size, np.uint8)
        for _ in range(2):
            y, x = (random.integers(8, side - 8) for side in size)
            mask |= ((down - y) ** 2 + (across - x) ** 2 <= random.integers(4, 9) ** 2).astype(np.uint8)
        noise = cv2.GaussianBlur(random.normal(100, 60, size), (0, 0), 2.0)
        buffer = io.BytesIO()
        Image.fromarray(np.clip(noise + strength * mask, 0, 255).astype(np.uint8)).save(buffer, "PNG")
        masks.append(mask)
        pictures[f"{row}"] = buffer.getvalue()
    return masks, pictures


def found(masks, pictures, kind="mask"):
    runs = [[RunLengths().spans(RunLengths().write(mask), mask.size)] if mask.any() else [] for mask in masks]
    sizes, outputs = np.array([mask.shape for mask in masks]), ("mask",)
    if kind == "class_masks":
        runs, sizes, outputs = [[] for _ in masks] + runs, np.tile(sizes, (2, 1)), ("one", "two")
    task = TASKS.get(kind)(outputs, 8, 8, truth=MaskTruth.of(sizes, runs))
    target = np.arange(len(masks), dtype=float)[:, None]
    return shifted_masks(task, target, list(pictures)[: len(masks)], pictures.__getitem__, 2, 0)


def moved(mask, down, right):
    affine = np.array([[1, 0, right], [0, 1, down]], np.float64)
    return cv2.warpAffine(mask, affine, mask.shape[::-1], flags=cv2.INTER_NEAREST)


@pytest.mark.parametrize("kind", ["mask", "objects", "class_masks"])
@pytest.mark.parametrize(
    "down, right, said",
    [(4, -3, "moved 4 px up and 3 px right"), (0, 7, "moved 7 px left"), (-12, 0, "moved 12 px down")],
)
def test_masks_that_are_all_moved_are_said(kind, down, right, said):
    masks, pictures = contest()
    (finding,) = found([moved(mask, down, right) for mask in masks], pictures, kind)
    assert (finding.name, finding.severity) == ("shifted-masks", "warn")
    assert f"better {said}: " in finding.text


@pytest.mark.parametrize(
    "turn, said",
    [
        (lambda mask: mask[:, ::-1], "flipped left to right"),
        (lambda mask: mask[::-1], "flipped upside down"),
        (lambda mask: mask.T, "transposed (rows for columns)"),
        (np.rot90, "turned by a quarter the other way"),
    ],
)
def test_masks_that_are_turned_are_said(turn, said):
    masks, pictures = contest((64, 64))
    (finding,) = found([turn(mask) for mask in masks], pictures)
    assert f"better {said}: " in finding.text


@pytest.mark.parametrize("size", [(60, 84), (64, 64)])
def test_masks_that_lie_where_they_should_are_no_finding(size):
    masks, pictures = contest(size)
    assert found(masks, pictures) == []
    assert found([moved(mask, 1, 0) for mask in masks], pictures) == []


def test_outlines_that_are_drawn_wide_are_no_finding():
    masks, pictures = contest()
    assert found([cv2.dilate(mask, np.ones((9, 9), np.uint8)) for mask in masks], pictures) == []


def test_where_nothing_is_sure_nothing_is_said():
    masks, pictures = contest()
    random = np.random.default_rng(1)
    assert found([moved(mask, *random.integers(-14, 15, 2)) for mask in masks], pictures) == []
    assert found([masks[row] for row in random.permutation(ROWS)], pictures) == []
    shifted = [moved(mask, 6, 6) for mask in masks]
    assert found(shifted[: FEWEST - 1], pictures) == []
    assert found(shifted, contest(strength=0)[1]) == []
    task, target = TASKS.get("image").example(np.arange(3), np.arange(3.0))
    assert shifted_masks(task, target, ["a", "b", "c"], pictures.__getitem__, 1, 0) == []


def test_large_pictures_are_looked_at_smaller():
    masks, pictures = contest((60, 84))
    size = (84 * 6, 60 * 6)
    large = {}
    for name, data in pictures.items():
        buffer = io.BytesIO()
        Image.open(io.BytesIO(data)).resize(size, Image.Resampling.NEAREST).save(buffer, "PNG")
        large[name] = buffer.getvalue()
    wide = [cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) for mask in masks]
    (finding,) = found([moved(mask, 0, 24) for mask in wide], large)
    assert "moved about 2" in finding.text
    assert "px left" in finding.text
