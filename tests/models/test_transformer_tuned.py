"""A fine-tuned encoder: by a stand-in of two blocks and letters as tokens, so that no package is needed."""

import numpy as np
import pandas as pd
import pytest

from pipeline.context import Context
from pipeline.errors import ModelError
from pipeline.models.transformer import Transformer, TransformerConfig
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts import network as networks
from pipeline.tasks.base import make_task
from pipeline.testing import (
    TASKS,
    build,
    check_absent_class,
    check_model,
    check_reads_training_rows_only,
    check_seed,
    dataset_of,
    small_dataset,
)
from tests.models.killing import stopping_at
from tests.networks.texts.small import small_backbone, small_tokens

pytestmark = pytest.mark.usefixtures("untraced")  # a few steps each

QUICK = {
    "weights": "folder",
    "columns": ["words"],
    "finetune": "all",
    "epochs": 1,
    "batch_size": 20,
    "learning_rate": 0.02,
}
ROWS, INNER = np.arange(60), np.arange(60, 75)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    """The encoder of any folder is the small one."""
    monkeypatch.setattr(encoders, "installed", lambda: True)
    monkeypatch.setattr(encoders, "misfit", lambda folder: "")
    monkeypatch.setattr(encoders, "identity_of", lambda folder: "small")
    monkeypatch.setattr(encoders, "read_tokens", small_tokens)
    monkeypatch.setattr(encoders, "read_backbone", small_backbone)


def fit(context=Context(seed=3), data=None, task="classification", rows=ROWS, **keys):
    data = data or small_dataset(task)
    model = build("transformer", QUICK | keys, TASKS[task])
    inner = data.rows(INNER) if model.wants_inner_split else None
    return model.fit(data.rows(rows), inner, context)


def weights_of(model):
    return model.tuned_.values


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(weights_of(one), weights_of(other), strict=True))


@pytest.mark.parametrize("task", [task for task in TASKS if task in Transformer.tasks])
def test_contract(task, tmp_path):
    check_model("transformer", QUICK, task, tmp_path)


def test_it_keeps_the_promises_of_a_classifier():
    check_absent_class("transformer", QUICK)
    check_seed("transformer", QUICK)
    check_reads_training_rows_only("transformer", QUICK | {"patience": 1})


def test_it_learns_what_the_words_say():
    data = small_dataset("classification")
    model = fit(epochs=20, learning_rate=0.01)
    asked = data.rows(np.arange(75, 90))
    assert (model.predict(asked).argmax(axis=1) == asked.target).all()
    losses = fit(epochs=14, dropout_samples=3, pooling="attention").notes()["history"][0]["losses"]
    assert losses[-1] < losses[0] - 0.1


def test_texts_and_answers_of_scored_rows_change_nothing():
    """Of the rows that are neither learned from nor told of, words and classes are others."""
    spoiled = small_dataset("classification")
    spoiled.table.loc[75:, "words"] = "zzzz " * 50
    spoiled.target[75:] = 0
    assert same(fit(patience=1), fit(data=spoiled, patience=1))


def test_values_are_scaled_by_the_training_rows():
    spoiled = small_dataset("regression")
    spoiled.target[60:] = 1e6
    assert same(fit(task="regression"), fit(data=spoiled, task="regression"))


def test_inner_rows_say_when_to_stop_and_are_not_learned_from():
    notes = fit(patience=1, epochs=30, learning_rate=0.3).notes()
    assert notes["best_epoch"] < notes["epochs"] < 30
    assert notes["texts"] == len(ROWS)
    spoiled = small_dataset("classification")
    spoiled.target[INNER] = (spoiled.target[INNER] + 1) % 3
    spoiled.table.loc[INNER, "words"] = "other words"
    assert same(fit(patience=1), fit(data=spoiled, patience=1)), "after one epoch there is nothing to choose"


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("steps", [{}, {"adversarial": {"size": 0.5}, "awp": {"begin": 3}}])
def test_a_killed_fit_goes_on_and_becomes_the_same(tmp_path, steps):
    keys = {"epochs": 3, "accumulate": 2, "dropout_samples": 2, **steps}
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at("network: epoch 2/3", [])), **keys)
    after = []
    resumed = fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at("", after)), **keys)
    assert after == ["network: epoch 3/3"]
    assert same(resumed, fit(**keys))


@pytest.mark.usefixtures("every_epoch")
def test_progress_with_other_texts_is_not_taken_up(tmp_path):
    first, data = "network: epoch 1/1", small_dataset("classification")
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at(first, [])))
    data.table.loc[0, "words"] = "others"
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at(first, [])), data)


@pytest.mark.parametrize("keys", [{}, {"sam": 0.05}])
def test_time_that_is_over_ends_the_training(steps, keys):
    model = fit(max_seconds=5.0, epochs=4, **keys)  # of three steps each
    assert steps[0] == 5.0
    assert model.notes()["history"][0]["late"]


def test_accumulated_steps_are_one_of_all_their_rows():
    """Sixty texts of one step, and of four whose gradients are added up, without chance in between."""
    keys = {"dropout": 0.0, "warmup": 0.0, "clip": None, "learning_rate": 1e-2}
    begun = weights_of(fit(**keys, batch_size=60))
    added = weights_of(fit(**keys, batch_size=15, accumulate=4))
    alone = weights_of(fit(**keys, batch_size=15))
    far = [np.abs(a - b).max() for a, b in zip(begun, added, strict=True)]
    other = [np.abs(a - b).max() for a, b in zip(begun, alone, strict=True)]
    assert max(other) > 10 * 0.001
    assert np.mean(far) < 0.3 * np.mean(other)


