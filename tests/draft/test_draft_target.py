import numpy as np
import pandas as pd
import pytest

from pipeline.errors import DataError


def test_the_samples_column_by_name(folder):
    assert folder.save_all().config().data.target == "target"


def test_the_only_column_that_test_lacks(folder):
    folder.table = folder.table.rename(columns={"target": "height"})
    folder.save("train.csv", folder.train).save(
        "test.csv", folder.test.drop(columns="height", errors="ignore")
    )
    folder.save("sample_submission.csv", folder.sample(prediction=0))
    assert folder.config().data.target == "height"


def test_one_column_per_class(folder):
    folder.table["target"] = np.resize(["ant", "bee", "cat"], len(folder.table))
    config = folder.save_all(is_ant=0.3, is_bee=0.3, is_cat=0.4).config()
    assert (config.data.target, config.metric) == ("target", "log_loss")


def test_several_targets(folder):
    folder.table["height"] = folder.table["width"] * 2
    folder.save("train.csv", folder.train).save("test.csv", folder.test.drop(columns=["height", "width"]))
    config = folder.save("sample_submission.csv", folder.sample(width=0.5, height=0.5)).config()
    assert (config.data.target, config.metric) == (["width", "height"], "rmse")


def test_several_that_might_be_meant(folder):
    folder.table = folder.table.rename(columns={"target": "bought"})
    folder.save("train.csv", folder.train.assign(returned=1))
    folder.save("test.csv", folder.test.drop(columns="bought", errors="ignore"))
    folder.save("sample_submission.csv", folder.sample(prediction=0))
    with pytest.raises(DataError, match=r"no target that can be told.*lacks: bought, returned.*TARGET="):
        folder.draft()
    assert folder.config(target="bought").data.target == "bought"
    with pytest.raises(DataError, match=r"no column 'bougt'. Did you mean 'bought'"):
        folder.draft(target="bougt")


def test_no_target(folder):
    folder.save_all()
    folder.save("train.csv", folder.train.drop(columns="target"))
    with pytest.raises(DataError, match=r"has no target that can be told.*asks for target"):
        folder.draft()


def test_the_target_in_test(folder):
    folder.save_all().save("test.csv", folder.table[-20:])
    with pytest.raises(DataError, match=r"test.csv holds the target column 'target'"):
        folder.draft()


def test_one_value_only(folder):
    folder.table["target"] = 1
    with pytest.raises(DataError, match="has one value only: 1"):
        folder.save_all().draft()


def test_rows_without_a_target(folder):
    folder.table["target"] = folder.table["target"].astype(object)
    folder.table.loc[3, "target"] = None
    with pytest.raises(DataError, match=r"(?s)rows without a 'target'.*--missing-targets leave_out"):
        folder.save_all().draft()
    config = folder.config(missing_targets="leave_out")
    assert config.data.missing_targets == "leave_out"
    assert any(
        "training rows without a target: 1" in line
        for line in folder.draft(missing_targets="leave_out").lines
    )


def test_labels_that_differ_by_their_text_alone(folder):
    folder.table["target"] = np.array(["01", "1", "1.0"])[np.arange(len(folder.table)) % 3]
    folder.save_all(target="01")
    assert "task    classification: 01, 1, 1.0; the sample asks for a label" in folder.draft().lines
    folder.table["target"] = np.array(["1", "1.0"])[np.arange(len(folder.table)) % 2]
    folder.save_all(target="1")
    assert "task    classification: 1, 1.0; the sample asks for a label" in folder.draft().lines


def test_nothing_to_learn_from(folder):
    folder.table = folder.table[["id", "target"]].assign(same=1)
    with pytest.raises(DataError, match="nothing to learn from"):
        folder.save_all().draft()


def test_a_target_is_no_feature(folder):
    folder.table["later"] = pd.Series(np.arange(len(folder.table)) % 7, dtype=float)
    folder.save_all().save("test.csv", folder.test.drop(columns="later"))
    assert folder.config().data.target == "target"


def test_several_labels_in_a_cell(folder):
    numbers = folder.table[["width", "shade"]].to_numpy()
    known = np.array(["scab", "rust"])
    folder.table["target"] = [" ".join(known[row > 0]) for row in numbers]
    folder.save_all(target="scab rust")
    config, draft = folder.config(), folder.draft()
    assert (config.data.task, config.metric) == ("labelset", "f1_samples")
    assert any(line.startswith("task    labelset: rust") for line in draft.lines)
    assert folder.config(metric="f1_macro").data.task == "labelset"
