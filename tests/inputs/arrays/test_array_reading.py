"""Arrays are read from every form, get one shape, and what is wrong with one names it."""

import io

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from pipeline.config.arrays_section import ArraysConfig
from pipeline.config.data_section import DataConfig
from pipeline.data.source import FolderSource
from pipeline.errors import DataError
from pipeline.inputs.arrays.reading import Reader
from pipeline.inputs.arrays.shape import fitted, stored
from pipeline.inputs.arrays.statistics_input import ArrayStatisticsInput

SERIES = np.arange(12, dtype=np.float32).reshape(6, 2)


def reader(folder, **keys):
    keys = keys if "table" in keys else {"path": "{id}", **keys}
    return Reader(FolderSource(folder), DataConfig(target="y", id="id", arrays=ArraysConfig(**keys)))


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "a.npy", SERIES)
    np.savez(tmp_path / "one.npz", x=SERIES)
    np.savez(tmp_path / "two.npz", x=SERIES, y=-SERIES)
    table = pd.DataFrame({"name": list("abcdef"), "u": SERIES[:, 0], "v": SERIES[:, 1]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    long = pd.DataFrame({"id": [7] * 6 + [8] * 2, "t": [5, 4, 3, 2, 1, 0, 1, 0]})
    long["u"], long["v"] = [*SERIES[::-1, 0], 21, 20], [*SERIES[::-1, 1], 31, 30]
    long.to_csv(tmp_path / "long.csv", index=False)
    long.to_parquet(tmp_path / "long.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("a.npy", {"axes": "TC"}),
        ("one.npz", {"axes": "TC"}),
        ("two.npz", {"axes": "TC", "array": "x"}),
        ("a.csv", {}),
        ("a.parquet", {"channels": ["u", "v"]}),
        ("long.csv#7", {"table": "long.csv", "step": "t"}),
        ("long.parquet#7", {"table": "long.parquet", "step": "t"}),
    ],
)
def test_one_series_in_every_form(folder, name, keys):
    found = reader(folder, **keys)(name)
    assert found.is_series
    np.testing.assert_array_equal(found.values, SERIES[None])


def test_series_of_a_long_table_are_apart_and_in_the_order_of_their_steps(folder):
    read = reader(folder, table="long.csv", step="t", channels=["v"])
    np.testing.assert_array_equal(read("long.csv#8").values, [[[30], [31]]])
    assert list(read.table("long.csv").lengths()) == [6, 2]
    unordered = reader(folder, table="long.csv", channels=["v"])
    np.testing.assert_array_equal(unordered("long.csv#8").values, [[[31], [30]]])


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        (None, (5,), (1, 5, 1)),
        ("CT", (2, 5), (1, 5, 2)),
        (None, (4, 5), (4, 5, 1)),
        ("CHW", (2, 4, 5), (4, 5, 2)),
        ("HWC", (4, 5, 2), (4, 5, 2)),
        (None, (3, 4, 5), (4, 5, 3)),
        ("HWD", (4, 5, 3), (4, 5, 3)),
    ],
)
def test_axes_stand_where_a_network_wants_them(tmp_path, axes, shape, expected):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=shape))
    assert reader(tmp_path, axes=axes)("x.npy").values.shape == expected


def test_lengths_are_cut_padded_or_resized():
    series = SERIES[:4, :1]

    def of(length, fit):
        config = ArraysConfig(path="{id}", length=length, fit=fit)
        return fitted(type("S", (), {"values": series[None], "is_series": True})(), config)[0, :, 0].tolist()

    assert of(2, "start") == [0, 2]
    assert of(2, "end") == [4, 6]
    assert of(6, "start") == [0, 2, 4, 6, 0, 0]
    assert of(6, "end") == [0, 0, 0, 2, 4, 6]
    assert of(2, "resize") == [1, 5]
    assert of(8, "resize") == [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6]


