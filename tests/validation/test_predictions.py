"""Predictions know which rows they are of, and are never mixed with those of others."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.stages.members import Member, average
from pipeline.tasks.base import make_task
from pipeline.validation.predictions import Predictions, check_alignment, load_predictions, save_predictions


def predictions(value=0.25, name="one"):
    return Predictions(
        name=name,
        task=make_task("classification", ("x", "y")),
        oof=np.full((4, 2), value, np.float32),
        test=np.full((3, 2), 2 * value, np.float32),
        ids=np.array(list("abcd")),
        test_ids=np.array(list("efg")),
        folds_hash="folds",
        fold_scores=(0.5, 0.75),
        seconds=2.0,
        marks=(f"mark of {name}",),
    )


def test_rows_without_a_prediction_are_not_scored():
    made = predictions()
    made.oof[2, 1] = np.nan
    assert made.scored.tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    "change, said",
    [
        ({"folds_hash": "others"}, "made with different folds"),
        ({"ids": np.array(list("abdc"))}, "the same ids in another order"),
        ({"test_ids": np.array(list("xfg"))}, "different ids"),
        ({"task": make_task("classification", ("x", "z"))}, "different columns .missing: y"),
    ],
)
def test_members_that_do_not_speak_of_the_same_are_refused(change, said):
    one = predictions()
    check_alignment([one, predictions(0.5, "two")])
    with pytest.raises(StoreError, match=said):
        check_alignment([one, replace(predictions(0.5, "two"), **change)])


def test_seeds_of_a_model_are_averaged():
    parts = [predictions(0.25), predictions(0.75, "two")]
    group = [Member(f"s{k}", f"key{k}", lambda part=part: part) for k, part in enumerate(parts)]
    mean = average("model", group)
    made = mean.load()
    assert (made.name, made.seconds, made.fold_scores) == ("model", 4.0, ())
    assert made.marks == ("mark of one", "mark of two")
    assert np.all(made.oof == 0.5)
    assert np.all(made.test == 1.0)
    assert mean.key not in {"key0", "key1"}
    assert average("model", group[:1]) is group[0]


def test_what_is_saved_is_read(tmp_path):
    made = predictions()
    save_predictions(made, tmp_path)
    again = load_predictions(tmp_path)
    for name in ("oof", "test", "ids", "test_ids"):
        assert np.array_equal(getattr(again, name), getattr(made, name)), name
    for name in ("name", "task", "folds_hash", "fold_scores", "seconds", "notes", "marks"):
        assert getattr(again, name) == getattr(made, name), name
