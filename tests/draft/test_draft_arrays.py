"""Arrays and series are found in files of each row and in long tables, with networks that suit them."""

import csv

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.draft.array_axes import guess_axes, shaping
from pipeline.draft.array_models import multiply_adds
from pipeline.draft.row_tables import crowds, of_rows
from pipeline.testing import write_waves

ROWS, TEST_ROWS, STEPS = 80, 20, 32


@pytest.fixture
def plain(folder):
    """A table of ids and of how fast a row's series swings: nothing but the series to learn from."""
    label = np.arange(ROWS + TEST_ROWS) % 2
    folder.table = pd.DataFrame({"id": folder.table["id"], "pace": np.array(["slow", "fast"])[label]})
    folder.count = dict(zip(folder.table["id"], 2 + 6 * label, strict=True))
    folder.save("train.csv", folder.train).save("test.csv", folder.table[ROWS:][["id"]])
    return folder.save("sample_submission.csv", folder.sample(pace="slow"))


def waves(folder, where="series", ids=None):
    """Series of the rows as .npy, (steps, 2)."""
    write_waves(folder.root / where, {key: folder.count[key] for key in ids or folder.count})


def series(folder, ids):
    """The same as rows of one table, in the order of their steps."""
    write_waves(folder.home / "waves", folder.count)
    parts = []
    for key in ids:
        values = np.load(folder.home / f"waves/{key}.npy")
        part = pd.DataFrame(values, columns=["x", "y"])
        parts.append(part.assign(id=key, step=np.arange(len(part)), place="north", person=7))
    return pd.concat(parts)[["id", "step", "person", "place", "x", "y"]]


def as_tables(folder, name, ids):
    for key, part in series(folder, ids).groupby("id"):
        folder.save(name.format(id=key), part.drop(columns=["id", "person"]))


def models(config):
    return {name: (section.kind, section.inputs) for name, section in config.models.items()}


def arrays_of(config):
    return config.data.arrays.model_dump(exclude_defaults=True)


def test_files_of_numpy_are_found_by_the_ids(plain):
    waves(plain)
    config = plain.config()
    said = arrays_of(config)
    assert 30 <= said.pop("length") <= 40
    assert said == {"path": "series/{id}.npy", "axes": "TC", "missing": "fill"}
    kinds = models(config)
    assert kinds["cnn"] == ("cnn", ["arrays"])
    assert kinds["lgbm"] == ("lightgbm", ["array_statistics"])
    assert config.models["cnn"].backbone == "32C7s BN MP2 64C7s BN MP2 128C7s BN GAP D0.3"


def test_the_largest_array_of_a_packed_file_is_taken(plain):
    (plain.root / "packed").mkdir()
    for key in plain.table["id"]:
        np.savez(plain.root / f"packed/{key}.npz", grid=np.zeros((12, 9)), when=np.arange(3))
    config = plain.config()
    assert arrays_of(config) == {
        "path": "packed/{id}.npz",
        "array": "grid",
        "axes": "HW",
        "size": [12, 9],
        "missing": "fill",
    }


def test_a_folder_of_tables_per_side_and_a_table_beside(plain):
    """Tables of which each is one row are none of training, test or sample, whatever they are called."""
    plain.save("train.csv", plain.train.assign(age=np.arange(ROWS) % 7))
    plain.save("test.csv", pd.DataFrame({"id": plain.ids, "age": 3}))
    plain.save("prices.csv", pd.DataFrame({"what": ["a", "b"], "price": [1, 2]}))
    as_tables(plain, "train/{id}.csv", plain.train["id"])
    as_tables(plain, "test/{id}.csv", plain.ids)
    config = plain.config()
    said = arrays_of(config)
    assert (said["path"], said["test_path"]) == ("train/{id}.csv", "test/{id}.csv")
    assert said["channels"] == ["x", "y"]  # not the number of the step
    assert config.data.tables == {}
    assert models(config)["lgbm"] == ("lightgbm", ["auto", "array_statistics"])
    assert "not read: prices.csv" in plain.draft().text


