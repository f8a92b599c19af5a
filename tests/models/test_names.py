"""The field's names: keys of every kind that has such a thing, one meaning each, and a hint else."""

import json
import re

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.config.problems import explain
from pipeline.config.words import FIELD, MEANINGS, SYNONYMS
from pipeline.errors import ConfigError
from pipeline.models.arguments import check_params, joined
from pipeline.models.catboost import installed
from pipeline.registry import MODELS
from pipeline.testing import TASKS, build, dataset_of, fit, small_dataset

BOOSTED = [
    "lightgbm",
    "xgboost",
    pytest.param("catboost", marks=pytest.mark.skipif(not installed(), reason="needs catboost")),
]
EXACT = {"n_estimators": 5, "early_stopping_rounds": None}


def said_of(kind, key):
    """Returns what is said of a key that the kind does not have."""
    schema = MODELS.get(kind).Config
    with pytest.raises(ValueError, match="Extra inputs") as error:
        schema.model_validate({"kind": kind, key: 1})
    ((_, message),) = explain(error.value, schema, "models.m")
    return message.partition(" Known: ")[0]


@pytest.mark.parametrize("kind", MODELS.names())
@pytest.mark.parametrize("name", FIELD)
def test_a_name_of_the_field_is_a_key_or_its_refusal_names_one_that_works(kind, name):
    schema = MODELS.get(kind).Config
    if name in schema.model_fields:
        return
    said = said_of(kind, name)
    assert said.startswith(f"`models.m.{name}`: unknown key.")
    if "This kind has nothing like it" in said:
        return
    named = re.findall(r"`(\w+)`|'(\w+)'\?", said.partition(": unknown key.")[2])
    keys = [word for pair in named for word in pair if word in schema.model_fields]
    params = re.findall(r"params: \{(.*?)\}", said)
    assert keys or params, said
    for text in params:
        names = [part.split(":")[0].strip() for part in text.split(",")]
        if kind != "catboost" or installed():
            assert check_params(schema.library, names, "params", schema.model_fields) == [], said


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", "catboost"])
def test_boosting_has_all_names_of_trees_but_those_that_the_library_lacks(kind):
    lacks = {
        "lightgbm": set(),
        "xgboost": {"min_child_samples"},
        "catboost": {"min_child_samples", "colsample_bytree", "reg_alpha"},
    }
    trees = set(FIELD) - {"batch_size", "weight_decay"}
    assert trees - set(MODELS.get(kind).Config.model_fields) == lacks[kind]


@pytest.mark.parametrize("kind", ["cnn", "tabular"])
def test_networks_have_all_names_of_networks(kind):
    assert {"learning_rate", "batch_size", "weight_decay", "epochs"} <= set(
        MODELS.get(kind).Config.model_fields
    )


@pytest.mark.parametrize(
    "kind, typed, meant",
    [
        ("lightgbm", "lr", "learning_rate"),
        ("xgboost", "eta", "learning_rate"),
        ("cnn", "learning-rate", "learning_rate"),
        ("tabular", "rate", "learning_rate"),
        ("lightgbm", "num_boost_round", "n_estimators"),
        ("catboost", "iterations", "n_estimators"),
        ("random_forest", "trees", "n_estimators"),
        ("xgboost", "max_rounds", "n_estimators"),
        ("lightgbm", "patience", "early_stopping_rounds"),
        ("tabular", "early_stopping_rounds", "patience"),
        ("lightgbm", "feature_fraction", "colsample_bytree"),
        ("catboost", "columns", "colsample_bylevel"),
        ("random_forest", "columns", "max_features"),
        ("lightgbm", "bagging_fraction", "subsample"),
        ("lightgbm", "lambda_l2", "reg_lambda"),
        ("xgboost", "alpha", "reg_alpha"),
        ("lightgbm", "min_data_in_leaf", "min_child_samples"),
        ("extra_trees", "min_child_samples", "min_samples_leaf"),
        ("xgboost", "max_leaves", "num_leaves"),
        ("cnn", "bs", "batch_size"),
        ("cnn", "batch", "batch_size"),
        ("tabular", "epochs_num", "epochs"),
        ("cnn", "head_rate", "head_learning_rate"),
        ("logistic", "steps", "max_iter"),
        ("neighbours", "k", "n_neighbors"),
        ("cnn", "img_size", "size"),
        ("lightgbm", "lerning_rate", "learning_rate"),
    ],
)
def test_what_people_type_is_met_with_the_key(kind, typed, meant):
    assert f"Did you mean {meant!r}?" in said_of(kind, typed)


