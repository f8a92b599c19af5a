"""Sound is found beside a table, in folders or by names, with windows that suit it, folds by who speaks."""

import numpy as np
import pandas as pd
import pytest

from pipeline.draft.cost import Machine
from pipeline.draft.sound_models import sound_networks
from pipeline.draft.sounds import MOST_WINDOWS, window_settings
from pipeline.models.size import Size
from pipeline.testing import write_tones

ROWS, TEST_ROWS = 80, 20  # of the folder
SECONDS, RATE = 0.3, 4000
CPU = Machine(threads=2)


def tones(folder, where, names, ending="wav"):
    write_tones(folder.root / where, dict.fromkeys(map(str, names), 500.0), RATE, SECONDS, ending)


@pytest.fixture
def plain(folder):
    """A table of ids and targets alone: nothing but the clips to learn from."""
    folder.table = folder.table[["id", "target"]]
    return folder


def test_clips_in_a_folder_per_table(plain):
    plain.save_all()
    tones(plain, "train", plain.train["id"])
    tones(plain, "test", plain.ids)
    config = plain.config()
    sound = config.data.sound
    assert (sound.path, sound.test_path) == ("train/{id}.wav", "test/{id}.wav")
    assert (sound.sample_rate, sound.seconds, sound.windows) == (RATE, SECONDS, 1)
    assert config.folds.repeats == 1
    kinds = {name: (section.kind, section.inputs) for name, section in config.models.items()}
    assert kinds["cnn"] == kinds["changes"] == ("cnn", ["spectrogram"])
    assert config.models["changes"].backbone == "CMN DX " + config.models["cnn"].backbone
    assert kinds["lgbm"] == ("lightgbm", ["sound"])
    assert kinds["linear"] == ("linear", ["sound"])


def test_a_table_beside_the_clips_is_read_too(folder):
    folder.save_all()
    tones(folder, "clips", folder.table["id"], "flac")
    config = folder.config()
    assert config.data.sound.path == "clips/{id}.flac"
    assert config.models["lgbm"].inputs == ["auto", "sound"]


def test_a_folder_per_class_takes_the_place_of_the_table(plain):
    plain.save("sample_submission.csv", plain.sample(species="a"))
    for name, part in zip("ab", np.array_split(plain.train["id"].to_numpy(), 2), strict=True):
        tones(plain, f"train/{name}", part)
    tones(plain, "test", plain.ids)
    config = plain.config()
    assert config.data.train == "train/{species}/{id}.wav"
    assert any("80 clips in 2 folders, one per class" in line for line in plain.draft().lines)
    assert (config.data.target, config.data.sound.test_path) == ("species", "test/{id}.wav")


def test_classes_in_the_names_of_the_clips(plain):
    plain.save("sample_submission.csv", plain.sample(species="yes"))
    tones(plain, "train", [f"{name}_{number}" for name in ("yes", "no") for number in range(20)])
    tones(plain, "test", plain.ids)
    assert plain.config().data.train == "train/{species}_{name}.wav"


def test_speakers_whom_only_the_training_table_names_stay_in_one_fold(plain):
    plain.table = plain.table.assign(speaker=[f"s{row % 4}" for row in range(ROWS + TEST_ROWS)])
    plain.save_all().save("test.csv", plain.test.drop(columns="speaker"))
    tones(plain, "clips", plain.table["id"])
    folds = plain.config().folds
    assert (folds.group, folds.n) == ("speaker", 4)


@pytest.mark.parametrize("apart", [True, False])
def test_patients_in_the_ids_stay_in_one_fold_where_the_test_has_others(plain, apart):
    people = np.arange(ROWS + TEST_ROWS) // 5 if apart else np.arange(ROWS + TEST_ROWS) % 20
    plain.table = plain.table.assign(id=[f"p{who:02d}_{row}" for row, who in enumerate(people)])
    plain.save_all()
    tones(plain, "clips", plain.table["id"])
    folds = plain.config().folds
    assert folds.group == ("id" if apart else None)
    assert (folds.group_pattern is not None) == apart


def test_long_clips_of_patients_are_seen_in_several_places_for_the_time_of_one(plain):
    """Heart sounds: half a minute at 2 kHz, named a0001, of patients of whom the test has others."""
    names = [f"{'ab'[row % 2]}{row:04d}" for row in range(ROWS + TEST_ROWS)]
    patient = [f"P{row // 4}" for row in range(ROWS + TEST_ROWS)]
    plain.table = plain.table.assign(id=names, patient=patient)
    plain.save_all(target=0.5)
    write_tones(plain.root / "heart", dict.fromkeys(names, 60.0), 2000, 20.0, "wav")
    config = plain.config()
    sound, network = config.data.sound, config.models["changes"]
    assert (sound.path, sound.sample_rate, sound.seconds) == ("heart/{id}.wav", 2000, 3.0)
    assert sound.windows == MOST_WINDOWS
    assert (config.folds.group, config.metric) == ("patient", "log_loss")
    one, five = (
        sound_networks(Size(3000, 100, 5, "classification", 2, picture=(40, 94)), windows, 5, "log_loss", CPU)
        for windows in (1, 5)
    )
    assert one[0].section.get("epochs", 60) >= 5 * five[0].section["epochs"]
    assert network.size == [24, 47]


def test_clips_that_cannot_be_read_are_left_out(plain):
    plain.save_all()
    tones(plain, "clips", plain.table["id"])
    (plain.root / f"clips/{plain.train['id'][0]}.wav").write_bytes(b"RIFF")
    draft = plain.draft()
    assert "broken: leave_out" in draft.text
    assert any("training rows whose picture, clip or array" in line for line in draft.lines)


def test_windows_suit_the_lengths_and_the_rate():
    short, _ = window_settings(np.full(9, 0.5), [8000] * 9, 1000)
    assert (short["sample_rate"], short["seconds"], short.get("windows")) == (8000, 0.5, None)
    long, said = window_settings(np.full(9, 30.0), [48_000] * 9, 300)
    assert (long["sample_rate"], long["seconds"], long["windows"]) == (22_050, 3.0, MOST_WINDOWS)
    assert said == "clips of 30 s (median) to 30 s at 48,000 Hz"
    hearts, _ = window_settings(np.full(9, 30.0), [2000] * 9, 3000)
    assert (hearts["sample_rate"], hearts["seconds"], hearts["windows"]) == (2000, 3.0, 5)
    many, _ = window_settings(np.full(9, 30.0), [2000] * 9, 20_000)
    assert many.get("windows") is None
    unequal, _ = window_settings(pd.Series([0.2] * 95 + [60.0] * 5).to_numpy(), [16_000] * 100, 100)
    assert unequal["seconds"] <= 3.0