def test_folders_called_by_their_value(plain):
    """As a partitioned Parquet dataset is written."""
    as_tables(plain, "series.parquet/id={id}/part-0.parquet", plain.table["id"])
    assert arrays_of(plain.config())["path"] == "series.parquet/id={id}/part-0.parquet"


def test_a_folder_per_class_of_arrays_takes_the_place_of_the_table(plain):
    (plain.root / "train.csv").unlink()
    (plain.root / "test.csv").unlink()
    for name, part in plain.train.groupby("pace"):
        as_tables(plain, f"train/{name}/{{id}}.csv", part["id"])
    as_tables(plain, "test/{id}.csv", plain.ids)
    config = plain.config()
    assert config.data.train == "train/{pace}/{id}.csv"
    assert config.data.arrays.test_path == "test/{id}.csv"
    assert any("80 arrays in 2 folders, one per class" in line for line in plain.draft().lines)


def test_two_long_tables_beside_the_labels(plain):
    """Tables with many rows for each id are series, neither training nor test, however they are called."""
    (plain.root / "test.csv").unlink()
    (plain.root / "train.csv").rename(plain.root / "train_labels.csv")
    plain.save("train.csv", series(plain, plain.train["id"])).save("test.csv", series(plain, plain.ids))
    config = plain.config()
    said = arrays_of(config)
    assert 30 <= said.pop("length") <= 40
    assert said == {
        "table": "train.csv",
        "test_table": "test.csv",
        "by": "id",
        "step": "step",
        "channels": ["x", "y"],  # what is the same in all of a series is none
        "missing": "fill",
    }
    assert (config.data.train, config.data.test) == ("train_labels.csv", "sample_submission.csv")
    assert config.data.tables == {}
    assert models(config)["cnn"] == ("cnn", ["arrays"])


@pytest.mark.parametrize("told", [True, False])
def test_one_long_table_is_read_as_series_where_they_say_more_than_its_aggregates(plain, told):
    """How fast a series swings is in no mean, least or greatest; how high it lies is."""
    rng = np.random.default_rng(0)
    plain.save("train.csv", plain.train.assign(age=rng.normal(size=ROWS)))
    plain.save("test.csv", pd.DataFrame({"id": plain.ids, "age": 1.0}))
    table = series(plain, plain.table["id"])
    if not told:
        slow = plain.table.set_index("id")["pace"][table["id"]].to_numpy() == "slow"
        table["x"], table["y"] = slow + np.where(table["step"] == 5, 1.0, 0.0), rng.normal(size=len(table))
    plain.save("sensors.csv", table)
    config = plain.config()
    assert config.data.tables["sensors"].key == ["id"]
    assert (config.data.arrays is not None) == told
    lines = plain.draft().lines
    assert any("series of sensors.csv: statistics gain nothing sure" in line for line in lines) != told
    assert not any("unread" in line for line in lines)


def test_a_target_and_what_the_test_lacks_are_no_channels(plain):
    """A table of steps may hold the answer, or what is known of training alone."""
    (plain.root / "test.csv").unlink()
    (plain.root / "train.csv").rename(plain.root / "train_labels.csv")
    answered = series(plain, plain.train["id"])
    answered = answered.assign(pace=np.arange(len(answered)) % 5, known=np.arange(len(answered)))
    asked = series(plain, plain.ids)
    plain.save("steps.csv", answered).save("asked.csv", asked.assign(pace=np.arange(len(asked)) % 3))
    assert arrays_of(plain.config())["channels"] == ["x", "y"]
    (plain.root / "steps.csv").unlink()
    as_tables(plain, "one/{id}.csv", plain.table["id"])
    for key in plain.train["id"]:
        path = plain.root / f"one/{key}.csv"
        pd.read_csv(path).assign(pace=[*range(9), *[0] * 99][: len(pd.read_csv(path))], known=2).to_csv(path)
    assert arrays_of(plain.config())["channels"] == ["x", "y"]