@pytest.mark.parametrize(
    "kind, typed, said",
    [
        ("lightgbm", "path_smooth", "It is a parameter of the library: `params: {path_smooth: ...}`."),
        ("xgboost", "gamma", "`params: {gamma: ...}`"),
        ("random_forest", "max_leaf_nodes", "`params: {max_leaf_nodes: ...}`"),
        ("lightgbm", "n_jobs", "'n_jobs' is set by the pipeline; use the configuration's `threads`."),
        ("xgboost", "min_child_samples", "the nearest is `min_child_weight`"),
        ("xgboost", "min_data_in_leaf", "the nearest is `min_child_weight`"),
        ("baseline", "lr", "This kind has nothing like it."),
    ],
)
def test_the_librarys_other_names_are_sent_where_they_belong(kind, typed, said):
    assert said in said_of(kind, typed)


def test_words_for_hints_mean_a_key_of_some_section():
    keys = {key for kind in MODELS.names() for key in MODELS.get(kind).Config.model_fields} | {"n"}
    assert {word for group, _ in MEANINGS for word in group.split()} <= keys
    assert not [word for word, others in SYNONYMS.items() if word in others]


TYPED = {
    "learning_rate": 0.07,
    "subsample": 0.6,
    "reg_lambda": 2.5,
    "max_depth": 3,
    "num_leaves": 5,
}
OWN = {
    "lightgbm": {"colsample_bytree": 0.7, "reg_alpha": 0.25, "min_child_samples": 9, "min_child_weight": 0.5},
    "xgboost": {"colsample_bytree": 0.7, "reg_alpha": 0.25, "min_child_weight": 1.5},
    "catboost": {"colsample_bylevel": 0.7},
}


LIBRARY = {  # the field's name -> what the trained booster calls it
    "lightgbm": {
        "colsample_bytree": "feature_fraction",
        "subsample": "bagging_fraction",
        "reg_alpha": "lambda_l1",
        "reg_lambda": "lambda_l2",
        "min_child_samples": "min_data_in_leaf",
        "min_child_weight": "min_sum_hessian_in_leaf",
    },
    "xgboost": {"num_leaves": "max_leaves"},
    "catboost": {
        "reg_lambda": "l2_leaf_reg",
        "max_depth": "depth",
        "num_leaves": "max_leaves",
        "colsample_bylevel": "rsm",
    },
}


@pytest.fixture
def trained(monkeypatch):
    """Returns a function that gives the parameters of a fitted model's booster, by the library's names.

    XGBoost's are noted while it trains: a part of a booster forgets how it was made.
    """
    import xgboost

    seen, train = {}, xgboost.train

    def noted(*arguments, **options):
        booster = train(*arguments, **options)
        learner = json.loads(booster.save_config())["learner"]
        seen.update(learner["gradient_booster"]["tree_train_param"])
        return booster

    def parameters(kind, model):
        if kind == "lightgbm":
            return dict(re.findall(r"\[(\w+): (.*?)\]", model.boosters_[0].model_to_string()))
        return seen if kind == "xgboost" else model.boosters_[0].get_all_params()

    monkeypatch.setattr(xgboost, "train", noted)
    return parameters


@pytest.mark.parametrize("kind", BOOSTED)
def test_keys_reach_the_library(kind, trained):
    settings, task = TYPED | OWN[kind], TASKS["classification"]
    model = fit(build(kind, EXACT | settings, task), small_dataset("classification"))
    found = trained(kind, model)
    for key, value in settings.items():
        assert float(found[LIBRARY[kind].get(key, key)]) == pytest.approx(value), key
    if kind == "lightgbm":
        assert found["bagging_freq"] == "1", "without it LightGBM ignores subsample"
    else:
        assert found["grow_policy"].lower() == "lossguide"
    assert model.notes()["rounds"] == [5]


@pytest.mark.parametrize("kind", BOOSTED)
def test_leaves_are_not_held_back_by_a_depth_that_nobody_asked_for(kind):
    rng = np.random.default_rng(0)
    data = small_dataset("regression", rows=600)
    data = dataset_of(data.ids, data.table, target=rng.normal(size=(600, 2)))
    settings = {**EXACT, "num_leaves": 40, "learning_rate": 0.5, "subsample": 1.0, "reg_lambda": 0.0}
    settings |= {"lightgbm": {"min_child_samples": 1}, "xgboost": {"min_child_weight": 0.0}}.get(kind, {})
    booster = fit(build(kind, settings, TASKS["regression"]), data).boosters_[0]
    if kind == "lightgbm":
        leaves = [tree["num_leaves"] for tree in booster.dump_model()["tree_info"]]
    elif kind == "xgboost":
        leaves = [tree.count("leaf") for tree in booster.get_dump()]
    else:
        leaves = list(booster.get_tree_leaf_counts())
    assert max(leaves) == 40


