"""Masks of pictures that are too large to be held are those of a picture that is held whole."""

import numpy as np
import pytest

from pipeline.registry import TASKS
from pipeline.tasks import mask_bands, mask_rule
from pipeline.tasks.mask_bands import brought, held, on_grid, shrunken, strips
from pipeline.tasks.mask_rule import DISTANCE, INSIDE, MaskRule, core, enlarged
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import RunLengths

rng = np.random.default_rng(0)
GRID, SIZE = (24, 32), (96, 128)


@pytest.fixture
def large(monkeypatch):
    """Pictures of SIZE are too large to be held, and are looked at on the grid."""
    monkeypatch.setattr(mask_bands, "LARGEST", SIZE[0] * SIZE[1] - 1)
    monkeypatch.setattr(mask_bands, "SHRUNKEN", GRID[0] * GRID[1])
    monkeypatch.setattr(mask_bands, "STRIP", 7 * SIZE[1])


def discs(*centres, size=GRID, radius=5):
    down, across = np.mgrid[: size[0], : size[1]]
    labels = np.zeros(size, np.int32)
    for number, (y, x) in enumerate(centres, start=1):
        labels[((down - y) ** 2 + (across - x) ** 2 <= radius**2) & (labels == 0)] = number
    return labels


def smooth(size):
    """Returns chances that rise and fall slowly, float16 (height, width, 1)."""
    return enlarged(rng.random((5, 6, 1)).astype(np.float32), size).astype(np.float16)


@pytest.mark.parametrize("size", [(80, 100), (81, 50), (40, 50), (30, 90), (7, 20), (200, 9)])
def test_parts_come_to_the_grid_as_the_whole_does(size):
    picture, grid = rng.random((*size, 2)).astype(np.float32), (40, 50)
    parts = np.split(picture, [cut for cut in (1, 13, 17, 29) if cut < size[0]])
    found = np.concatenate(list(on_grid(parts, size, grid)))
    np.testing.assert_allclose(found, np.concatenate(list(on_grid([picture], size, grid))), atol=1e-6)
    across = np.stack([enlarged(line[None], (1, grid[1]))[0] for line in picture])
    if grid[1] < size[1]:  # a line of its own tells `enlarged` nothing of what it covers
        across = next(iter(on_grid([picture], size, (size[0], grid[1]))))
    np.testing.assert_allclose(found, enlarged(across, grid), atol=1e-5)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("order", ["columns", "rows"])
@pytest.mark.parametrize("grid", [GRID, SIZE, (120, 50)])
def test_the_cell_of_a_mask_in_strips_is_that_of_the_whole(monkeypatch, order, grid):
    values, rule = smooth(grid), MaskRule(0.55, 20.0)
    task = TASKS.get("mask")(("mask",), *grid, order=order)
    assert held(SIZE) != SIZE
    parts = list(strips(values, rule, SIZE, False, order))
    assert len(parts) > 5
    cell = task.cell(values.ravel(), (rule,), SIZE)
    found = task.writing.read(cell, SIZE)
    assert (np.concatenate(parts, axis=1 if order == "columns" else 0) == found).all()
    monkeypatch.setattr(mask_bands, "LARGEST", 10**6)
    whole = task.writing.read(task.cell(values.ravel(), (rule,), SIZE), SIZE)
    assert 0.1 < whole.mean() < 0.9
    assert (found != whole).mean() < 1e-3  # a sum in another order


@pytest.mark.usefixtures("large")
def test_a_large_mask_of_few_pixels_is_none():
    values = (discs((8, 8), radius=1) > 0).astype(np.float16)
    task = TASKS.get("mask")(("mask",), *GRID, empty="-1")
    area = task.writing.read(task.cell(values.ravel(), (MaskRule(),), SIZE), SIZE).sum()
    assert task.cell(values.ravel(), (MaskRule(smallest=float(area)),), SIZE) != "-1"
    assert task.cell(values.ravel(), (MaskRule(smallest=float(area + 1)),), SIZE) == "-1"


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("order", ["columns", "rows"])
@pytest.mark.parametrize("split", [DISTANCE, INSIDE])
def test_objects_of_a_large_picture_are_those_of_the_shrunken_one(order, split):
    labels = discs((8, 8), (8, 17), (18, 27))
    labels[22, 2] = 4  # a speck: 16 pixels of the picture
    values = np.stack([labels > 0, core(labels)], axis=2).astype(np.float16)
    task = TASKS.get("objects")(("mask",), *GRID, order=order)
    cell = task.cell(values.ravel(), (MaskRule(split=split, smallest=17.0),), SIZE)
    found = [task.writing.read(line, SIZE) for line in cell.split("\n")]
    assert len(found) == 3
    wanted = np.kron(np.where(labels < 4, labels, 0), np.ones((4, 4), int))
    for one in found:
        number = np.bincount(wanted[one > 0]).argmax()
        assert ((one > 0) == (wanted == number)).mean() > 0.995  # a pixel between two that touch
    speck = task.cell(values.ravel(), (MaskRule(split=split, smallest=16.0),), SIZE)
    assert len(speck.split("\n")) == 4


@pytest.mark.usefixtures("large")
def test_holes_of_a_large_mask_are_filled():
    ring = (discs((12, 16), radius=9) > 0) & ~(discs((12, 16), radius=4) > 0)
    task = TASKS.get("mask")(("mask",), *GRID)
    cell = task.cell(ring.astype(np.float16).ravel(), (MaskRule(fill=1.0),), SIZE)
    expected = np.kron(discs((12, 16), radius=9), np.ones((4, 4), int))
    assert (task.writing.read(cell, SIZE) == expected).all()


@pytest.mark.usefixtures("large")
def test_a_large_picture_is_scored_by_a_shrunken_one():
    labels = np.kron(discs((12, 16)), np.ones((4, 4), np.int32))
    spans = RunLengths().spans(RunLengths().write(labels), labels.size)
    task = TASKS.get("mask")(("mask",), *GRID, truth=MaskTruth.of(np.array([SIZE]), [[spans]]))
    sizes = []

    def score(truth, said):
        sizes.append(truth.shape)
        return float((truth == said).mean())

    values = (discs((12, 16)) > 0).astype(np.float16).reshape(1, -1)
    assert task.scores(score, np.zeros((1, 1)), values)[0] == 1.0
    assert sizes == [GRID]
    assert shrunken((10, 10), 10**6) == (10, 10)


def test_a_fine_grid_is_brought_to_a_smaller_size_in_parts(monkeypatch):
    layers = rng.random((40, 60, 2)).astype(np.float16)
    whole = enlarged(brought(layers, (16, 20)), (16, 20))
    monkeypatch.setattr(mask_bands, "LARGE", 100)
    monkeypatch.setattr(mask_bands, "STRIP", 600)
    np.testing.assert_allclose(brought(layers, (16, 20)), whole, atol=1e-5)
    assert mask_rule.LARGE > 100


@pytest.mark.parametrize("order", ["columns", "rows"])
@pytest.mark.parametrize("size", [(5, 7), (20, 30), (33, 12), (1, 1), (41, 61)])
def test_labels_of_another_size_are_the_nearest_ones(order, size):
    import cv2

    spans = [np.array([[3, 40], [90, 130], [500, 511]]), np.array([[35, 60], [300, 301]])]
    truth = MaskTruth.of(np.array([[20, 30]]), [spans], order)
    exact = truth.labels(0).astype(np.float64)
    expected = cv2.resize(exact, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    assert (truth.shrunk(0, size) == expected).all()
    assert (truth.labels(0) == 2).sum() == 26
