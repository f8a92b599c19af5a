"""Groups that only a long table names: who wears a sensor stays in one fold where the test has others."""

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main

ROWS, TEST_ROWS, STEPS = 80, 20, 6


@pytest.fixture
def worn(folder):
    """Series of 20 people, five of each; whose they are stands in the rows of their table alone."""
    label = np.arange(ROWS + TEST_ROWS) % 2
    folder.table = pd.DataFrame({"id": folder.table["id"], "pace": np.array(["slow", "fast"])[label]})
    folder.save("train.csv", folder.train).save("test.csv", folder.table[ROWS:][["id"]])
    return folder.save("sample_submission.csv", folder.sample(pace="slow"))


def steps(folder, apart=True, number=False):
    """The rows of a table of steps; the last four people are those of the test, or all are on both sides.

    How fast a series swings is in no mean, least or greatest of it; how high it lies tells whose it is.
    """
    rows = np.arange(ROWS + TEST_ROWS)
    person = rows // 5 if apart else rows % 20
    rng, fast = np.random.default_rng(0), (folder.table["pace"] == "fast").to_numpy()
    swing = np.where(fast[:, None], [0, 9, 0, 9, 0, 9], [0, 0, 0, 9, 9, 9])
    return pd.DataFrame(
        {
            "id": np.repeat(folder.table["id"].to_numpy(), STEPS),
            "step": np.tile(np.arange(STEPS), len(rows)),
            "wearer": np.repeat(person if number else np.array([f"p{one}" for one in person]), STEPS),
            "x": (swing + (person * 7 % 20)[:, None] + rng.normal(0, 0.3, swing.shape)).ravel(),
        }
    )


def of_ids(table, ids):
    return table[table["id"].isin(set(ids))]


@pytest.mark.parametrize("number", [True, False])
def test_others_in_the_test_are_groups(worn, number):
    folds = worn.save("sensors.csv", steps(worn, number=number)).config().folds
    assert (folds.group, folds.group_table, folds.n) == ("wearer", "sensors.csv", 5)


def test_two_tables_of_steps(worn):
    (worn.root / "train.csv").rename(worn.root / "labels.csv")
    (worn.root / "test.csv").unlink()
    table = steps(worn)
    worn.save("learn.csv", of_ids(table, worn.train["id"])).save("ask.csv", of_ids(table, worn.ids))
    folds = worn.config().folds
    assert (folds.group, folds.group_table) == ("wearer", "learn.csv")


def test_a_group_that_the_steps_of_the_test_lack_is_known_by_its_name(worn):
    (worn.root / "train.csv").rename(worn.root / "labels.csv")
    (worn.root / "test.csv").unlink()
    table = steps(worn, apart=False).rename(columns={"wearer": "subject"})
    worn.save("learn.csv", of_ids(table, worn.train["id"]))
    worn.save("ask.csv", of_ids(table.drop(columns="subject"), worn.ids))
    folds = worn.config().folds
    assert (folds.group, folds.group_table) == ("subject", "learn.csv")


def test_the_same_on_both_sides_are_none(worn):
    folds = worn.save("sensors.csv", steps(worn, apart=False)).config().folds
    assert (folds.group, folds.group_table) == (None, None)


def test_a_column_of_the_training_table_goes_before(worn):
    who = [f"w{row // 5}" for row in range(ROWS + TEST_ROWS)]
    worn.save("train.csv", worn.train.assign(who=who[:ROWS]))
    worn.save("test.csv", pd.DataFrame({"id": worn.ids, "who": who[ROWS:]}))
    folds = worn.save("sensors.csv", steps(worn)).config().folds
    assert (folds.group, folds.group_table) == ("who", None)


def test_what_was_drafted_trains_on_such_folds(worn, monkeypatch, capsys):
    """Nobody is learned from and scored, and no model sees who it is; without the groups the audit warns."""
    monkeypatch.chdir(worn.home)
    (worn.home / "configs").mkdir()
    table = steps(worn, number=True)
    worn.save("sensors.csv", table)
    assert main(["new", "toy", "--data", str(worn.root)]) == 0
    quick = ["--only", "linear", "--set", "folds.n=3"]
    assert main(["train", "toy", *quick]) == 0
    assert "split-groups" not in capsys.readouterr().out
    (competition,) = (worn.home / "runs/toy/products").glob("competition-*")
    (folds,) = (worn.home / "runs/toy/products").glob("folds-*")
    seen = pd.read_parquet(competition / "train.parquet").columns
    assert "sensors_x_mean" in seen
    assert not any("wearer" in name for name in seen)
    of = table.drop_duplicates("id").set_index("id")["wearer"]
    ids = pd.read_csv(worn.root / "train.csv", dtype={"id": str})["id"]
    drawn = pd.DataFrame({"who": of[ids].to_numpy(), "fold": np.load(folds / "assignment.npy")[0]})
    assert drawn.groupby("who")["fold"].nunique().max() == 1
    assert drawn["fold"].nunique() == 3
    plain = ["--set", "folds={n: 3}"]
    assert main(["audit", "toy", *plain]) == 0
    said = capsys.readouterr().out
    assert "split-groups: sensors.csv names groups" in said
    assert "`folds: {group: wearer, group_table: sensors.csv}`" in said