@pytest.mark.parametrize("kind", ["random_forest", "extra_trees"])
def test_keys_reach_the_forest(kind):
    settings = {"n_estimators": 7, "max_depth": 3, "min_samples_leaf": 4, "max_features": "sqrt"}
    model = fit(build(kind, settings, TASKS["classification"]), small_dataset("classification"))
    found = model.forest_.get_params()
    assert {key: found[key] for key in settings} == settings
    for said, meant in ((1, 1), (1.0, 1.0), (None, None)):  # one, all, all: as in scikit-learn
        model = fit(
            build(kind, {"n_estimators": 2, "max_features": said}, TASKS["regression"]),
            small_dataset("regression"),
        )
        assert model.forest_.max_features == meant
        assert type(model.forest_.max_features) is type(meant)


@pytest.mark.parametrize("most", [0, 0.0, 1.5, -2])
def test_a_number_of_features_that_no_split_can_have_is_refused(most):
    config = MODELS.get("random_forest").Config(kind="random_forest", max_features=most)
    (message,) = config.problems("models.m")
    assert message == (
        "`models.m.max_features` must be a share above 0 up to 1.0, or a number of at least 1. "
        f"Received: {most}."
    )


@pytest.mark.parametrize(
    "kind, key, other",
    [
        ("lightgbm", "reg_lambda", "lambda_l2"),
        ("lightgbm", "subsample", "bagging"),
        ("lightgbm", "num_leaves", "num_leaves"),
        ("xgboost", "reg_lambda", "lambda"),
        ("xgboost", "num_leaves", "max_leaves"),
        ("random_forest", "max_depth", "max_depth"),
        pytest.param(
            "catboost",
            "reg_lambda",
            "l2_leaf_reg",
            marks=pytest.mark.skipif(not installed(), reason="needs catboost"),
        ),
    ],
)
def test_a_setting_given_twice_is_refused_with_both_names(kind, key, other):
    schema, value = MODELS.get(kind).Config, 1.0 if key in ("reg_lambda", "subsample") else 4
    said = f"`models.m.{key}` and `models.m.params.{other}` are the same setting; keep `{key}`."
    twice = schema(kind=kind, **{key: value}, params={other: value})
    assert twice.problems("models.m") == [f"models.m.params: {said}"]
    assert schema(kind=kind, params={other: value}).problems("models.m") == []


def test_two_aliases_of_one_parameter_are_refused():
    config = MODELS.get("xgboost").Config(kind="xgboost", params={"lambda": 1.0, "reg_lambda": 2.0})
    (message,) = config.problems("m")
    assert message == "m.params: 'lambda' and 'reg_lambda' are the same parameter; keep one."


def test_params_go_before_our_own_by_whatever_name():
    own = {"feature_fraction": 0.4, "lambda_l2": 1.0, "seed": 3}
    assert joined("lightgbm", own, {"colsample_bytree": 0.9}) == {
        "lambda_l2": 1.0,
        "seed": 3,
        "colsample_bytree": 0.9,
    }
    model = build("lightgbm", {**EXACT, "params": {"colsample_bytree": 0.9}}, TASKS["classification"])
    booster = fit(model, small_dataset("classification")).boosters_[0]
    assert "[feature_fraction: 0.9]" in booster.model_to_string()


def test_the_configuration_says_it_with_line_and_key(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text(
        "competition: toy\nmetric: auc\nfolds: {n_splits: 5}\nmodels:\n"
        "  lgbm: {kind: lightgbm, rate: 0.1, reg_alpha: 1.0, params: {lambda_l1: 1.0}}\n"
    )
    with pytest.raises(ConfigError, match="cannot be used") as error:
        load_config(path)
    said = str(error.value)
    assert "toy.yaml:5: `models.lgbm.rate`: unknown key. Did you mean 'learning_rate'?" in said
    assert "`models.lgbm.reg_alpha` and `models.lgbm.params.lambda_l1` are the same setting" in said
    assert "`folds.n_splits`: unknown key. Did you mean 'n'?" in said
