"""What every model of tables must do, for each kind of task."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from pipeline.models.base import Context
from pipeline.models.catboost import installed
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

FAST = {
    **({"catboost": {"n_estimators": 40, "learning_rate": 0.2}} if installed() else {}),
    "lightgbm": {"n_estimators": 40, "learning_rate": 0.2},
    "xgboost": {"n_estimators": 40, "learning_rate": 0.2},
    "random_forest": {"n_estimators": 20},
    "extra_trees": {"n_estimators": 20},
    "linear": {},
    "neighbours": {},
    "tabular": {"epochs": 12, "members": 2, "units": 16, "learning_rate": 0.02},
}
TASKS = {
    "binary": make_task("classification", ("no", "yes")),
    "multiclass": make_task("classification", ("a", "b", "c")),
    "multilabel": make_task("multilabel", ("one", "two")),
    "regression": make_task("regression", ("value", "other")),
    "log": make_task("regression", ("price",), log_target=True),
}
ROWS = 240


def make(task_name, seed=0):
    """Returns a dataset whose target follows from the table, with categories and gaps."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, 3))
    colour = rng.choice(["red", "green", "blue"], ROWS)
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(colour=colour)
    table.loc[rng.random(ROWS) < 0.1, "c"] = np.nan
    score = 2 * x[:, 0] + np.where(colour == "red", 2.0, -1.0)
    target = {
        "binary": (score > 0).astype(np.int64),
        "multiclass": np.digitize(score, [-1.5, 1.5]).astype(np.int64),
        "multilabel": np.column_stack([score > 0, x[:, 1] > 0]).astype(float),
        "regression": np.column_stack([score * 10 + 50, x[:, 1] - 3]),
        "log": np.exp(score + 5)[:, None],
    }[task_name]
    return dataset_of(np.arange(ROWS).astype(str), table, target=target)


def build(kind, task_name, **options):
    model_class = MODELS.get(kind)
    return model_class(model_class.Config(kind=kind, **FAST[kind] | options), TASKS[task_name])


def fit(model, data, context=Context(seed=3)):
    train, inner = data.rows(np.arange(0, 160)), data.rows(np.arange(160, 200))
    if model.wants_inner_split:
        return model.fit(train, inner, context)
    return model.fit(train.join(inner), None, context)


def error(task_name, target, prediction):
    """Returns a loss that a constant prediction brings to about 1."""
    if task_name in ("binary", "multiclass"):
        shares = np.bincount(target) / len(target)
        mean = -np.log(prediction[np.arange(len(target)), target]).mean()
        return mean / -(shares * np.log(shares)).sum()
    if task_name == "log":
        target, prediction = np.log(target), np.log(np.maximum(prediction, 1e-3))
    return np.mean((target - prediction) ** 2 / target.var(axis=0))


@pytest.mark.parametrize("task_name", TASKS)
@pytest.mark.parametrize("kind", [name for name in FAST if name != "tabular"])
def test_learns_and_is_the_same_again_and_from_disk(kind, task_name, tmp_path, **options):
    data = make(task_name)
    model = fit(build(kind, task_name, **options), data)
    held = data.rows(np.arange(200, ROWS))
    prediction = model.predict(held)
    check_prediction(task_name, held.target, prediction)
    np.testing.assert_array_equal(fit(model, data).predict(held), prediction)
    model.save(tmp_path)
    again = build(kind, task_name, **options).load(tmp_path)
    np.testing.assert_array_equal(again.predict(held), prediction)
    assert json.dumps(again.notes()) == json.dumps(model.notes())


@pytest.mark.slow
@pytest.mark.parametrize("task_name", TASKS)
def test_net_learns_and_is_the_same_again_and_from_disk(task_name, tmp_path):
    once = {} if task_name == "regression" else {"refit_below": 0}  # one task learns again on all rows
    test_learns_and_is_the_same_again_and_from_disk("tabular", task_name, tmp_path, **once)


def check_prediction(task_name, target, prediction):
    task = TASKS[task_name]
    assert prediction.dtype == np.float32
    assert prediction.shape == (len(target), task.n_outputs)
    assert np.isfinite(prediction).all()
    if task.kind != "regression":
        assert prediction.min() > 0
        assert prediction.max() <= 1
    if task.exclusive:
        np.testing.assert_allclose(prediction.sum(axis=1), 1, rtol=1e-5)
    assert error(task_name, target, prediction) < 0.8


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "extra_trees", "linear", "neighbours"])
def test_scored_rows_change_nothing(kind):
    data = make("regression")
    table, target = data.table.copy(), data.target.copy()
    table.loc[200:, ["a", "b"]] = 99.0
    table.loc[200:, "colour"] = "unseen"
    target[200:] = -1e6
    other = dataset_of(data.ids, table, target=target)
    seen = data.rows(np.arange(200))
    one = fit(build(kind, "regression"), data).predict(seen)
    np.testing.assert_array_equal(fit(build(kind, "regression"), other).predict(seen), one)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "random_forest", "linear", "neighbours"])
