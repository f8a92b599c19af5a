"""The net on tables: what it keeps when it is killed, out of time or off the rails."""

import dataclasses

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.models import tabular
from pipeline.models.base import Context
from pipeline.networks.keras_import import load_keras
from pipeline.testing import dataset_of
from tests.models.killing import stopping_at
from tests.models.test_table_models import TASKS, build, make

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("untraced")]  # a few steps each

TRAIN, INNER = np.arange(160), np.arange(160, 200)
SMALL = {"epochs": 3, "batch_size": 80, "dropout": 0.3, "embedding": 0}
STEPS = 2  # of an epoch of TRAIN


def fit(context=Context(seed=3), data=None, task="binary", **keys):
    data = data or make(task)
    model = build("tabular", task, **SMALL | keys)
    inner = data.rows(INNER) if model.wants_inner_split else None
    return model.fit(data.rows(TRAIN), inner, context)


@pytest.mark.parametrize(
    ("keys", "moment", "left"),
    [
        (
            {},
            "network: epoch 2/3",
            ["network: epoch 3/3", "refit: epoch 1/3", "refit: epoch 2/3", "refit: epoch 3/3"],
        ),
        ({}, "refit: epoch 2/3", ["refit: epoch 3/3"]),
        ({"refit_below": 0}, "network: epoch 3/3", []),
        ({"patience": None}, "network: epoch 1/3", ["network: epoch 2/3", "network: epoch 3/3"]),
    ],
    ids=["search", "refit", "end of the search", "no search"],
)
@pytest.mark.usefixtures("every_epoch")
def test_a_killed_fit_goes_on_and_becomes_the_same(tmp_path, keys, moment, left):
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at(moment, [])), **keys)
    after = []
    resumed = fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at("", after)), **keys)
    assert after == left
    whole = fit(**keys)
    assert resumed.notes() | {"seconds": 0} == whole.notes() | {"seconds": 0}
    for one, other in zip(resumed.network_.get_weights(), whole.network_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("other", ["seed", "table", "inner rows"])
@pytest.mark.usefixtures("every_epoch")
def test_the_progress_of_another_fit_is_not_taken_up(tmp_path, other):
    first, data, seed = "network: epoch 1/3", make("binary"), 3
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at(first, [])))
    if other == "seed":
        seed = 4
    else:
        table = data.table.copy()
        table.loc[TRAIN[0] if other == "table" else INNER[0], "a"] = 2.5
        data = dataset_of(data.ids, table, target=data.target)
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=seed, checkpoint=tmp_path, report=stopping_at(first, [])), data)


def test_time_that_ends_within_an_epoch_leaves_the_best_whole_one(steps):
    model = fit(max_seconds=2 * STEPS + 1.0)
    assert steps[0] == 2 * STEPS + 1
    assert (model.notes()["epochs"], model.notes()["rows"]) == (2, len(TRAIN)), "no time for a second fit"
    steps[0] = 0.0
    same = fit(epochs=2, refit_below=0)  # the second is the best so far
    for one, other in zip(model.network_.get_weights(), same.network_.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_time_for_an_epoch_a_step_is_taken_and_it_answers(steps):
    model = fit(max_seconds=0.5)
    assert (steps[0], model.notes()["epochs"]) == (1, 0)
    assert np.isfinite(model.predict(make("binary").rows())).all()


def test_where_time_is_left_all_rows_are_learned(steps):
    assert fit(max_seconds=1000.0).notes()["rows"] == len(TRAIN) + len(INNER)


def test_progress_rises_to_one_over_both_trainings():
    seen = []
    fit(Context(seed=3, report=lambda fraction, text: seen.append(fraction)))
    assert seen == sorted(seen)
    assert seen[2] < seen[3] < seen[-1] == 1.0


def test_a_loss_that_is_no_number_is_explained():
    with pytest.raises(ModelError, match=r"loss became .*, step \d of 2\. Lower `learning_rate`, and look"):
        fit(task="regression", learning_rate=1e30)


def test_rows_of_no_weight_teach_nothing():
    data = make("binary")
    heavy = np.arange(len(data.ids)) % 2 == 0
    flipped = np.where(heavy, data.target, 1 - data.target)
    both = dataclasses.replace(data, target=flipped, weights=heavy.astype(np.float32))
    predicted = fit(data=both, patience=None, epochs=12).predict(data.rows())
    assert np.mean(predicted.argmax(axis=1) == data.target) > 0.85


@pytest.mark.parametrize("task", ["binary", "multilabel", "regression"])
def test_each_member_has_a_loss_of_its_own(task):
    """The mean of the members' losses is another number than the loss of their mean."""
    keras, rng = load_keras(), np.random.default_rng(0)
    model = build("tabular", task)
    output = rng.normal(size=(5, 3, 2)).astype(np.float32)
    target = np.eye(2, dtype=np.float32)[rng.integers(2, size=5)][:, None]

    def loss(of):
        return keras.ops.convert_to_numpy(model._loss(keras)(target, of))

    each = [loss(output[:, [member]]) for member in range(3)]
    np.testing.assert_allclose(loss(output), np.mean(each, axis=0), rtol=1e-5)
    assert not np.allclose(loss(output), loss(output.mean(axis=1, keepdims=True)), rtol=1e-2)


def made(**keys):
    config = tabular.TabularConfig(kind="tabular", epochs=1, units=16, **keys)
    return tabular.Tabular(config, TASKS["binary"])


def test_few_seconds_make_a_small_network_but_for_what_is_set(monkeypatch):
    def members(**keys):
        shape = made(patience=None, **keys).fit(make("binary").rows(TRAIN), None, Context(seed=3)).shape_
        return shape.members, shape.embedding

    assert members() == members(max_seconds=1000.0) == (8, 4)
    monkeypatch.setattr(tabular, "FLOPS", 1.0)  # a machine so slow that no epoch fits
    assert members() == (8, 4), "it has all the time"
    assert members(max_seconds=1000.0) == (2, 0)
    assert members(max_seconds=1000.0, members=5) == (5, 0)


def test_the_second_training_is_of_the_network_whose_epochs_were_found(monkeypatch):
    built = []

    def build_tabm(keras, shape, edges=None):
        built.append(shape)
        return original(keras, shape, edges)

    original, data = tabular.build_tabm, make("binary")
    monkeypatch.setattr(tabular, "build_tabm", build_tabm)
    made().fit(data.rows(TRAIN), data.rows(INNER), Context(seed=3))
    between = (len(TRAIN) + len(INNER) / 2) * built[0].flops * tabular.FEWEST_EPOCHS / 1000.0
    monkeypatch.setattr(tabular, "FLOPS", between)  # enough for the training rows, too few for all
    made(max_seconds=1000.0).fit(data.rows(TRAIN), data.rows(INNER), Context(seed=3))
    assert built == [built[0]] * 4
