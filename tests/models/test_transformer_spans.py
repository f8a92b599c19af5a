"""A fine-tuned encoder that points at words: by a stand-in, so that no package is needed."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.tasks import check_models_do, space_for
from pipeline.context import Context
from pipeline.errors import ConfigError, ModelError
from pipeline.metrics import find_metric
from pipeline.models.transformer import TransformerConfig
from pipeline.networks.texts import encoder as encoders
from pipeline.tasks.span import Span
from pipeline.tasks.span_truth import SpanTruth
from pipeline.testing import build, dataset_of
from tests.models.killing import stopping_at
from tests.networks.texts.pieces import looking_backbone, piece_tokens
from tests.tasks.spans import long_contest, told

ROWS = 150
TRAIN, NEW = np.arange(100), np.arange(100, ROWS)
QUICK = {"weights": "folder", "finetune": "all", "epochs": 1, "batch_size": 50, "max_length": 64}
LEARNS = {"epochs": 12, "batch_size": 20, "learning_rate": 0.02}


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    """The encoder of any folder is the small one."""
    monkeypatch.setattr(encoders, "installed", lambda: True)
    monkeypatch.setattr(encoders, "misfit", lambda folder: "")
    monkeypatch.setattr(encoders, "identity_of", lambda folder: "small")
    monkeypatch.setattr(encoders, "read_tokens", piece_tokens)
    monkeypatch.setattr(encoders, "read_pair_tokens", piece_tokens)
    monkeypatch.setattr(encoders, "read_backbone", looking_backbone)


def data_of(table):
    truth = SpanTruth(table["text"].tolist(), table["answer"].tolist())
    task = Span(("start", "end"), int(truth.words.max()), "text", truth)
    target = np.hstack([np.arange(len(table), dtype=float)[:, None], task.inside(truth.spans)])
    kinds = {name: kind for name, kind in (("mode", "category"), ("text", "text")) if name in table}
    return task, dataset_of(table["id"].to_numpy(str), table[[*kinds]], target=target, kinds=kinds)


def fit(task, data, context=Context(seed=3), **keys):
    model = build("transformer", {**QUICK, **keys}, task)
    inner = data.rows(NEW) if model.wants_inner_split else None
    return model.fit(data.rows(TRAIN), inner, context)


def same(one, other):
    pairs = zip(one.tuned_.values, other.tuned_.values, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_it_learns_where_answers_begin_and_end():
    """By the words around them, and by what stands beside the text: half of the answers are all of it."""
    task, data = data_of(told(ROWS))
    said = fit(task, data, **LEARNS).predict(data.rows(NEW))
    metric = find_metric("word_jaccard").of(task)
    whole = np.tile(task.constant(data.target), (len(NEW), 1))
    assert metric(data.target[NEW], said) > max(0.85, metric(data.target[NEW], whole) + 0.15)


def test_an_answer_at_the_end_of_a_long_text_is_found():
    data = data_of(long_contest(ROWS)[1].drop(columns="mode"))[1]
    task = long_contest(ROWS)[0]
    model = fit(task, data, **LEARNS, max_length=32, stride=12)
    said = model.predict(data.rows(NEW))
    assert find_metric("word_jaccard").of(task)(data.target[NEW], said) > 0.8
    assert len(TRAIN) < model.notes()["windows"] <= 4 * len(TRAIN), "few windows without an answer teach"
    with pytest.raises(ModelError, match="32 tokens: raise `max_length` or `max_windows`"):
        fit(task, data, max_length=32, stride=12, max_windows=2)


@pytest.mark.usefixtures("untraced")
def test_predictions_are_probabilities_of_the_words_of_a_row(tmp_path):
    task, data = data_of(told(ROWS))
    model = fit(task, data)
    said = model.predict(data.rows(NEW))
    assert (said.shape, said.dtype) == ((len(NEW), task.n_outputs), np.float16)
    halves = said.astype(float).reshape(len(NEW), 2, task.width)
    assert np.allclose(halves.sum(axis=2), 1, atol=5e-3)
    behind = np.arange(task.width) >= task.known.words[NEW][:, None]
    assert (halves[np.repeat(behind[:, None], 2, axis=1)] == 0).all()
    backwards = model.predict(data.rows(NEW[::-1]))[::-1]
    assert np.allclose(backwards, said, atol=2e-3), "a row's answer depends on those that stand beside it"
    model.save(tmp_path)
    again = build("transformer", QUICK, task).load(tmp_path).predict(data.rows(NEW))
    assert np.array_equal(again, said)
    with pytest.raises(ModelError, match="has an embedding of each, and none of a row"):
        model.embed(data.rows(NEW))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("keys", [{}, {"patience": 1}])
def test_scored_and_inner_rows_are_not_learned(keys):
    """Words, values beside them, answers; with one epoch there is nothing that inner rows could choose."""
    task, data = data_of(told(ROWS))
    table = told(ROWS)
    table.loc[NEW, "text"] = "never seen words from here until, there"
    table.loc[NEW, "mode"] = "never"
    spoiled = data_of(table)[1]
    spoiled.target[NEW, 1:] = 0
    assert same(fit(task, data, **keys), fit(task, spoiled, **keys))


@pytest.mark.usefixtures("untraced")
def test_what_stands_beside_the_text_is_heard():
    task, data = data_of(told(ROWS))
    table = told(ROWS)
    other = data_of(table.assign(mode=np.where(table["mode"] == "all", "part", "all")))[1]
    model = fit(task, data, learning_rate=0.01, batch_size=10)
    assert not np.allclose(model.predict(data.rows(NEW)), model.predict(other.rows(NEW)), atol=1e-3)


@pytest.mark.usefixtures("untraced")
def test_a_row_without_its_answer_teaches_nothing():
    task, data = data_of(told(ROWS))
    data.target[0, 1:] = -1
    without = build("transformer", QUICK, task).fit(data.rows(TRAIN[1:]), None, Context(seed=3))
    model = fit(task, data)
    assert same(model, without)
    assert model.notes()["texts"] == 99
    data.target[:, 1:] = -1
    with pytest.raises(ModelError, match=r"No answer of 100 rows lies in a window .* 64 tokens: raise"):
        fit(task, data)


@pytest.mark.usefixtures("untraced")
def test_a_text_without_a_word_has_an_answer():
    task, data = data_of(told(ROWS))
    empty = data_of(told(ROWS).assign(text=" "))[1]
    said = fit(task, data).predict(empty.rows(NEW[:2])).astype(float).reshape(2, 2, task.width)
    assert (said[:, :, 0] == 1).all()


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(
    "keys", [{"sam": 0.05, "adversarial": {"size": 0.5}}, {"layer_decay": 0.5, "reinit": 1}, {"finetune": 1}]
)
def test_the_keys_of_fine_tuning_are_those_of_other_tasks(keys):
    task, data = data_of(told(ROWS))
    model = fit(task, data, learning_rate=0.01, **keys)
    plain = fit(task, data, learning_rate=0.01)
    assert len(model.tuned_.values) < len(plain.tuned_.values) or not same(model, plain)
    assert np.isfinite(model.predict(data.rows(NEW))).all()


@pytest.mark.usefixtures("untraced")
def test_it_computes_in_float16_where_asked():
    task, data = data_of(told(ROWS))
    said = fit(task, data, mixed_precision=True).predict(data.rows(NEW)).astype(float)
    plain = fit(task, data).predict(data.rows(NEW)).astype(float)
    assert not np.array_equal(said, plain)
    np.testing.assert_allclose(said, plain, atol=0.03)


@pytest.mark.usefixtures("every_epoch")
def test_a_killed_fit_goes_on_and_becomes_the_same(tmp_path):
    task, data = data_of(told(ROWS))
    with pytest.raises(KeyboardInterrupt, match="killed"):
        stop = Context(seed=3, checkpoint=tmp_path, report=stopping_at("network: epoch 2/3", []))
        fit(task, data, stop, epochs=3)
    resumed = fit(task, data, Context(seed=3, checkpoint=tmp_path), epochs=3)
    assert same(resumed, fit(task, data, epochs=3))


def test_what_spans_have_no_use_for_is_refused():
    def said(**keys):
        section = TransformerConfig(kind="transformer", weights="folder", **keys)
        with pytest.raises(ConfigError) as caught:
            check_models_do("span", {"m": section})
        return str(caught.value)

    assert "and points at no word; set `finetune: all`, or a number of layers" in said()
    assert "`models.m.pooling: cls` is for classification" in said(finetune="all", pooling="cls")
    check_models_do("span", {"m": TransformerConfig(kind="transformer", weights="folder", finetune=1)})
    tuned = TransformerConfig(kind="transformer", weights="folder", finetune="all")
    assert set(tuned.space()) - set(space_for(tuned, ["span"])) == {"pooling", "dropout_samples"}
    assert space_for(tuned, ["span", "multilabel"]) == tuned.space()
    check_models_do("regression", {"m": TransformerConfig(kind="transformer", weights="folder")})
    assert pd.Series(TransformerConfig(kind="transformer").needs_task()).tolist()[0][0] == "classification"