def test_a_class_without_training_rows_keeps_its_column(kind):
    data = make("multiclass")
    target = np.where(data.target == 1, 2, data.target)
    target[200:] = 1
    data = dataset_of(data.ids, data.table, target=target)
    prediction = fit(build(kind, "multiclass"), data).predict(data.rows(np.arange(200, ROWS)))
    assert prediction.shape[1] == 3
    assert 0 < prediction[:, 1].max() < 1e-5


@pytest.mark.parametrize("kind", ["lightgbm", "random_forest", "linear", "neighbours"])
def test_a_single_class_in_training_is_predicted(kind, tmp_path):
    data = make("binary")
    data = dataset_of(data.ids, data.table, target=np.ones(ROWS, np.int64))
    model = fit(build(kind, "binary"), data)
    assert model.predict(data.rows())[:, 1].min() > 0.99
    model.save(tmp_path)
    assert build(kind, "binary").load(tmp_path).predict(data.rows())[:, 1].min() > 0.99


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "random_forest", "linear", "neighbours"])
def test_sample_weights_count(kind):
    data = make("binary")
    flipped = dataset_of(
        np.tile(data.ids, 2),
        pd.concat([data.table, data.table], ignore_index=True),
        target=np.concatenate([data.target, 1 - data.target]),
        weights=np.repeat([1.0, 0.01], ROWS).astype(np.float32),
    )
    model = build(
        kind,
        "binary",
        **({"n_estimators": 30, "early_stopping_rounds": None} if kind in ("lightgbm", "xgboost") else {}),
    )
    prediction = model.fit(flipped.rows(), None, Context()).predict(data.rows())
    assert np.mean(prediction.argmax(axis=1) == data.target) > 0.85


def test_the_target_is_scaled_by_the_training_rows():
    data = make("log")
    target = data.target.copy()
    target[200:] = 1e9
    model = fit(build("extra_trees", "log"), dataset_of(data.ids, data.table, target=target))
    assert model.coder_.mean_ == pytest.approx(np.log1p(data.target[:200]).mean())
    assert model.coder_.high_ < np.log(1e9)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "random_forest", "extra_trees"])
def test_another_seed_is_another_fit(kind):
    data = make("regression")
    one, two = (fit(build(kind, "regression"), data, Context(seed=seed)) for seed in (3, 4))
    assert np.abs(one.predict(data.rows()) - two.predict(data.rows())).max() > 1e-4


def test_a_saved_model_serves_a_fresh_process(tmp_path):
    data = make("multiclass")
    model = fit(build("random_forest", "multiclass"), data)
    model.save(tmp_path)
    data.table.to_csv(tmp_path / "table.csv", index=False)
    np.save(tmp_path / "expected.npy", model.predict(data.rows()))
    code = """
import sys; from pathlib import Path; import numpy as np, pandas as pd
from pipeline.testing import dataset_of
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
folder = Path(sys.argv[1]); kind = MODELS.get("random_forest")
model = kind(kind.Config(kind="random_forest"), make_task("classification", ("a", "b", "c"))).load(folder)
table = pd.read_csv(folder / "table.csv")
found = model.predict(dataset_of(np.arange(len(table)).astype(str), table).rows())
np.testing.assert_array_equal(found, np.load(folder / "expected.npy"))
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=600)


@pytest.mark.parametrize("kind", [name for name in FAST if name != "tabular"])
@pytest.mark.parametrize("watched", ["inner", "fold"])
def test_nothing_is_learned_from_a_scored_fold_that_is_watched(kind, watched):
    """With `validate_on: fold` the rows that decide when to stop are those that are scored."""
    data = make("multiclass")
    model = build(kind, "multiclass", validate_on=watched)
    model.fit(data.rows(np.arange(0, 160)), data.rows(np.arange(160, 200)), Context(seed=3))
    assert model.notes()["rows"] == (200 if watched == "inner" else 160)


@pytest.mark.slow
@pytest.mark.parametrize("watched", ["inner", "fold"])
def test_a_net_learns_nothing_from_a_scored_fold_that_is_watched(watched):
    test_nothing_is_learned_from_a_scored_fold_that_is_watched("tabular", watched)


def test_a_row_is_none_of_its_own_neighbours_when_k_is_chosen():
    """Where labels are noise a row can only be told by itself: left out, the most neighbours are best."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=["a", "b", "c"])
    data = dataset_of(np.arange(ROWS).astype(str), table, target=rng.integers(0, 2, ROWS))
    model = build("neighbours", "binary", grid=[1, 3, 80])
    assert model.fit(data.rows(), None, Context()).notes()["k"] == 80
    table = pd.concat([table[: ROWS // 2]] * 2, ignore_index=True)  # every row has a copy
    copies = dataset_of(data.ids, table, target=np.tile(data.target[: ROWS // 2], 2))
    assert model.fit(copies.rows(), None, Context()).notes()["k"] == 1, "the copy is another row"
