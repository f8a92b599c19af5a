"""Models learn from arrays: runs to their submission, new rows, broken arrays, and no leak."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.errors import ConfigError, DataError
from pipeline.inputs.arrays.arrays_input import ArraysInput
from pipeline.inputs.images.pixels import pixel_statistics
from pipeline.networks import pretraining
from pipeline.progress import Progress
from pipeline.registry import INPUTS as INPUT_KINDS
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from pipeline.testing import write_waves
from tests.inputs.learned import answers_of_training_rows

ROWS, TEST_ROWS = 36, 6
WORDS = ("slow", "fast")
FILES = 'path: "waves/{id}.npy", axes: TC, length: 32'
TABLE = "table: steps_train.csv, test_table: steps_test.csv, step: t, length: 32"
CONFIG = """\
competition: waves
data: {target: pace, arrays: {ARRAYS}}
metric: accuracy
folds: {n: 2}
models:
  columns: {kind: logistic, inputs: [array_statistics]}
  net: {kind: cnn, inputs: [arrays], backbone: "4C5s MP4 GAP", epochs: 2}
"""
INPUTS = [("columns", "array_statistics"), ("net", "arrays")]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current folder with a contest: whether two sensors swing slowly or fast, as files and as tables."""
    monkeypatch.chdir(tmp_path)
    label = np.arange(ROWS + TEST_ROWS) % 2
    ids = [f"r{row:02d}" for row in range(ROWS + TEST_ROWS)]
    folder = tmp_path / "data/waves"
    write_waves(folder / "waves", dict(zip(ids, 2 + 6 * label, strict=True)))
    table = pd.DataFrame({"id": ids, "pace": np.array(WORDS)[label]})
    table[:ROWS].to_csv(folder / "train.csv", index=False)
    table[ROWS:][["id"]].to_csv(folder / "test.csv", index=False)
    table[ROWS:].to_csv(folder / "sample_submission.csv", index=False)
    for side, some in (("train", ids[:ROWS]), ("test", ids[ROWS:])):
        long_table(folder, some).to_csv(folder / f"steps_{side}.csv", index=False)
    (tmp_path / "configs").mkdir()
    configure()
    return tmp_path


def long_table(folder, ids):
    """The same series as rows of one table, their steps in no order."""
    parts = []
    for key in ids:
        values = np.load(folder / f"waves/{key}.npy")
        part = pd.DataFrame(values, columns=["x", "y"])
        parts.append(part.assign(id=key, t=np.arange(len(part))))
    return pd.concat(parts).sample(frac=1.0, random_state=0)


def configure(arrays=FILES, more=""):
    Path("configs/waves.yaml").write_text(CONFIG.replace("ARRAYS", arrays) + more)


def run(store="runs"):
    config = load_config(Path("configs/waves.yaml"))
    return Run(Plan(config, FolderSource(Path("data/waves")), Store(Path(store))), Progress())


def submitted(path="runs/waves/submission.csv"):
    with open(path) as file:
        return {row["id"]: row["pace"] for row in csv.DictReader(file)}


def parts(made, side="train"):
    return [getattr(made.sides(name), side).part(entry) for name, entry in INPUTS]


@pytest.mark.slow
@pytest.mark.parametrize("arrays", [FILES, TABLE], ids=["files", "table"])
def test_a_run_from_the_arrays_to_the_submission_and_new_rows(place, arrays):
    configure(arrays)
    assert main(["train", "waves"]) == 0
    truth = {f"r{row:02d}": WORDS[row % 2] for row in range(ROWS, ROWS + TEST_ROWS)}
    assert submitted() == truth
    assert main(["predict", "waves", "--rows", "data/waves/test.csv", "--out", "new.csv"]) == 0
    assert submitted("new.csv") == truth


def test_files_and_one_long_table_say_the_same(place):
    """Every series finds its row, and each side its own table."""
    files = run("files")
    configure(TABLE)
    table = run("table")
    for side, rows in (("train", ROWS), ("test", TEST_ROWS)):
        for one, other in zip(parts(files, side), parts(table, side), strict=True):
            np.testing.assert_allclose(one.take(np.arange(rows)), other.take(np.arange(rows)), rtol=1e-5)


def test_rows_without_steps_are_named_or_left_out(place):
    steps = pd.read_csv("data/waves/steps_train.csv")
    steps[steps["id"] != "r03"].to_csv("data/waves/steps_train.csv", index=False)
    configure(TABLE)
    with pytest.raises(DataError, match=r"of which steps_train\.csv holds no step: r03 \(1 in all\)"):
        _ = run().competition
    configure(TABLE + ", broken: leave_out")
    made = run("other")
    assert "r03" not in made.competition.ids
    assert len(made.competition.arrays) == ROWS - 1


def test_a_broken_array_is_an_error_or_left_out(place):
    Path("data/waves/waves/r03.npy").write_bytes(b"no array")
    Path("data/waves/waves/r38.npy").unlink()
    with pytest.raises(DataError, match=r"not there: waves/r38\.npy.*`data\.arrays\.broken: leave_out`"):
        _ = run().competition
    configure(FILES + ", broken: leave_out")
    competition = run("other").competition
    assert "r03" not in competition.ids
    assert competition.by_prior == ("r38",)
    assert (len(competition.arrays), len(competition.test_arrays)) == (ROWS - 1, TEST_ROWS - 1)


