"""Answers that are parts of texts: where they lie, how a span is decided, what is handed in."""

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.spans import odd_spans
from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.config.schema import EnsembleConfig
from pipeline.draft.cost import Machine
from pipeline.draft.draft import make_draft
from pipeline.draft.files import Asked
from pipeline.draft.findings import Surroundings
from pipeline.draft.pointers import choose_pointers
from pipeline.ensemble.pixel_sample import pixel_sample
from pipeline.ensemble.postprocessing import postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for, read_postprocessor
from pipeline.ensemble.span_rules import SpanDecision
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.errors import DataError, SubmissionError
from pipeline.metrics import find_metric
from pipeline.models.size import Size
from pipeline.tasks.answer import Answer
from pipeline.tasks.contest import Column, Contest, TextColumn
from pipeline.tasks.span import Span
from pipeline.tasks.span_truth import SpanTruth, cut_out, span_of
from pipeline.tasks.telling import find_kind
from pipeline.tasks.words import in_lower_case, word_places
from tests.tasks.spans import told, write

FORM = Answer("label", ("answer",), ())


def asked(table, kinds=("classification", "span"), **more):
    columns = {name: TextColumn(table[name].tolist(), ["a test text"]) for name in table if name != "answer"}
    return Contest(
        {"answer": Column(table["answer"].to_numpy())},
        table.index.to_numpy(str).copy,
        ("answer",),
        lambda name: pd.to_numeric(table[name], errors="coerce").to_numpy(float),
        kinds,
        wants="label",
        texts=lambda: columns,
        **more,
    )


@pytest.mark.parametrize(
    "text, answer, span",
    [
        ("so sad, really", "sad", (1, 1)),
        ("so sad, really", "ad, rea", (1, 3)),  # begins and ends within words
        ("so sad, really", "SAD", (1, 1)),
        ("so sad, really", "glad", (-1, -1)),
        ("so sad, really", "", (-1, -1)),
        ("so sad", " ", (-1, -1)),
        ("a b a", "a", (0, 0)),
    ],
)
def test_a_span_is_told_by_the_words_that_it_has_a_letter_of(text, answer, span):
    assert span_of(text, answer) == span


def test_a_span_is_cut_out_as_it_is_written():
    assert cut_out('he said:  "no, "', 1, 4) == 'said:  "no'
    assert cut_out("two words", 1, 9) == "words"
    assert cut_out(" ", 0, 0) == " "
    assert in_lower_case("İT IS") == "it is"
    assert len(word_places(in_lower_case("İT IS"))) == 2


def test_accents_and_vowel_signs_belong_to_their_words():
    assert [cut_out(text, 0, 0) for text in ("cafe\u0301 au", "हिन्दी भाषा", "5\ufe0f\u20e3 x")] == [
        "cafe\u0301",
        "हिन्दी",
        "5\ufe0f\u20e3",
    ]
    assert len(word_places("😀\ufe0f!")) == 3


def test_the_task_is_told_from_the_table():
    table = told(40)[["text", "mode", "answer"]]
    assert find_kind(asked(table)).kind == "span"
    names = table.assign(answer=["from", "until"] * 20)
    assert find_kind(asked(names)).kind == "classification", "few answers are classes"
    strange = table.assign(answer=[f"nowhere {row}" for row in range(40)])
    assert find_kind(asked(strange)).kind == "classification"
    numbers = table.assign(
        text=[f"item {row} of many" for row in range(40)], answer=[str(row) for row in range(40)]
    )
    assert find_kind(asked(numbers)).kind != "span", "numbers are values"


def test_the_text_is_the_column_that_holds_most_answers():
    table = told(40)[["mode", "text", "answer"]]
    task, target, form = Span.read(asked(table))
    assert (task.column, form) == ("text", FORM)
    assert task.width == max(len(word_places(text)) for text in table["text"])
    assert target[:, 0].tolist() == list(range(40))
    row = 0
    start, end = target[row, 1:].astype(int)
    assert cut_out(table["text"][row], start, end) == table["answer"][row]
    with pytest.raises(DataError, match=r"`data.span_of`: 'txt' is no text column of both tables.*'text'"):
        Span.read(asked(table, span_of="txt"))
    with pytest.raises(DataError, match="are no parts of a text: 0% of them stand in"):
        Span.read(asked(table.assign(answer="nowhere")))


