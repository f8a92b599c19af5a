"""Boosting: rounds, the refit, and what may look at the scored fold."""

import numpy as np
import pytest

from pipeline.models.base import MODELS, Context
from pipeline.testing import dataset_of
from tests.models.test_table_models import build, fit, make

BOOSTED = ["lightgbm", "xgboost"]


@pytest.mark.parametrize("kind", BOOSTED)
def test_rounds_are_found_and_grow_with_the_refit(kind):
    data = make("binary")
    options = {"early_stopping_rounds": 5, "learning_rate": 0.5, "n_estimators": 300}
    found = fit(build(kind, "binary", refit=False, **options), data).notes()["rounds"][0]
    refitted = fit(build(kind, "binary", **options), data).notes()["rounds"][0]
    assert 1 <= found < 300
    assert refitted == round(found * 200 / 160)


@pytest.mark.parametrize("kind", BOOSTED)
def test_the_inner_rows_decide_when_to_stop(kind):
    """Their answers are turned round here: each round makes them worse, and the training rows better."""
    data = make("binary")
    turned = np.where((np.arange(240) >= 160) & (np.arange(240) < 200), 1 - data.target, data.target)
    data = dataset_of(data.ids, data.table, target=turned)
    options = {"early_stopping_rounds": 5, "learning_rate": 0.1, "n_estimators": 100, "refit": False}
    assert fit(build(kind, "binary", **options), data).notes()["rounds"][0] <= 2


@pytest.mark.parametrize("kind", BOOSTED)
def test_given_rounds_need_no_inner_rows(kind):
    model = build(kind, "regression", n_estimators=7, early_stopping_rounds=None)
    assert not model.wants_inner_split
    assert fit(model, make("regression")).notes()["rounds"] == [7]


@pytest.mark.parametrize("kind", BOOSTED)
def test_early_stopping_without_inner_rows_is_refused(kind):
    with pytest.raises(ValueError, match="inner rows must tell when to stop"):
        build(kind, "binary").fit(make("binary").rows())


@pytest.mark.parametrize("kind", BOOSTED)
def test_the_scored_fold_may_stop_but_never_train(kind):
    data = make("regression")
    model = fit(build(kind, "regression", validate_on="fold"), data)
    assert model.notes()["rows"] == 160


@pytest.mark.parametrize("kind", BOOSTED)
def test_absolute_error_finds_the_median(kind):
    data = make("log")
    target = np.where(np.arange(240)[:, None] % 3 == 0, 1e6, 1.0)  # mean far from the median
    data = dataset_of(data.ids, data.table[["b"]], target=target)
    options = {
        "objective": "l1",
        "n_estimators": 40,
        "early_stopping_rounds": None,
        "params": {"max_depth": 1},
    }
    prediction = build(kind, "log", **options).fit(data.rows()).predict(data.rows())
    assert np.median(prediction) < 100


@pytest.mark.parametrize("kind", BOOSTED)
@pytest.mark.parametrize("level", [0.2, 0.9])
def test_quantile_loss_finds_the_quantile(kind, level):
    """Of a target that nothing tells, whose logarithm is learned: so many rows lie below the prediction."""
    random = np.random.default_rng(0)
    data = make("log")
    target = random.gamma(2, 3, (240, 1))
    data = dataset_of(data.ids, data.table[["b"]].assign(b=np.arange(240) % 2), target=target)
    options = {"objective": "quantile", "quantile": level, "n_estimators": 200, "learning_rate": 0.1}
    model = build(kind, "log", **options, early_stopping_rounds=None, subsample=1.0)
    prediction = model.fit(data.rows()).predict(data.rows())
    assert np.mean(target < prediction) == pytest.approx(level, abs=0.03)


def test_boosting_minimises_what_the_metric_asks_for():
    for kind in BOOSTED:
        suits = MODELS.get(kind).settings_for
        assert suits("mape") == suits("medae") == suits("mae") == {"objective": "l1"}
        assert suits("quantile@0.9") == {"objective": "quantile", "quantile": 0.9}
        assert suits("rmse") == suits("spearman") == suits("log_loss") == {}
    assert MODELS.get("cnn").settings_for("smape") == {"loss": "mae"}
    assert MODELS.get("cnn").settings_for("rmse") == {}


@pytest.mark.parametrize("kind", BOOSTED)
def test_progress_rises_to_one(kind):
    seen = []
    fit(build(kind, "regression"), make("regression"), Context(report=lambda share, text: seen.append(share)))
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] <= 1


def test_unknown_parameters_are_named():
    config = build("lightgbm", "binary", params={"num_leafs": 3, "eta": 0.1}).config
    first, second = config.problems("models.lgbm")
    assert "models.lgbm.params: lightgbm has no parameter 'num_leafs'." in first
    assert "Did you mean the key `num_leaves`" in first
    assert "'eta' is set by the pipeline; use the key `learning_rate`" in second