def test_how_arrays_are_read_decides_which_rows_are_left_out(place):
    """A row whose array has a gap comes back when gaps are filled in: nothing of the old reading is kept."""
    values = np.load("data/waves/waves/r03.npy")
    values[5, 0] = np.nan
    np.save("data/waves/waves/r03.npy", values)
    configure(FILES + ", broken: leave_out")
    assert "r03" not in run().competition.ids
    configure(FILES + ", broken: leave_out, missing: fill")
    assert "r03" in run().competition.ids


def test_arrays_of_unequal_lengths_are_named_in_the_making(place):
    configure('path: "waves/{id}.npy", axes: TC')
    np.save("data/waves/waves/r03.npy", np.zeros((9, 2)))
    with pytest.raises(DataError, match=r"(?s)arrays cannot be used.*r03\.npy' has 9 steps.*arrays\.length"):
        run().sides("net")


def test_no_array_decides_what_is_made_of_another(place):
    """What is learned of arrays is learned in a fit: the products of all others keep every byte."""
    before = [np.array(part.take(np.arange(ROWS))) for part in parts(run("one"))]
    write_waves(place / "data/waves/waves", {"r35": 15.0}, scale=1000.0)
    after = [np.array(part.take(np.arange(ROWS))) for part in parts(run("two"))]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old[:-1], new[:-1])
        assert not np.array_equal(old[-1], new[-1])


def test_scored_arrays_change_nothing_that_was_learned(place):
    """A fold's answers for training rows stay the same when every scored array is a thousand times as large.

    Networks normalise by the channels' means and deviations: those of the training rows alone.
    """

    names = [name for name, _ in INPUTS]
    fold, before = answers_of_training_rows(run("one"), names)
    scored = [run("one").competition.ids[row] for row in fold.valid]
    write_waves(place / "data/waves/waves", dict.fromkeys(scored, 3.0), scale=1000.0)
    _, after = answers_of_training_rows(run("two"), names)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_pretraining_sees_both_sides_once_for_all_folds(place, monkeypatch):
    """The pictures of the test are there, and a second fold asks for none anew."""
    seen = []
    real = pretraining._train
    monkeypatch.setattr(
        pretraining, "_train", lambda *said: seen.append(list(map(len, said[2]))) or real(*said)
    )
    text = Path("configs/waves.yaml").read_text()
    Path("configs/waves.yaml").write_text(text.replace("epochs: 2", "epochs: 1, pretrain: {epochs: 1}"))
    made = run()
    for fold in made.plan.own_fits:
        made.output("net", fold)
    assert seen == [[ROWS, TEST_ROWS]]


def test_a_person_sees_lines_and_slices(place):
    made = run()
    for shown in ArraysInput().shown(made.workshop("net"), [0, 5]):
        assert shown.picture.shape == (64, 256, 1)
        assert (shown.picture[:32] == 0).any(axis=0).all()  # a line from end to end
        assert (shown.picture[32:] == 0).any(axis=0).all()
    np.save(place / "data/waves/waves/r00.npy", np.arange(24.0).reshape(3, 4, 2))
    configure('path: "waves/{id}.npy", axes: HWC')
    (shown,) = ArraysInput().shown(run("other").workshop("net"), [0])
    assert shown.picture[:, :, 0].ravel().tolist() == np.rint(np.arange(12) * 255 / 11).tolist()


def test_channels_of_numbers_are_measured_over_the_rows_asked_for():
    values = np.random.default_rng(0).normal([1e6, 3.0, 7.0], [1.0, 1e-3, 0.0], (20, 2, 5, 3))
    values[:, :, :, 2] = 7.0
    rows = np.array([3, 8, 15])
    mean, deviation = pixel_statistics(values.astype(np.float64), rows)
    flat = values[rows].reshape(-1, 3)
    np.testing.assert_allclose(mean, flat.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation[:2], flat.std(axis=0)[:2], rtol=1e-3)
    assert deviation[2] == 1.0


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("{kind: logistic, inputs: [arrays]}", "sees no arrays; `array_statistics` is for it"),
        ("{kind: cnn, inputs: [array_statistics], backbone: 4C3 GAP}", "`arrays` is for it"),
        ("{kind: cnn, inputs: [arrays], backbone: 4C3 GAP, size: 8}", "size` is for pictures"),
        ("{kind: cnn, inputs: [arrays], backbone: mobilenet_v2}", "backbone`: .* is for pictures of 8 bits"),
        ("{kind: cnn, inputs: [arrays], backbone: 4C3 GAP, augment: flips}", "augment`: "),
        (
            "{kind: cnn, inputs: [arrays], backbone: 4C3 GAP, pretrain: {method: simclr, epochs: 1}}",
            "pretrain.method`: simclr changes",
        ),
        ("{kind: gallery, inputs: [arrays]}", "kind`: gallery is for pictures of 8 bits"),
    ],
)
def test_models_that_cannot_read_an_input_say_so(place, model, said):
    configure(more=f"  wrong: {model}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(Path("configs/waves.yaml"))


@pytest.mark.parametrize("entry", [entry for _, entry in INPUTS])
def test_what_a_package_carries_opens_new_rows(place, entry, tmp_path):
    """The shape and the channels of training, without its rows."""
    made = run()
    name = next(model for model, one in INPUTS if one == entry)
    folder, carried, scratch = made.made(made.input_products(name)[entry]), tmp_path / "c", tmp_path / "s"
    carried.mkdir()
    scratch.mkdir()
    one = INPUT_KINDS.get(entry)()
    one.carry(folder, carried)
    found = one.open_new(made.workshop(name), carried, scratch)
    expected = made.sides(name).test.part(entry)
    np.testing.assert_array_equal(found.take(np.arange(TEST_ROWS)), expected.take(np.arange(TEST_ROWS)))
    assert not list(carried.glob("train*"))