def test_the_likeliest_pair_ends_behind_its_beginning():
    task = Span(("start", "end"), 4)
    values = np.array([[0.1, 0.2, 0.3, 0.4, 0.6, 0.1, 0.2, 0.1], [0.5, 0.4, 0.1, 0.0, 0.0, 0.1, 0.3, 0.6]])
    assert task.decided(values.astype(np.float16)).tolist() == [[0, 0], [0, 3]]
    assert task.decided(values.astype(np.float16), 3).tolist() == [[0, 0], [1, 3]]
    unsure = np.array([[0.0, 0.0, 0.9, 0.1, 0.6, 0.0, 0.4, 0.0]])  # the likeliest last word has no first
    assert task.decided(unsure).tolist() == [[2, 2]]
    every = [(values[1, s] * values[1, 4 + e], (s, e)) for s in range(4) for e in range(s, 4)]
    assert max(every)[1] == (0, 3)


def test_scores_are_of_the_true_text_and_what_is_cut_out():
    truth = SpanTruth(["So sad, really", "a b c d"], ["sad, really", "B c"])
    task = Span(("start", "end"), 4, truth=truth)
    target = np.hstack([np.arange(2.0)[:, None], truth.spans])
    jaccard, exact = (find_metric(name).of(task) for name in ("word_jaccard", "exact_match"))
    right = truth.spans
    assert (jaccard(target, right), exact(target, right)) == (1.0, 0.5)  # a capital counts for one of them
    whole = np.array([[0, 3], [0, 3]])
    assert jaccard(target, whole) == pytest.approx((2 / 3 + 2 / 4) / 2)
    sure = task.columns(target).astype(np.float16)
    assert jaccard(target, sure) == 1.0
    assert task.loss(target, sure) == pytest.approx(0.0)
    assert task.loss(target, np.full_like(sure, 0.25)) == pytest.approx(np.log(4))
    assert find_metric("word_jaccard").function("", "") == 1.0


def test_answers_that_the_text_lacks_are_scored_and_not_learned():
    truth = SpanTruth(["a b", "a b c d e f"], ["z", "f"])
    task = Span(("start", "end"), 4, truth=truth)
    target = np.hstack([np.arange(2.0)[:, None], task.inside(truth.spans)])
    assert task.learnable(target).tolist() == [False, False]
    assert task.loss(target, np.zeros((2, 8))) == 0.0
    assert find_metric("word_jaccard").of(task)(target, np.array([[0, 1], [0, 3]])) == 0.0
    found = {one.name: one for one in odd_spans(task, target, np.array(["p", "q"]))}
    assert found["answers-not-in-text"].severity == "warn"
    assert "1 answers are empty or no part of their 'words': p." in found["answers-not-in-text"].text
    assert "1 answers lie behind the first 4 words of their 'words': q." in found["answers-too-far"].text
    ordinary = Span.example(np.array([1, 1]), np.zeros(2))
    assert odd_spans(*ordinary, np.array(["p", "q"])) == []
    whole = Span.example(np.array([0, 1]), np.zeros(2))
    assert [one.name for one in odd_spans(*whole, np.array(["p", "q"]))] == ["whole-texts"]


def test_cells_are_cut_out_of_the_test_texts_and_verified():
    task, beside = Span(("start", "end"), 4), np.array(["so, sad", "none"], object)
    values = np.zeros((2, 8), np.float16)
    values[:, 0] = values[:, 7] = 1.0
    cells = task.cells(FORM, values, None, None, beside)
    assert cells == [["so, sad"], ["none"]]
    task.verify(FORM, cells, ["a", "b"], beside)
    for wrong in ("another", ""):
        with pytest.raises(SubmissionError, match="The cell is no part of the row's 'words': b"):
            task.verify(FORM, [["so"], [wrong]], ["a", "b"], beside)


def _long_and_short(rows=60):
    """Returns a task of answers of one word, its target, and a model that often ends too late."""
    rng = np.random.default_rng(0)
    places = rng.integers(0, 6, rows)
    text = "a b c d e f g h"
    truth = SpanTruth([text] * rows, [text.split()[place] for place in places])
    task = Span(("start", "end"), 8, truth=truth)
    target = np.hstack([np.arange(float(rows))[:, None], truth.spans])
    said = np.zeros((rows, 2, 8))
    said[np.arange(rows), 0, places] = 1.0
    said[np.arange(rows), 1, places], said[np.arange(rows), 1, 7] = 0.4, 0.6
    return task, target, said.reshape(rows, -1).astype(np.float16)