def test_what_stays_as_it_was_is_not_saved_and_is_the_folders(tmp_path):
    data = small_dataset("classification")
    model = fit(finetune=1)
    assert len(weights_of(model)) < len(weights_of(fit()))
    model.save(tmp_path)
    loaded = build("transformer", QUICK | {"finetune": 1}, TASKS["classification"]).load(tmp_path)
    said = model.predict(data.rows())
    fit(finetune=1, data=small_dataset("classification", seed=1))  # the network is another fit's by now
    np.testing.assert_array_equal(loaded.predict(data.rows()), said)
    begun = small_backbone().get_layer("token_embedding").get_weights()[0]
    network = loaded._network(Context())
    np.testing.assert_array_equal(network.extractor.get_layer("token_embedding").get_weights()[0], begun)


def test_lower_layers_move_less_and_the_top_begins_anew():
    keys = {"layer_decay": 0.01, "reinit": 1, "pooling": "layers", "dropout_samples": 4}
    model = fit(**keys)
    network = networks.TextNetwork(model._structure(3))
    begun = network.values()
    moved = [np.abs(now - old).max() for now, old in zip(weights_of(model), begun, strict=True)]
    names = [variable.path for variable in network.weights]
    by_layer = {word: max(m for m, name in zip(moved, names, strict=True) if word in name) for word in LAYERS}
    assert by_layer["token_embedding"] < 1e-3 < 0.01 < by_layer["last/"]
    assert by_layer["small_layer_0"] < 1e-2 < by_layer["small_layer_1"], "which begins at other weights"


LAYERS = ("token_embedding", "small_layer_0", "small_layer_1", "last/")


@pytest.mark.parametrize("keys", [{"sam": 0.05}, {"sam": 1.0, "sam_adaptive": True}, {"awp": {"begin": 1}}])
def test_steps_that_look_nearby_make_another_network(keys):
    assert not same(fit(**keys), fit())


def test_words_are_moved_and_come_back():
    """So far that the moved texts alone, `share: 1`, are learned otherwise than they are."""
    plain, moved = fit(), fit(adversarial={"size": 5.0, "share": 1.0})
    assert not same(plain, moved)
    far = [np.abs(one - other).max() for one, other in zip(weights_of(plain), weights_of(moved), strict=True)]
    assert max(far) < 0.5


@pytest.mark.parametrize("keys", [{}, {"sam": 0.05, "adversarial": {"size": 0.5}}])
def test_it_computes_in_float16_where_asked(keys):
    said = fit(mixed_precision=True, **keys).predict(small_dataset("classification").rows())
    plain = fit(**keys).predict(small_dataset("classification").rows())
    assert not np.array_equal(said, plain)
    np.testing.assert_allclose(said, plain, atol=0.02)


def two_columns():
    words = ["small quick wing", "yellow stripe wing", "long tail fur"] * 8
    table = pd.DataFrame({"question": words, "answer": words[::-1]})
    return dataset_of(np.arange(24).astype(str), table, target=np.arange(24) % 3)


def test_columns_are_one_text_and_a_pair_is_two_segments():
    rows = two_columns().rows(np.arange(2))
    keys = {"kind": "transformer", "weights": "folder", "finetune": "all", "columns": ["question", "answer"]}
    task = make_task("classification", ("a", "b", "c"))
    model = Transformer(TransformerConfig(**keys), task)
    model.columns_ = ["question", "answer"]
    assert model._texts(rows)[0] == "small quick wing\nlong tail fur"
    paired = Transformer(TransformerConfig(**keys, pair=True), task)
    paired.columns_ = model.columns_
    assert paired._texts(rows)[0] == ("small quick wing", "long tail fur")


def test_long_texts_are_windows_with_their_texts_target():
    data = small_dataset("classification")
    data.table["words"] = data.table["words"] * 5
    model = fit(data=data, max_length=16, stride=4, max_windows=3)
    assert model.notes()["windows"] == 3 * len(ROWS)
    assert model.predict(data.rows()).shape == (90, 3)


def test_keys_that_do_not_go_together_are_told():
    def said(**keys):
        section = {"kind": "transformer", "weights": "folder", **keys}
        return TransformerConfig.model_validate(section).problems("models.m")

    frozen = said(epochs=5, pooling="attention", accumulate=4)
    assert [line.split("`")[1] for line in frozen] == [
        "models.m.pooling",
        "models.m.epochs",
        "models.m.accumulate",
    ]
    assert "`finetune: all`, or a number of layers. Received: 5" in frozen[1]
    assert "Received: 0" in said(finetune=0)[0]
    assert "must be at most `finetune`, 1. Received: 2" in said(finetune=1, reinit=2)[0]
    assert said(finetune="all", epochs=5, pooling="layers") == []
    assert set(TransformerConfig(kind="transformer", finetune="all").space()) >= {"learning_rate", "reinit"}


def test_more_layers_than_there_are_are_named():
    with pytest.raises(ModelError, match=r"has 2 layers\. Received: 5"):
        fit(finetune=5)


def test_changed_texts_are_learned_from_and_answered(tmp_path):
    data = small_dataset("classification")
    path = tmp_path / "t.csv"
    pd.DataFrame({"id": data.ids[:60], "words": "quick small wing"}).to_csv(path, index=False)
    changes = {"word_dropout": 0.3, "word_swap": 0.3, "translations": str(path)}
    one, other = (fit(augment=changes, tta=2) for _ in "ab")
    assert same(one, other)
    assert not same(one, fit())
    asked = data.rows(np.arange(75, 90))
    said = one.predict(asked)
    assert np.allclose(said.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(one.predict(data.rows(np.arange(77, 80))), said[2:5], atol=1e-4)
