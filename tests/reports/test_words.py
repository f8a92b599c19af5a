"""Words that spoke for an answer: left out one by one, of models that were not trained on the row."""

import contextlib
import json

import numpy as np
import pandas as pd
import pytest

from pipeline import api
from pipeline.cli import main
from pipeline.reports import page
from pipeline.reports.occlusion import occluded, readers_of
from pipeline.reports.sections.words import Words, points
from pipeline.reports.trained import Trained
from pipeline.stages.page import material_of
from tests.reports.page_reader import drawn

FILLERS = "<b>the</b> a of to in on at by with from".split()
ROWS = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A trained contest in which one word tells the class, in the first row the wrong one."""
    place = tmp_path_factory.mktemp("words")
    rng, root = np.random.default_rng(0), place / "data" / "toy"
    label = np.arange(ROWS) % 2
    said = label.copy()
    said[0] = 1 - label[0]
    texts = [
        " ".join(rng.permutation([*rng.choice(FILLERS, 5), ("sweet", "sour")[k]]).tolist())
        for k in said.tolist()
    ]
    table = pd.DataFrame({"id": [f"r{row:02d}" for row in range(ROWS)], "text": texts, "taste": label})
    table["taste"] = np.array(["good", "bad"])[label]
    root.mkdir(parents=True)
    table[:50].to_csv(root / "train.csv", index=False)
    table[50:].drop(columns="taste").to_csv(root / "test.csv", index=False)
    table.loc[50:, ["id"]].assign(taste="good").to_csv(root / "sample_submission.csv", index=False)
    config = {
        "competition": "toy",
        "metric": "accuracy",
        "data": {"columns": {"text": "text"}},
        "folds": {"n": 2},
        "models": {
            "words": {"kind": "ngrams", "learner": "naive_bayes", "ngram_range": {"word": [1, 1]}},
            "least": {"kind": "baseline"},
        },
    }
    (place / "configs").mkdir()
    (place / "configs" / "toy.yaml").write_text(json.dumps(config))
    with contextlib.chdir(place):
        assert main(["train", "toy"]) == 0
        yield api.open_run("toy")


def test_the_word_that_tells_the_class_speaks_for_it(run):
    material = material_of(run)
    [model] = readers_of(material)
    assert model.name == "words"
    found = occluded(model, [0, 1], 60.0)
    for row, word in ((0, "sour"), (1, "sour")):
        one = found[row]
        assert one.words[0][0] == word
        assert one.words[0][1] > 0.05
        assert one.said == pytest.approx(material.trained["words"].oof[row, one.output], abs=1e-5)
        assert "".join(text for text, _ in one.pieces["text"]) == run.competition.train["text"][row]
    assert occluded(model, [0, 1], 0.0).keys() == {0}, "the first takes what it takes"


def test_only_models_that_were_not_trained_on_a_row_are_asked(run, monkeypatch):
    material, asked = material_of(run), []
    [model] = readers_of(material)
    read = Trained.model

    def noted(trained, fold):
        asked.append(fold)
        return read(trained, fold)

    monkeypatch.setattr(Trained, "model", noted)
    for row in (0, 1, 2, 3):
        asked.clear()
        occluded(model, [row], 60.0)
        assert [row in run.folds.with_rows(fold).valid for fold in asked] == [True]


def test_the_page_shows_words_and_how_much_each_says(run, monkeypatch):
    monkeypatch.setattr(page, "sections", lambda material: {"words": Words(material)})
    section = Words(material_of(run))
    assert section.applies()
    _, seen = drawn(run)
    marks = seen.all("mark")
    assert {mark["class"] for mark in marks} == {"for", "against"}
    deepest = max(float(mark["style"].partition("--depth: ")[2]) for mark in marks)
    assert deepest == 1.0
    assert "for it" in seen.text
    assert seen.all("b") == [], "words of the data are no markup"
    first = section.found["words"]
    assert next(iter(first)) == 0, "the worst row stands first"
    assert points(-0.1234) == "−12.3"
