"""A sample with a row for each pixel is kept as runs, and written again in its order, block by block."""

import re

import numpy as np
import pytest

from pipeline.config.schema import DataConfig
from pipeline.data import csv_text
from pipeline.data.pixel_rows import PixelRows, read_pixel_rows
from pipeline.data.pixel_submission import verify_pixel_rows, write_pixel_rows
from pipeline.data.source import FolderSource
from pipeline.data.table_file import TableFile
from pipeline.errors import DataError, SubmissionError
from tests.dense.pages import ids_of

SIZES = {"a": (3, 5), "b_2": (4, 2)}
DOWN = [key for name, size in SIZES.items() for key in ids_of(name, size)]
ACROSS = [
    f"{name}_{row}_{column}"
    for name, (height, width) in SIZES.items()
    for row in range(height)
    for column in range(width)
]


def read(root, ids, values=None, header="id,value"):
    values = ["1"] * len(ids) if values is None else values
    lines = [header, *(f"{key},{value}" for key, value in zip(ids, values, strict=True))]
    (root / "sample.csv").write_text("\n".join(lines) + "\n")
    file = TableFile.open(FolderSource(root), "sample.csv", DataConfig())
    return read_pixel_rows(file, "id")


def greys(name):
    return np.linspace(0, 1, int(np.prod(SIZES[name])) + 1)[1:].reshape(SIZES[name])


@pytest.mark.parametrize("ids", [DOWN, ACROSS, DOWN[::-1], DOWN[3:9] + DOWN[-4:]])
@pytest.mark.parametrize("block", [40, 1 << 20], ids=["small blocks", "one block"])
def test_any_order_comes_back_as_it_was(tmp_path, monkeypatch, ids, block):
    monkeypatch.setattr(csv_text, "BLOCK", block)
    rows, extent = read(tmp_path, ids)
    rows = rows.placed(SIZES)
    assert (len(rows), extent) == (len(ids), (1.0, 1.0))
    rows.save(tmp_path)
    assert PixelRows.load(tmp_path) == rows
    path = tmp_path / "out.csv"
    with path.open("w") as file:
        write_pixel_rows(file, rows, ("id", "value"), greys, white=1.0)
    verify_pixel_rows(path, rows, ("id", "value"), white=1.0)
    written = [line.split(",") for line in path.read_text().splitlines()[1:]]
    assert [key for key, _ in written] == ids
    for key, value in written:
        name, row, column = key.rsplit("_", 2)
        first = 0 if ids is ACROSS else 1
        assert float(value) == pytest.approx(greys(name)[int(row) - first, int(column) - first], abs=6e-6)


def test_whole_columns_are_few_runs(tmp_path):
    rows, _ = read(tmp_path, DOWN)
    assert rows.runs.shape == (5 + 2, 4)
    assert (rows.names, rows.down, rows.first) == (("a", "b_2"), True, 1)


def test_the_column_may_stand_before_the_row(tmp_path):
    turned = [re.sub(r"_(\d+)_(\d+)$", r"_\2_\1", key) for key in DOWN]
    rows = read(tmp_path, turned)[0].placed(SIZES)
    assert rows.across_first
    path = tmp_path / "out.csv"
    with path.open("w") as file:
        write_pixel_rows(file, rows, ("id", "value"), greys, white=255.0, decimals=0)
    lines = dict(line.split(",") for line in path.read_text().splitlines()[1:])
    assert lines["a_5_2"] == str(round(255 * greys("a")[1, 4]))
    assert list(lines) == turned


def test_all_pixels_of_other_pictures_follow_the_same_order(tmp_path):
    names, sizes = list(SIZES), np.array(list(SIZES.values()))
    for ids in (DOWN, ACROSS):
        rows, _ = read(tmp_path, ids)
        assert rows.of_pictures(names, sizes) == rows


@pytest.mark.parametrize(
    "ids, values, said",
    [
        (["a_1_1", "a_x_1"], None, r"an id must be the picture's name, row and column.*'a_x_1'"),
        (["a_1_1", "a_02_1"], None, "'a_02_1'"),
        (["a_1_1", "7"], None, "Received: '7'"),
        (["a_1_1", "a_2_1"], ["1", "no"], "the value of 'a_2_1' is no number"),
    ],
)
def test_other_forms_are_refused(tmp_path, ids, values, said):
    with pytest.raises(DataError, match=said):
        read(tmp_path, ids, values)


def test_pixels_beyond_a_picture_or_asked_for_twice_are_refused(tmp_path):
    with pytest.raises(DataError, match="asks for row 4 and column 1 of 'a', which has 3 rows and 5 columns"):
        read(tmp_path, ["a_1_1", "a_2_1", "a_3_1", "a_4_1", "a_1_5", "a_1_4"])[0].placed(SIZES)
    with pytest.raises(DataError, match="a pixel of 'a' twice"):
        read(tmp_path, ["a_1_1", "a_2_1", "a_2_1"])[0].placed(SIZES)


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("a_2_1,", "a_3_1,", "The ids must be the sample's, in its order"),
        ("id,value", "id,grey", "The columns must be"),
        ("a_1_1,0.06667", "a_1_1,1.5", "between 0 and 1. Received: 0.125 to 1.5"),
        ("a_1_1,0.06667", "a_1_1,", "is no number"),
        ("b_2_4_2,1\n", "", "22 of 23"),
    ],
)
def test_a_file_that_says_something_else_fails_the_check(tmp_path, old, new, said):
    rows, _ = read(tmp_path, DOWN)
    path = tmp_path / "out.csv"
    with path.open("w") as file:
        write_pixel_rows(file, rows, ("id", "value"), greys, white=1.0)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(SubmissionError, match=said):
        verify_pixel_rows(path, rows, ("id", "value"), white=1.0)


def test_rows_of_some_pictures_and_of_more(tmp_path):
    rows = read(tmp_path, DOWN)[0]
    assert rows.part(["b_2"]) == read(tmp_path, ids_of("b_2", SIZES["b_2"]))[0]
    swapped = rows.part(["b_2", "a"])
    assert [swapped.names[picture] for picture, *_ in swapped.spans()] == ["a"] * 5 + ["b_2"] * 2
    whole = rows.part(["a"]).and_all_of(["b_2"], np.array([SIZES["b_2"]]))
    assert whole == rows
    assert rows.and_all_of([], np.zeros((0, 2), int)) is rows
    assert rows.one_by_one
    assert not read(tmp_path, [DOWN[0], DOWN[-1], DOWN[1]])[0].one_by_one
