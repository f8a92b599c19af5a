"""Drafts of texts: told from names, read from JSON, trained by n-grams."""

import json

import numpy as np
import pytest

from pipeline.data.columns import guess_kind

SUBJECTS = ["the whale", "a small boat", "our old captain", "no one here", "the grey sea"]
VERBS = ["dives again", "was seen at night", "laughs!", "said nothing", "waits for you"]


def sentences(rows, seed=0):
    rng = np.random.default_rng(seed)
    return [f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {n}" for n in range(rows)]


def test_texts_are_trained_by_ngrams_and_their_style_is_counted(folder):
    folder.table["story"] = sentences(len(folder.table))
    config = folder.save_all().config()
    assert {name: s.kind for name, s in config.models.items() if s.kind == "ngrams"} == {
        "ngrams": "ngrams",
        "words": "ngrams",
        "chars": "ngrams",
        "logit": "ngrams",
    }
    assert config.models["words"].learner == "naive_bayes"
    assert config.features["story_style"].of == "story"


def test_ngrams_of_several_labels_keep_a_floor(folder):
    folder.table["story"] = sentences(len(folder.table))
    assert folder.save_all().config().models["ngrams"].floor == 0
    for place, name in enumerate(("angry", "glad"), start=1):
        folder.table[name] = np.arange(len(folder.table)) // place % 2
    folder.table = folder.table.drop(columns="target")
    folder.save("train.csv", folder.train).save("test.csv", folder.test.drop(columns=["angry", "glad"]))
    config = folder.save("sample_submission.csv", folder.sample(angry=0, glad=0)).config()
    assert (config.models["ngrams"].floor, config.models["ngrams"].lowercase) == (0.5, True)
    assert "chars" not in config.models


def test_tables_without_texts_have_neither(folder):
    config = folder.save_all().config()
    assert not config.features
    assert all(section.kind != "ngrams" for section in config.models.values())


def test_a_contest_in_json_is_drafted(folder):
    folder.table["items"] = [["salt", f"oil {n}", "black pepper"] for n in range(len(folder.table))]
    for name, table in (("train", folder.train), ("test", folder.test)):
        (folder.root / f"{name}.json").write_text(json.dumps(table.to_dict("records")), encoding="utf-8")
    folder.save("sample_submission.csv", folder.sample())
    config = folder.config()
    assert (config.data.train, config.data.test) == ("train.json", "test.json")
    assert config.features["items_style"].of == "items"


@pytest.mark.parametrize(
    "values, kind",
    [
        (["so bad", "why me??", "lol", "that is so sweet of you", "I am not sure at all"] * 3, "category"),
        ([f"msg {n} is all ok now" for n in range(30)], "text"),
        ([f"onion, salt, olive oil {n}" for n in range(30)], "text"),
        ([f"User{n}" for n in range(30)], "code"),
    ],
)
def test_text_is_told_from_names(values, kind):
    import pandas as pd

    assert guess_kind(pd.Series(values)) == kind
