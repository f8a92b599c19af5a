"""A frozen encoder and a linear model on its features: with a stand-in, so that no package is needed."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import DataError, ModelError
from pipeline.models.base import Context
from pipeline.models.transformer import Transformer, TransformerConfig
from pipeline.networks.texts import encoder as encoders
from pipeline.tasks.base import make_task
from pipeline.testing import (
    TASKS,
    build,
    check_absent_class,
    check_model,
    check_reads_training_rows_only,
    check_seed,
    dataset_of,
    fit,
    small_dataset,
)

QUICK = {"weights": "folder", "columns": ["words"]}


def letters_of(text):
    """What the stand-in says of a text: how often each letter stands in it."""
    return np.bincount([ord(letter) - 97 for letter in "".join(text) if letter.isalpha()], minlength=26)


@pytest.fixture(autouse=True)
def calls(monkeypatch):
    """An encoder that counts letters is found in any folder; returns the texts that it was asked for."""
    asked = []

    def features(texts, most, report):
        asked.append(list(texts))
        return np.array([letters_of(text) for text in texts], np.float32).reshape(len(texts), 26)

    monkeypatch.setattr(encoders, "installed", lambda: True)
    monkeypatch.setattr(encoders, "misfit", lambda folder: "")
    monkeypatch.setattr(encoders, "identity_of", lambda folder: str(folder))
    monkeypatch.setattr(encoders, "open_encoder", lambda *_: SimpleNamespace(features=features))
    return asked


@pytest.mark.parametrize("task", [task for task in TASKS if task in Transformer.tasks])
def test_contract(task, tmp_path):
    check_model("transformer", QUICK, task, tmp_path)


def test_it_keeps_the_promises_of_a_classifier():
    check_absent_class("transformer", QUICK)
    check_seed("transformer", QUICK)
    check_reads_training_rows_only("transformer", QUICK)


def test_features_of_a_side_are_computed_once_for_all_folds(calls):
    data, context = small_dataset("classification"), Context(cache=Kept())
    for start in (0, 1):
        model = build("transformer", QUICK, TASKS["classification"])
        model.fit(data.rows(np.arange(start, 90, 2)), None, context)
        model.predict(data.rows(np.arange(10)), context)
    assert [len(texts) for texts in calls] == [90]
    other = build("transformer", {**QUICK, "max_length": 64}, TASKS["classification"])
    other.fit(data.rows(), None, context)
    assert len(calls) == 2


class Kept:
    """A cache that keeps arrays by their whole key."""

    def __init__(self):
        self.arrays = {}

    def __call__(self, name, key, make):
        place = (name, repr(sorted(key.items())))
        if place not in self.arrays:
            self.arrays[place] = make()
        return self.arrays[place]


def test_kept_features_are_those_of_the_rows():
    data, context = small_dataset("classification"), Context(cache=Kept())
    model = build("transformer", QUICK, TASKS["classification"]).fit(data.rows(), None, context)
    chosen = data.rows(np.array([50, 7, 31]))
    assert np.array_equal(model.embed(chosen, context), model.embed(chosen))


def test_kept_features_are_those_of_the_texts():
    context, chosen = Context(cache=Kept()), np.arange(5)
    model = build("transformer", QUICK, TASKS["classification"])
    model.fit(small_dataset("classification").rows(), None, context)
    other = small_dataset("classification", seed=1).rows(chosen)
    assert np.array_equal(model.embed(other, context), model.embed(other))


def test_columns_are_text_by_the_training_rows():
    data = two_columns()
    names = [f"{word} {place} of them all" for place, word in enumerate("abcdefghijkl")]
    data.table["note"] = ["a", "b"] * 6 + names
    data.table["question"] = [f"{place} is what {place * 7} was to me" for place in range(24)]
    model = make().fit(data.rows(np.arange(12)))
    assert model.columns_ == ["question"]


def test_scale_and_weights_come_from_the_training_rows():
    """Texts of the rows that are scored differ wildly; the linear model is the same."""
    data = small_dataset("classification")
    train, probe = np.arange(60), data.rows(np.arange(30))

    def cache(name, key, make):
        return make()

    honest = build("transformer", QUICK, TASKS["classification"])
    honest.fit(data.rows(train), None, Context(cache=cache))
    spoiled = small_dataset("classification")
    spoiled.table.loc[60:, "words"] = "zzzz " * 500
    other = build("transformer", QUICK, TASKS["classification"])
    other.fit(spoiled.rows(train), None, Context(cache=cache))
    assert np.array_equal(honest.predict(probe), other.predict(probe))


def two_columns():
    words = ["small quick wing", "yellow stripe wing", "long tail fur"] * 8
    table = pd.DataFrame({"question": words, "answer": words[::-1]})
    return dataset_of(np.arange(24).astype(str), table, target=np.arange(24) % 3)


def make(**keys):
    config = TransformerConfig(kind="transformer", weights="folder", **keys)
    return Transformer(config, make_task("classification", ("a", "b", "c")))


def test_each_column_has_features_of_its_own_and_a_pair_is_one(calls):
    data = two_columns()
    both = make(columns=["question", "answer"]).fit(data.rows())
    assert both.embed(data.rows()).shape == (24, 52)
    pair = make(columns=["question", "answer"], pair=True).fit(data.rows())
    assert pair.embed(data.rows()).shape == (24, 26)
    assert calls[-1][0] == ("small quick wing", "long tail fur")


def test_mistakes_are_told_before_any_work(monkeypatch):
    said = make(columns=["one"], pair=True, stride=99, inputs=["table"]).config.problems("models.m")
    assert [line.split("`")[1] if "`" in line else line for line in said[:2]] == [
        "models.m.pair",
        "models.m.stride",
    ]
    assert "it reads texts alone" in said[2]
    [missing] = TransformerConfig(kind="transformer").problems("models.m")
    assert "models.m.weights" in missing
    monkeypatch.setattr(encoders, "installed", lambda: False)
    [missing] = make().config.problems("models.m")
    assert "make setup TEXT=1" in missing
    assert make(enabled=False).config.problems("models.m") == []


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"there is no column 'word'\. Did you mean 'words'"):
        fit(
            build("transformer", {**QUICK, "columns": ["word"]}, TASKS["classification"]),
            small_dataset("classification"),
        )
    with pytest.raises(ModelError, match="`pair` needs two columns"):
        fit(
            build("transformer", {**QUICK, "pair": True}, TASKS["classification"]),
            small_dataset("classification"),
        )


def test_other_weights_in_the_folder_are_refused(monkeypatch):
    data = small_dataset("classification")
    model = fit(build("transformer", QUICK, TASKS["classification"]), data)
    monkeypatch.setattr(encoders, "identity_of", lambda folder: f"other than {Path(folder)}")
    with pytest.raises(ModelError, match="holds other weights"):
        model.predict(data.rows())
