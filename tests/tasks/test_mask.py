"""Masks are read from cells, kept as runs, made of probabilities and written at their picture's size."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import DataError, SubmissionError
from pipeline.registry import TASKS
from pipeline.tasks import mask_rule
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import load_task
from pipeline.tasks.contest import Column, Contest
from pipeline.tasks.mask_cells import grid_of
from pipeline.tasks.mask_rule import DISTANCE, INSIDE, MaskRule, core, filled, without_small
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import RunLengths

SIZE = (16, 24)
FORM = Answer("label", ("rle",), ())


def discs(*centres, size=SIZE, radius=4):
    """Returns int32 labels, a disc for each centre."""
    labels = np.zeros(size, np.int32)
    down, across = np.mgrid[: size[0], : size[1]]
    for number, (y, x) in enumerate(centres, start=1):
        labels[((down - y) ** 2 + (across - x) ** 2 <= radius**2) & (labels == 0)] = number
    return labels


def cell_of(labels, writing=RunLengths()):
    return "\n".join(writing.write(labels == number) for number in range(1, labels.max() + 1))


def contest(cells, size=SIZE, samples=("1 1",), ids=None):
    ids = [f"p{row}" for row in range(len(cells))] if ids is None else ids
    return Contest(
        targets={"rle": Column(np.array(cells, object))},
        ids=lambda: np.array(ids),
        columns=("rle",),
        numbers=lambda name: np.full(len(cells), np.nan),
        kinds=("mask",),
        wants="picture",
        album=SimpleNamespace(
            sizes=lambda: np.array([size] * len(cells)), grey=lambda row: np.zeros(size, np.uint8)
        ),
        samples=samples,
    )


MASKS = [discs((8, 8)), discs(), discs((6, 15)), discs((8, 12), radius=6)]


def read(kind="mask", cells=None, **facts):
    return TASKS.get(kind).read(contest(list(map(cell_of, MASKS)) if cells is None else cells, **facts))


def test_masks_come_back_from_their_cells(tmp_path):
    task, target, answer = read()
    assert target.tolist() == [[0.0], [1.0], [2.0], [3.0]]
    assert answer == FORM
    task.save(tmp_path)
    again = load_task(json.loads(json.dumps(task.to_json()))).opened(tmp_path)
    assert again == task
    for known in (task.truth, again.truth):
        assert all((known.labels(row) == mask).all() for row, mask in enumerate(MASKS))
    assert [task.truth.count(row) for row in range(4)] == [1, 0, 1, 1]


def test_objects_of_a_picture_keep_apart():
    labels = discs((8, 6), (8, 14))
    task, _, _ = read("objects", [cell_of(labels), cell_of(discs((4, 4)))])
    assert (task.truth.labels(0) == labels).all()
    assert task.n_outputs == 16 * 24 * 2
    layers = task.layers_at(0, SIZE)
    assert (layers[:, :, 0] == (labels > 0)).all()
    assert (layers[:, :, 1] == core(labels)).all()


def test_the_cells_alone_tell_the_kind():
    kinds = {kind: TASKS.get(kind) for kind in ("mask", "objects", "labelset")}
    single, several = contest([*map(cell_of, MASKS)]), contest(["3 2 9 1", "4 5 30 2"], ids=["a", "a"])
    assert [name for name, kind in kinds.items() if kind.told(single)] == ["mask"]
    assert [name for name, kind in kinds.items() if kind.told(several)] == ["objects"]
    assert not kinds["mask"].told(contest(["3 7", "2 1 5", "4"]))


def test_run_lengths_without_pictures_are_refused():
    lonely = replace(contest(["1 2 5 3"]), album=None)
    with pytest.raises(DataError, match=r"`data.images` does not say"):
        TASKS.get("mask").read(lonely)


def test_a_cell_that_leaves_its_picture_is_named():
    with pytest.raises(DataError, match=r"The mask of 'p1' cannot be read: Run lengths leave"):
        read(cells=["1 2 5 3", "1 2 380 30"])


@pytest.mark.parametrize(
    "cells, samples, expected",
    [
        (["1 2 5 3", ""], ("1 1",), ""),
        (["1 2 5 3", "-1"], ("1 1",), "-1"),
        (["1 2 5 3", "3 1 9 9"], ("1 1",), "1 1"),
        (["1 2 5 3", "3 1 9 9"], ("1 2", "3 4"), ""),
    ],
)
def test_empty_masks_are_written_as_the_files_show(cells, samples, expected):
    task, _, _ = read(cells=cells, samples=samples)
    empty = np.zeros((1, task.n_outputs), np.float16)
    assert task.cells(FORM, empty, None, None, np.array([SIZE])) == [[expected]]


def test_answers_are_written_at_the_size_of_their_picture():
    task, target, _ = read()
    values = task.columns(target).astype(np.float16)
    cells = task.cells(FORM, values, None, None, np.array([SIZE] * 3 + [(32, 48)]))
    assert [cell for (cell,) in cells[:3]] == [cell_of(mask) for mask in MASKS[:3]]
    large = RunLengths().read(cells[3][0], (32, 48))
    assert (large[::2, ::2] == (MASKS[3] > 0)).mean() > 0.95
    task.verify(FORM, cells, list("abcd"))


def test_a_cell_that_is_no_mask_fails_the_check():
    task, _, _ = read()
    for cell in ("5 2 3 1", "nothing", "1 2\n9 1"):
        with pytest.raises(SubmissionError, match="run lengths that rise"):
            task.verify(FORM, [[cell]], ["a"])
    objects, _, _ = read("objects", ["1 2\n9 1", "2 1 5 5"])
    objects.verify(FORM, [["1 2\n9 1"]], ["a"])
    with pytest.raises(SubmissionError, match="no other object has"):
        objects.verify(FORM, [["1 9\n5 1"]], ["a"])


def test_empty_masks_are_a_stratum_of_their_own():
    cells = [cell_of(MASKS[row % 4]) for row in range(60)]
    task, target, _ = read(cells=cells)
    strata = task.strata(target)
    assert set(strata[1::4]) == {0}
    assert 0 not in np.delete(strata, np.arange(1, 60, 4))


def test_the_grid_is_no_larger_than_need_be():
    assert grid_of(np.array([[101, 101]] * 3)) == (101, 101)
    assert grid_of(np.array([[1024, 512]])) == (256, 128)


@pytest.mark.parametrize("split", [DISTANCE, INSIDE])
def test_discs_that_touch_are_parted(split):
    labels = discs((16, 11), (16, 22), size=(32, 36), radius=6)
    layers = np.stack([labels > 0, core(labels)], axis=2).astype(np.float32)
    found = MaskRule(split=split).labels(layers, labels.shape, True)
    assert found.max() == 2
    assert ((found > 0) == (labels > 0)).all()
    assert np.mean(found == labels) > 0.98 or np.mean(found == np.where(labels, 3 - labels, 0)) > 0.98


def test_a_part_without_a_core_stays_an_object():
    labels = discs((8, 6), size=(16, 30))
    labels[2, 25:27] = 2
    layers = np.stack([labels > 0, core(labels)], axis=2).astype(np.float32)
    assert MaskRule(split=INSIDE).labels(layers, labels.shape, True).max() == 2
    assert MaskRule(split=INSIDE, smallest=3).labels(layers, labels.shape, True).max() == 1


def test_every_object_has_a_core_and_no_two_cores_touch():
    labels = discs((16, 11), (16, 22), size=(32, 36), radius=6)
    labels[1, 3:9] = 3  # too thin for an inside
    cores = core(labels)
    assert set(np.unique(labels[cores])) == {1, 2, 3}
    assert 0.15 < cores[labels == 1].mean() < 0.5
    assert cores[labels == 3].all()
    apart = np.abs(
        np.subtract.outer(np.nonzero(cores & (labels == 1))[1], np.nonzero(cores & (labels == 2))[1])
    )
    assert apart.min() > 3


def test_holes_are_ground_that_does_not_reach_the_border():
    ring = (discs((8, 8), radius=6) > 0) & ~(discs((8, 8), radius=3) > 0)
    layers = ring[:, :, None].astype(np.float32)
    assert (MaskRule(fill=1).labels(layers, SIZE, False) > 0).sum() == (discs((8, 8), radius=6) > 0).sum()
    assert (filled(np.eye(5, dtype=np.uint8)) == np.eye(5)).all()


def test_a_mask_of_few_pixels_is_none():
    layers = (discs((8, 8), radius=1) > 0)[:, :, None].astype(np.float32)
    assert MaskRule(smallest=5).labels(layers, SIZE, False).sum() == 5
    assert MaskRule(smallest=6).labels(layers, SIZE, False).sum() == 0


@pytest.mark.parametrize("size", [(40, 64), (61, 40), (16, 200)])
def test_a_large_picture_is_enlarged_some_columns_at_a_time(monkeypatch, size):
    layers = np.random.default_rng(0).random((16, 24, 2)).astype(np.float32)
    whole = MaskRule(0.6).labels(layers, size, False)
    monkeypatch.setattr(mask_rule, "LARGE", 8 * 7 * size[0])
    parts = MaskRule(0.6).labels(layers, size, False)
    assert parts.dtype == np.uint8
    assert np.mean(parts != whole) < 1e-3  # a sum in another order


def test_small_objects_go_and_the_others_are_numbered_anew():
    labels = np.array([[1, 1, 0, 2, 0, 3, 3]])
    assert without_small(labels, 2).tolist() == [[1, 1, 0, 0, 0, 2, 2]]


def test_runs_are_painted_in_both_orders():
    rows = MaskTruth.of(np.array([[2, 3]]), [[np.array([[1, 3]])]], "rows")
    assert rows.labels(0).tolist() == [[0, 1, 1], [0, 0, 0]]
    columns = MaskTruth.of(np.array([[2, 3]]), [[np.array([[1, 3]])]])
    assert columns.labels(0).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert rows.share(0) == pytest.approx(1 / 3)
