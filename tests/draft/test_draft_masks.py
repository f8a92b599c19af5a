"""Masks are found as run lengths, beside the pictures, and in a folder for each."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.data.competition import read_competition
from pipeline.data.source import open_source
from pipeline.draft.cost import Machine
from pipeline.draft.draft import make_draft
from pipeline.draft.files import Asked
from pipeline.draft.findings import Surroundings
from pipeline.errors import DataError
from pipeline.tasks.rle import RunLengths
from tests.dense.discs import SIDE, drawn, write_masks, write_objects, write_picture


def drafted(root, **asked):
    around = Surroundings(Machine(threads=2), root / "no weights", fetching=False)
    draft = make_draft("toy", root / "files", Asked(**asked), around)
    config = load_config(draft.write(root / "configs", force=True))
    return config, read_competition(open_source(root / "files", config.data.train), config)


@pytest.mark.parametrize("table", [True, False], ids=["run lengths", "folders"])
def test_objects_with_a_table_and_without_are_the_same(tmp_path, table):
    write_objects(tmp_path / "files", table=table)
    config, competition = drafted(tmp_path)
    assert (config.data.task, config.metric) == ("objects", "object_precision")
    assert config.data.masks == (None if table else "stage1_train/{ImageId}/masks/*.png")
    assert config.data.test_images == "stage1_test/{ImageId}/images/{ImageId}.png"
    assert sorted(competition.ids.tolist()) == [f"n{row:02d}" for row in range(12)]
    truth = competition.task.truth
    for place, key in enumerate(competition.ids):
        size = (SIDE, SIDE) if int(key[1:]) % 2 else (SIDE, 40)
        _, masks = drawn(int(key[1:]), 2, size)
        assert truth.size(place) == size
        assert truth.count(place) == 2
        assert ((truth.labels(place) > 0) == (masks[0] | masks[1])).all()
    assert competition.test_sizes.tolist() == [[SIDE, 40], [SIDE, SIDE]] * 2


@pytest.mark.parametrize("order, first", [("columns", 1), ("rows", 1)])
def test_one_mask_per_picture_in_either_order(tmp_path, order, first):
    table = write_masks(tmp_path / "files", writing=RunLengths(order, first))
    config, competition = drafted(tmp_path)
    assert (config.data.task, config.metric) == ("mask", "mask_precision")
    task = competition.task
    assert (task.order, task.first, task.empty) == (order, first, "")
    assert [task.truth.count(row) for row in range(12)] == [int(bool(cell)) for cell in table.rle_mask[:12]]


@pytest.mark.parametrize("name", ["{}.png", "{}_mask.png"])
def test_a_folder_of_masks_beside_the_pictures(tmp_path, name):
    root = tmp_path / "files"
    table = write_masks(root)
    (root / "train.csv").unlink()
    pd.DataFrame({"id": table["id"][:12], "z": np.arange(12)}).to_csv(root / "train.csv", index=False)
    for key, cell in zip(table["id"][:12], table["rle_mask"][:12], strict=True):
        mask = RunLengths().read(cell, (SIDE, SIDE))
        write_picture(root / "train" / "masks" / name.format(key), mask * 255)
    config, competition = drafted(tmp_path)
    assert config.data.masks == "train/masks/" + name.format("{id}")
    assert config.data.train == "train/images/{id}.png"
    assert config.data.task == "mask"
    for place, key in enumerate(competition.ids):
        cell = table.set_index("id")["rle_mask"][key]
        assert (competition.task.truth.labels(place) == RunLengths().read(cell, (SIDE, SIDE))).all()


def test_masks_of_another_size_are_brought_to_their_pictures(tmp_path):
    root = tmp_path / "files"
    table = write_masks(root)
    (root / "train.csv").unlink()
    for key in table["id"][:12]:
        mask = np.zeros((SIDE // 2, SIDE // 2), np.uint8)
        mask[2:5, 3 + int(key[1:]) % 3 : 9] = 255
        write_picture(root / "train" / "masks" / f"{key}.png", mask)
    _, competition = drafted(tmp_path)
    labels = competition.task.truth.labels(0)
    assert labels.shape == (SIDE, SIDE)
    assert labels[4:10, 6:18].all() or labels[4:10, 8:18].all() or labels[4:10, 10:18].all()
    assert labels.sum() in (6 * 12, 6 * 10, 6 * 8)


def test_a_pattern_that_nothing_fits_is_refused(tmp_path):
    write_masks(tmp_path / "files")
    config, _ = drafted(tmp_path)
    source = open_source(tmp_path / "files", config.data.train)
    for pattern, said in (("gone/{id}.png", "no file fits"), ("masks/{name}.png", "must name columns")):
        data = config.data.model_copy(update={"masks": pattern})
        with pytest.raises(DataError, match=rf"`data.masks`.*{said}"):
            read_competition(source, config.model_copy(update={"data": data}))
