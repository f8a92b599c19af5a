"""Models that point at the first and the last word: what they learn, from which rows, what they keep."""

import numpy as np
import pytest

from pipeline.context import Context
from pipeline.errors import ModelError
from pipeline.metrics import find_metric
from pipeline.networks.tokens.config import POINTING, TextNetConfig
from pipeline.tasks.span import Span
from pipeline.tasks.span_truth import SpanTruth
from pipeline.testing import build, dataset_of
from tests.tasks.spans import long_contest, told

ROWS = 150
TRAIN, NEW = np.arange(100), np.arange(100, ROWS)
LEARNS = {"layers": {"word": "E16 C24k5 C24k3"}, "epochs": 12, "batch_size": 20, "learning_rate": 0.03}
QUICK = {"layers": {"word": "E4 C4k3"}, "epochs": 1, "batch_size": 50}
KINDS = {"text_net": {**QUICK, "min_count": 1}, "span_linear": {"min_count": 1}}


@pytest.fixture(scope="module")
def contest():
    """The task, and its rows."""
    table = told(ROWS)
    truth = SpanTruth(table["text"].tolist(), table["answer"].tolist())
    task = Span(("start", "end"), int(truth.words.max()), "text", truth)
    return task, data_of(task, table)


def data_of(task, table):
    target = np.hstack([np.arange(len(table), dtype=float)[:, None], task.inside(task.known.spans)])
    kinds = {"text": "text", "mode": "category"}
    return dataset_of(table["id"].to_numpy(str), table[["mode", "text"]], target=target, kinds=kinds)


def spoiled(task):
    """Returns rows of which those that are not learned from hold other words, modes and answers."""
    table = told(ROWS)
    table.loc[NEW, "text"] = "never seen words from here until, there"
    table.loc[NEW, "mode"] = "never"
    data = data_of(task, table)
    data.target[NEW, 1:] = 0
    return data


def fit(kind, task, data, context=Context(seed=3), **keys):
    model = build(kind, {**KINDS[kind], **keys}, task)
    inner = data.rows(NEW) if model.wants_inner_split else None
    return model.fit(data.rows(TRAIN), inner, context)


def learned(model):
    if hasattr(model, "weights_"):
        return [model.weights_, model.words_.vocabulary.tokens, model.words_.values]
    return [*model.learned_.values, model.vocabularies_["word"].tokens]


def same(one, other):
    pairs = zip(learned(one), learned(other), strict=True)
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


@pytest.mark.parametrize(("kind", "keys"), [("span_linear", {}), ("text_net", LEARNS)])
def test_it_learns_where_answers_begin_and_end(contest, kind, keys):
    task, data = contest
    said = fit(kind, task, data, **keys).predict(data.rows(NEW))
    metric = find_metric("word_jaccard").of(task)
    whole = np.tile(task.constant(data.target), (len(NEW), 1))
    assert metric(data.target[NEW], said) > max(0.9, metric(data.target[NEW], whole) + 0.2)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_probabilities_of_the_words_of_a_row(contest, kind, tmp_path):
    task, data = contest
    model = fit(kind, task, data)
    said = model.predict(data.rows(NEW))
    assert (said.shape, said.dtype) == ((len(NEW), task.n_outputs), np.float16)
    halves = said.astype(float).reshape(len(NEW), 2, task.width)
    assert np.allclose(halves.sum(axis=2), 1, atol=5e-3)
    behind = np.arange(task.width) >= task.known.words[NEW][:, None]
    assert (halves[np.repeat(behind[:, None], 2, axis=1)] == 0).all()
    backwards = model.predict(data.rows(NEW[::-1]))[::-1]
    assert np.allclose(backwards, said, atol=2e-3), (
        "a row's answer depends on those that are asked for with it"
    )
    model.save(tmp_path)
    again = type(model)(model.config, task).load(tmp_path).predict(data.rows(NEW))
    assert np.allclose(again, said, atol=2e-3)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(
    ("kind", "keys"), [("span_linear", {}), ("text_net", {}), ("text_net", {"patience": 1})]
)
def test_scored_and_inner_rows_are_not_learned(contest, kind, keys):
    """Words, values beside them, answers; with one epoch there is nothing that inner rows could choose."""
    task, data = contest
    assert same(fit(kind, task, data, **keys), fit(kind, task, spoiled(task), **keys))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_beside_the_text_is_heard(contest, kind):
    task, data = contest
    table = told(ROWS)
    other = data_of(task, table.assign(mode=np.where(table["mode"] == "all", "part", "all")))
    model = fit(kind, task, data)
    assert not np.allclose(model.predict(data.rows(NEW)), model.predict(other.rows(NEW)), atol=1e-3)


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_its_answer_teaches_nothing(contest, kind):
    task, data = contest
    without, absent = data.rows(TRAIN[1:]), data_of(task, told(ROWS))
    absent.target[0, 1:] = -1
    one = fit(kind, task, absent)
    other = build(kind, KINDS[kind], task).fit(without, None, Context(seed=3))
    assert same(one, other)
    absent.target[:, 1:] = -1
    with pytest.raises(ModelError, match="No answer of 100 rows lies in"):
        fit(kind, task, absent)


@pytest.mark.usefixtures("untraced")
def test_answers_longer_than_a_window_are_left_out(contest):
    task, data = contest
    model = fit("text_net", task, data, max_length=4)
    assert 0 < model.notes()["texts"] < len(TRAIN) / 2, "half of them are the whole text"
    long = data_of(task, told(ROWS))
    long.target[:, 1:] = [0, 3]
    with pytest.raises(ModelError, match="is as short as a window of 2 words: raise `max_length`"):
        fit("text_net", task, long, max_length=2)


@pytest.mark.parametrize(("kind", "keys"), [("span_linear", {}), ("text_net", LEARNS)])
def test_an_answer_at_the_end_of_a_long_text_is_found(kind, keys):
    task, table = long_contest(ROWS)
    data = data_of(task, table)
    model = fit(kind, task, data, **(keys and {**keys, "max_length": 20}))
    said = model.predict(data.rows(NEW))
    assert find_metric("word_jaccard").of(task)(data.target[NEW], said) > 0.9
    assert (task.decided(said)[:, 0] > 80).all()


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_a_word_has_an_answer(contest, kind):
    task, data = contest
    empty = data_of(task, told(ROWS).assign(text=" "))
    model = fit(kind, task, data)
    said = model.predict(empty.rows(NEW[:2])).astype(float).reshape(2, 2, task.width)
    assert (said[:, :, 0] == 1).all()


def test_layers_say_which_task_they_are_for():
    def config(**layers):
        return TextNetConfig(kind="text_net", layers=layers)

    assert config(word="E8 C8k3").needs_task() == {"layers": ("span",)}
    assert "span" not in config(word="E8 GA").needs_task()["layers"]
    assert TextNetConfig(kind="text_net").needs_task() == {}
    assert TextNetConfig(kind="text_net").layers_for(Span(("start", "end"))) == POINTING
    [problem] = config(word="E8", char="E8 GA").problems("m")
    assert "`m.layers`: without GM, GA or AT a word is pointed at" in problem
    [problem] = config(word="E8 MP2").problems("m")
    assert "`m.layers.word`: a span is pointed at, and 'MP2' leaves no token by itself" in problem