def test_rows_without_a_file_or_a_series_are_left_out(plain):
    waves(plain, ids=list(plain.table["id"][2:]))
    assert arrays_of(plain.config())["broken"] == "leave_out"


@pytest.mark.parametrize(
    ("shapes", "axes"),
    [
        ([(9,)], "T"),
        ([(128, 9)], "TC"),
        ([(12, 5000)], "CT"),
        ([(40, 3), (50, 3)], "TC"),
        ([(3, 40), (3, 50)], "CT"),
        ([(28, 28)], "HW"),
        ([(128, 300), (128, 310)], "HW"),
        ([(32, 32, 3)], "HWC"),
        ([(6, 273, 256)], "CHW"),
        ([(30, 64, 64), (34, 64, 64)], "DHW"),
        ([(64, 64, 30), (64, 64, 34)], "HWD"),
        ([(2, 3, 4, 5)], ""),
    ],
)
def test_axes_are_told_by_the_shapes(shapes, axes):
    assert guess_axes(shapes) == axes


@pytest.mark.parametrize(
    ("name", "shape", "axes"),
    [
        ("1.dcm", (24, 20), "HW"),
        ("1.dcm", (24, 20, 3), "HWC"),
        ("1.DCM", (30, 24, 20), "DHW"),
        ("1.nii.gz", (24, 20, 12), "HWD"),
    ],
)
def test_medical_files_hold_pictures_and_volumes(name, shape, axes):
    longer = tuple(side + 9 * (place == 0) for place, side in enumerate(shape))
    assert guess_axes([shape, longer], name) == axes


def test_what_a_network_sees_is_no_larger_than_need_be():
    assert shaping("TC", [(300, 2)] * 99 + [(5000, 2)]) == {"length": 300}
    assert shaping("CT", [(2, 5000)]) == {"length": 1024, "fit": "resize"}
    assert shaping("DHW", [(40, 128, 256)]) == {"size": [32, 64], "slices": 16}


def test_cost_of_a_network():
    assert multiply_adds("4C3s MP2 GAP FC5", (1, 8, 2)) == 8 * 2 * 3 * 4 + 4 * 5
    assert multiply_adds("4C3s BN GAP", (8, 8, 2)) == 8 * 8 * 2 * 9 * 4


def test_few_tables_and_tables_that_no_id_names_are_none_of_a_row():
    names = [f"more/{number}.csv" for number in range(30)]
    assert of_rows(crowds(names), names, {"a", "b"}) == frozenset()
    assert crowds(names[:9]) == {}
    assert of_rows(crowds(names), [*names, "3.csv", "x.csv"], set(map(str, range(20)))) == {*names, "3.csv"}


@pytest.mark.parametrize("form", ["npy", "tables", pytest.param("long", marks=pytest.mark.slow)])
def test_what_was_drafted_trains(plain, form, monkeypatch):
    """From the files to the submission without a line that a person wrote."""
    monkeypatch.chdir(plain.home)
    (plain.home / "configs").mkdir()
    if form == "npy":
        waves(plain)
    elif form == "tables":
        as_tables(plain, "steps/{id}.csv", plain.table["id"])
    else:
        plain.save("sensors.csv", series(plain, plain.table["id"]))
    assert main(["new", "toy", "--data", str(plain.root)]) == 0
    only = "cnn,linear" if form == "long" else "linear"
    cheap = ["--set", "models.cnn.epochs=2", "--set", "folds.n=2"]
    assert main(["train", "toy", "--only", only, *cheap]) == 0
    with open("runs/toy/submission.csv") as file:
        answers = {row["id"]: row["pace"] for row in csv.DictReader(file)}
    truth = dict(zip(plain.table["id"], plain.table["pace"], strict=True))
    assert answers == {key: truth[key] for key in answers}