def test_the_greatest_length_is_chosen_by_the_other_folds():
    task, target, said = _long_and_short()
    metric = find_metric("exact_match").of(task)
    learner = postprocessing_for(metric, target, EnsembleConfig(), 0)
    split = Split(np.arange(len(target)) % 3)
    judged = postprocess(learner, said, target, metric, split)
    assert judged.used
    assert (judged.plain_score, judged.score) == (0.0, 1.0)
    assert judged.postprocessor.longest == 1
    again = read_postprocessor(json.loads(json.dumps(judged.postprocessor.to_json())))
    assert (again.labels(said) == judged.postprocessor.labels(said)).all()
    assert again.describe() == "at most 1 words"
    spoiled = target.copy()
    spoiled[split.folds == 0] = target[split.folds == 0][::-1]
    other = postprocess(learner, said, spoiled, metric, split)
    assert (other.answer[split.folds == 0] == judged.answer[split.folds == 0]).all()
    off = postprocessing_for(metric, target, EnsembleConfig(thresholds=False), 0)
    assert off.learn is None
    assert off.plain == SpanDecision(task)


def test_members_are_weighed_by_words_and_ends():
    task, target, said = _long_and_short(8)
    stack, truth = pixel_sample(Stack.of([said, said]), target, task, 0)
    assert 0.05 < truth.mean() < 0.3
    first = stack.members[0][truth[:, 0] == 1]
    assert set(np.round(first.ravel(), 1).tolist()) == {0.4, 1.0}


def test_a_draft_tells_spans_and_what_points_at_them(tmp_path):
    write(tmp_path / "files")
    around = Surroundings(Machine(threads=2), tmp_path / "no weights", fetching=False)
    config = load_config(make_draft("toy", tmp_path / "files", Asked(), around).write(tmp_path / "configs"))
    assert (config.data.task, config.metric) == ("span", "word_jaccard")
    assert [model.kind for model in config.models.values()] == ["span_linear", "text_net"]
    large = Size(50_000, 9, 1, "span", 2000, texts=("text",), characters=4000.0)
    _, net = choose_pointers(large, 5, Machine(2))
    assert net.section == {"kind": "text_net", "epochs": 3}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which a contest of spans was trained, and the test rows' answers."""
    place = tmp_path_factory.mktemp("spans")
    truth = write(place / "data" / "toy")
    config = {
        "competition": "toy",
        "metric": "word_jaccard",
        "folds": {"n": 3},
        "models": {"whole": {"kind": "baseline"}, "linear": {"kind": "span_linear"}},
    }
    (place / "configs").mkdir()
    (place / "configs" / "toy.yaml").write_text(json.dumps(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["train", "toy"]) == 0
    return place, truth


def test_a_contest_of_spans_from_end_to_end(trained, monkeypatch):
    place, truth = trained
    monkeypatch.chdir(place)
    with (place / "runs/toy/submission.csv").open(newline="") as file:
        sent = {row["id"]: row["answer"] for row in csv.DictReader(file)}
    right = [sent[key] == answer for key, answer in zip(truth["id"], truth["answer"], strict=True)]
    assert np.mean(right) > 0.8
    summary = json.loads((place / "runs/toy/submission.json").read_text())
    scores = {name: model["score"] for name, model in summary["models"].items()}
    assert scores["linear"] > scores["whole"] + 0.2
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    new = pd.read_csv("new.csv", keep_default_na=False)
    assert dict(zip(new["id"].astype(str).str.zfill(4), new["answer"], strict=True)) == sent


def test_the_report_shows_truth_and_answer(trained, monkeypatch, pages):
    place, _ = trained
    monkeypatch.chdir(place)
    assert main(["report", "toy"]) == 0
    page = (place / "runs/toy/report.html").read_text(encoding="utf-8")
    assert re.search(r"truth.{0,80}(sun|moon|star|from)", page, re.DOTALL)


def test_models_that_cannot_point_say_so(trained, monkeypatch, capsys):
    place, _ = trained
    monkeypatch.chdir(place)
    for section, said in (
        ("{kind: lightgbm}", "lightgbm does .*, and this is a task of span. Kinds that do it: .*span_linear"),
        ('{kind: text_net, layers: {word: "E8 GA"}}', "layers: .* is for .*, and this is a task of span"),
    ):
        assert main(["train", "toy", "--set", f"models={{m: {section}}}"]) != 0
        assert re.search(said, capsys.readouterr().err.replace("\n", " "))
