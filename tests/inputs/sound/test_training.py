"""Models learn from sound: a run to its submission, new rows, rows whose clip is broken, and no leak."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.data.source import FolderSource
from pipeline.errors import ConfigError, DataError
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from pipeline.testing import write_tones
from tests.inputs.learned import answers_of_training_rows

ROWS, TEST_ROWS = 36, 6
CONFIG = """\
competition: tones
data:
  target: pitch
  sound: {path: "clips/{id}.wav", sample_rate: 2000, seconds: 0.1, windows: 2, n_mels: 12, broken: BROKEN}
metric: accuracy
folds: {n: 2, group: id, group_pattern: "^([^_]+)_"}
models:
  columns: {kind: logistic, inputs: [sound]}
  net:
    {kind: cnn, inputs: [spectrogram], backbone: "4C3s MP2 GAP", epochs: 2, augment: spectrogram, mix: mixup}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current folder with a contest: whether a tone is high or low, six people of several clips each."""
    monkeypatch.chdir(tmp_path)
    label = np.arange(ROWS + TEST_ROWS) % 2
    ids = [f"p{row // 6}_{row:02d}" for row in range(ROWS + TEST_ROWS)]
    write_tones(tmp_path / "data/tones/clips", dict(zip(ids, 200 + 400 * label, strict=True)))
    table = pd.DataFrame({"id": ids, "pitch": np.array(["low", "high"])[label]})
    table[:ROWS].to_csv("data/tones/train.csv", index=False)
    table[ROWS:][["id"]].to_csv("data/tones/test.csv", index=False)
    table[ROWS:].to_csv("data/tones/sample_submission.csv", index=False)
    (tmp_path / "configs").mkdir()
    configure()
    return tmp_path


def configure(broken="refuse", more=""):
    with open("configs/tones.yaml", "w") as file:
        file.write(CONFIG.replace("BROKEN", broken) + more)


def run(store="runs"):
    config = load_config(Path("configs/tones.yaml"))
    return Run(Plan(config, FolderSource(Path("data/tones")), Store(Path(store))), Progress())


def submitted(path="runs/tones/submission.csv"):
    with open(path) as file:
        return {row["id"]: row["pitch"] for row in csv.DictReader(file)}


@pytest.mark.slow
def test_a_run_from_the_clips_to_the_submission_and_new_rows(place):
    assert main(["train", "tones"]) == 0
    truth = {f"p6_{row:02d}": ("low", "high")[row % 2] for row in range(ROWS, ROWS + TEST_ROWS)}
    assert submitted() == truth
    assert main(["predict", "tones", "--rows", "data/tones/test.csv", "--out", "new.csv"]) == 0
    assert submitted("new.csv") == truth


def test_people_of_the_ids_stay_in_one_fold(place):
    made = run()
    people = np.array([key.partition("_")[0] for key in made.competition.ids])
    for fold in made.folds:
        assert not set(people[fold.train]) & set(people[fold.valid])


def test_ids_without_the_part_that_is_the_group_are_named(place):
    text = CONFIG.replace("^([^_]+)_", "^(p[1-5])_").replace("BROKEN", "refuse")
    (place / "configs/tones.yaml").write_text(text)
    with pytest.raises(DataError, match=r"`folds\.group`: 6 rows have no value in 'id'"):
        _ = run().competition


def test_a_broken_clip_is_an_error_or_left_out(place):
    (place / "data/tones/clips/p0_03.wav").write_bytes(b"RIFF of no use")
    (place / "data/tones/clips/p6_38.wav").unlink()
    with pytest.raises(
        DataError, match=r"clips that are not there: clips/p6_38.wav.*`data.sound.broken: leave_out`"
    ):
        _ = run().competition
    configure("leave_out")
    competition = run("other").competition
    assert "p0_03" not in competition.ids
    assert competition.by_prior == ("p6_38",)
    assert (len(competition.clips), len(competition.test_clips)) == (ROWS - 1, TEST_ROWS - 1)


def test_a_clip_that_breaks_in_the_making_names_itself(place):
    (place / "data/tones/clips/p0_03.wav").write_bytes(b"RIFF of no use")
    with pytest.raises(
        DataError, match=r"(?s)1 of 36 clips cannot be used .*data.sound.broken.*'clips/p0_03.wav'"
    ):
        run().sides("columns")


def test_no_clip_decides_what_is_made_of_another(place):
    """What is learned of clips is learned in a fit: the products of all others keep every byte."""
    before = [
        np.array(run("one").sides(name).train.part(entry).take(np.arange(ROWS))) for name, entry in INPUTS
    ]
    write_tones(place / "data/tones/clips", {"p5_35": 950.0}, rate=4000, seconds=1.0)
    after = [
        np.array(run("two").sides(name).train.part(entry).take(np.arange(ROWS))) for name, entry in INPUTS
    ]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old[:-1], new[:-1])
        assert not np.array_equal(old[-1], new[-1])


INPUTS = [("columns", "sound"), ("net", "spectrogram")]


def test_scored_clips_change_nothing_that_was_learned(place):
    """A fold's answers for training rows stay the same when every scored clip is another."""

    names = [name for name, _ in INPUTS]
    fold, before = answers_of_training_rows(run("one"), names)
    scored = [run("one").competition.ids[row] for row in fold.valid]
    write_tones(place / "data/tones/clips", dict.fromkeys(scored, 70.0), seconds=0.5)
    _, after = answers_of_training_rows(run("two"), names)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("{kind: logistic, inputs: [spectrogram]}", "sees no pictures; `sound` is for it"),
        ("{kind: cnn, inputs: [sound], backbone: 4C3 GAP}", "sees pictures; `spectrogram` is for it"),
        (
            "{kind: cnn, inputs: [spectrogram], size: 8, backbone: 4C3 GAP, view: {crop: [0, 0, 1, 1]}}",
            "neither",
        ),
    ],
)
def test_models_that_cannot_read_an_input_say_so(place, model, said):
    configure(more=f"  wrong: {model}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(Path("configs/tones.yaml"))


def test_a_pattern_of_groups_has_one_part(place):
    text = CONFIG.replace("^([^_]+)_", "^[^_]+_")
    (place / "configs/tones.yaml").write_text(text.replace("BROKEN", "refuse"))
    with pytest.raises(ConfigError, match="one pair of parentheses"):
        load_config(Path("configs/tones.yaml"))