def test_pictures_and_volumes_are_resized_by_area(tmp_path):
    volume = np.random.default_rng(1).normal(size=(6, 4, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", volume)
    config = ArraysConfig(path="{id}", size=[2, 4], slices=3)
    found = fitted(reader(tmp_path, size=[2, 4], slices=3)("x.npy"), config)
    expected = volume.reshape(3, 2, 2, 2, 4, 2).mean(axis=(1, 3, 5)).transpose(1, 2, 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_range_makes_pictures_of_8_bits():
    config = ArraysConfig(path="{id}", range=[-1, 1])
    kept = stored(np.array([[[-3.0], [-1], [0.5], [9]]], np.float32), "x", (1, 4, 1), config)
    assert kept.dtype == np.uint8
    assert kept.ravel().tolist() == [0, 0, 191, 255]


def test_missing_values_are_refused_with_their_place_or_filled(tmp_path):
    np.save(tmp_path / "x.npy", np.array([0, 1, np.nan, 3, np.inf]))
    with pytest.raises(DataError, match=r"'x.npy' holds 2 values .*first at step 2, channel 0 \(from 0\)"):
        reader(tmp_path, axes="T")("x.npy")
    assert reader(tmp_path, axes="T", missing="fill")("x.npy").values.ravel().tolist() == [0, 1, 2, 3, 3]
    np.save(tmp_path / "p.npy", np.array([[1, np.nan], [2, 6]]))
    assert reader(tmp_path, missing="fill")("p.npy").values[:, :, 0].tolist() == [[1, 3], [2, 6]]


def test_a_broken_file_names_itself(folder):
    (folder / "empty.npy").touch()
    (folder / "torn.npy").write_bytes((folder / "a.npy").read_bytes()[:60])
    (folder / "a.txt").write_text("1 2 3")
    np.save(folder / "words.npy", np.array(["a", "b"]))
    np.save(folder / "objects.npy", np.array([{}], object), allow_pickle=True)
    np.save(folder / "none.npy", np.zeros((0, 3)))
    np.save(folder / "five.npy", np.zeros((1, 1, 1, 1, 1)))
    pd.DataFrame({"word": ["a"]}).to_csv(folder / "words.csv", index=False)
    for name, keys, said in [
        ("empty.npy", {}, "'empty.npy' cannot be read: the file is empty"),
        ("torn.npy", {}, "'torn.npy' cannot be read"),
        ("gone.npy", {}, "holds no file 'gone.npy'"),
        ("a.txt", {}, r"'a.txt' cannot be read: .txt is no format of arrays. Known: .npy"),
        ("words.npy", {}, "'words.npy' holds <U1, and numbers are needed"),
        ("objects.npy", {}, "'objects.npy' cannot be read: .*pickle"),
        ("none.npy", {}, r"'none.npy' of shape \(0, 3\) holds no values"),
        ("five.npy", {}, "'five.npy' has 5 axes"),
        ("a.npy", {"axes": "HWC"}, "'a.npy' has 2 axes, and `data.arrays.axes: HWC` says 3"),
        ("two.npz", {}, r"'two.npz' holds 2 arrays \(x, y\): `data.arrays.array` must name one"),
        ("two.npz", {"array": "z"}, "`data.arrays.array`: 'two.npz' holds no 'z'"),
        ("words.csv", {}, "'words.csv' has no column of numbers"),
        ("a.csv", {"channels": ["uu"]}, "'a.csv' has no column 'uu'. Did you mean 'u'"),
        ("long.csv#9", {"table": "long.csv"}, "'9' cannot be read: .*long.csv has no row of id '9'"),
        ("long.csv#7", {"table": "long.csv", "step": "tt"}, "long.csv has no column 'tt'"),
    ]:
        with pytest.raises(DataError, match=said):
            reader(folder, **keys)(name)


def test_a_damaged_zip_inside_npz_is_a_data_error(tmp_path):
    packed = io.BytesIO()
    np.savez(packed, x=SERIES)
    (tmp_path / "x.npz").write_bytes(packed.getvalue()[:80])
    with pytest.raises(DataError, match=r"'x\.npz' cannot be read"):
        reader(tmp_path)("x.npz")


def test_unlike_shapes_say_which_key_makes_them_alike():
    config = ArraysConfig(path="{id}")
    with pytest.raises(DataError, match=r"'x' has 5 steps, the first training row 4: `data.arrays.length`"):
        stored(np.zeros((1, 5, 2)), "x", (1, 4, 2), config)
    with pytest.raises(DataError, match=r"'x' has the shape \(5, 4, 1\).*`data.arrays.size`"):
        stored(np.zeros((5, 4, 1)), "x", (4, 4, 1), config)
    with pytest.raises(DataError, match=r"'x' holds 1e\+06, more than float16 can"):
        stored(np.full((1, 1, 1), 1e6), "x", (1, 1, 1), ArraysConfig(path="{id}", dtype="float16"))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "not neither"),
        ({"path": "{id}.npy", "table": "x.csv"}, "not both"),
        ({"path": "{id}.npy", "step": "t"}, "without `step`, which goes with `table`"),
        ({"table": "x.csv", "axes": "TC"}, "without `axes`, which goes with `path`"),
        ({"path": "{id}.npy", "size": [4]}, r"size is \[height, width\]"),
        ({"path": "{id}.npy", "range": [1, 1]}, r"range is \[low, high\]"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        ArraysConfig(**keys)


def test_a_long_table_is_not_packed():
    one = ArrayStatisticsInput()
    assert one.unpackable(DataConfig(target="y", arrays=ArraysConfig(path="{id}.npy"))) == ""
    assert "`data.arrays.table`" in one.unpackable(DataConfig(target="y", arrays=ArraysConfig(table="x.csv")))
