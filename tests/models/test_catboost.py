"""CatBoost: rounds, categories as they are, its own file format, and life without it."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.errors import ConfigError, ModelError
from pipeline.models import catboost as ours
from pipeline.models.base import Context
from pipeline.testing import TASKS, build, dataset_of, fit, small_dataset

needs_it = pytest.mark.skipif(not ours.installed(), reason="needs catboost (make setup CATBOOST=1)")

CONFIG = "competition: toy\nmetric: log_loss\nmodels: {cat: {kind: catboost, enabled: ENABLED}}\n"


def model_of(task="classification", **options):
    return build("catboost", {"n_estimators": 40, "learning_rate": 0.3, **options}, TASKS[task])


@needs_it
def test_rounds_are_found_and_grow_with_the_refit():
    data = small_dataset("regression")
    options = {"early_stopping_rounds": 3, "n_estimators": 300}
    found = fit(model_of("regression", refit=False, **options), data).notes()["rounds"]
    refitted = fit(model_of("regression", **options), data).notes()["rounds"]
    assert all(1 <= rounds < 300 for rounds in found)
    assert refitted == [round(rounds * 60 / 48) for rounds in found]


@needs_it
def test_given_rounds_need_no_inner_rows():
    model = fit(model_of(n_estimators=7, early_stopping_rounds=None), small_dataset("classification"))
    assert not model.wants_inner_split
    assert [booster.tree_count_ for booster in model.boosters_] == model.notes()["rounds"] == [7]


@needs_it
def test_a_category_of_many_levels_reaches_the_library_as_it_is():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 150, 900)
    town = np.array([f"{chr(97 + v % 26)}{chr(97 + v // 26)}{'x' * 3}" for v in range(150)])[level]
    target = rng.normal(size=150)[level][:, None] * [1.0, 2.0]
    data = dataset_of(np.arange(900).astype(str), pd.DataFrame({"town": town}), target=target)
    model = fit(model_of("regression", n_estimators=60, early_stopping_rounds=None), data)
    assert model.encoder_.names_ == ["town"]
    assert model.encoder_.native_ == [0]
    assert model.boosters_[0].get_cat_feature_indices() == [0]
    predicted = model.predict(data.rows(np.arange(600, 900)))
    assert np.corrcoef(predicted[:, 0], target[600:, 0])[0, 1] > 0.5


@needs_it
def test_progress_rises_to_one():
    seen = []
    data = small_dataset("multilabel")
    context = Context(report=lambda share, text: seen.append(share))
    model_of("multilabel").fit(data.rows(np.arange(40)), data.rows(np.arange(40, 60)), context)
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] <= 1


@needs_it
def test_weights_count():
    data = small_dataset("classification")
    weights = np.where(data.target == 0, 50.0, 0.1)
    heavy = dataset_of(data.ids, data.table, target=data.target, weights=weights)
    plain, leaning = (
        fit(model_of(n_estimators=5, early_stopping_rounds=None), rows).predict(data.rows())
        for rows in (data, heavy)
    )
    assert leaning[:, 0].mean() > plain[:, 0].mean() + 0.05


@needs_it
def test_it_is_saved_in_its_own_format_and_damage_is_named(tmp_path):
    model = fit(model_of(), small_dataset("classification"))
    model.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"booster_0.cbm", "encoder.skops", "model.json"}
    (tmp_path / "booster_0.cbm").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"booster_0\.cbm cannot be read"):
        model_of().load(tmp_path)


@needs_it
def test_what_the_library_refuses_is_a_model_error():
    with pytest.raises(ModelError, match=r"catboost: .*EGrowPolicy"):
        fit(model_of(params={"grow_policy": "Upwards"}), small_dataset("classification"))


@needs_it
def test_a_bootstrap_of_all_rows_may_be_asked_for():
    fit(
        model_of(n_estimators=3, early_stopping_rounds=None, params={"bootstrap_type": "Bayesian"}),
        small_dataset("classification"),
    )


@needs_it
def test_unknown_and_reserved_parameters_are_named():
    config = model_of(params={"grow_polcy": "Lossguide", "iterations": 3, "border_count": 32}).config
    first, second = config.problems("models.cat")
    assert "catboost has no parameter 'grow_polcy'. Did you mean 'grow_policy'?" in first
    assert "'iterations' is set by the pipeline; use the key `n_estimators`" in second


def test_without_the_package_the_command_that_brings_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(ours, "installed", lambda: False)
    path = tmp_path / "toy.yaml"
    path.write_text(CONFIG.replace("ENABLED", "true"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"`models\.cat\.kind: catboost` needs .*make setup CATBOOST=1"):
        load_config(path)
    with pytest.raises(ModelError, match="make setup CATBOOST=1"):
        fit(model_of(), small_dataset("classification"))
    path.write_text(CONFIG.replace("ENABLED", "false"), encoding="utf-8")
    assert load_config(path).models["cat"].kind == "catboost"
