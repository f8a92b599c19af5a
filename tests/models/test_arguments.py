"""Names of parameters that libraries would swallow."""

import json

import numpy as np
import pytest

from pipeline.models.arguments import XGBOOST, check_params, known_params


@pytest.mark.parametrize(
    "library, good, bad, near",
    [
        ("lightgbm", ["num_leaves", "reg_alpha", "min_data"], "bagging_fractoin", "bagging_fraction"),
        ("xgboost", ["max_depth", "gamma", "reg_lambda"], "max_dept", "max_depth"),
        ("sklearn.ensemble.RandomForestClassifier", ["criterion"], "criteron", "criterion"),
    ],
)
def test_unknown_names_are_met_with_the_nearest(library, good, bad, near):
    assert check_params(library, good, "models.m.params") == []
    (message,) = check_params(library, [*good, bad], "models.m.params")
    assert message.startswith("models.m.params: ")
    assert f"no parameter {bad!r}. Did you mean {near!r}?" in message


@pytest.mark.parametrize(
    "library, name, other",
    [
        ("lightgbm", "n_estimators", "`n_estimators`"),
        ("lightgbm", "random_state", "`seed`"),
        ("xgboost", "eta", "`learning_rate`"),
        ("sklearn.ensemble.ExtraTreesClassifier", "n_jobs", "`threads`"),
    ],
)
def test_names_that_the_pipeline_sets_are_refused(library, name, other):
    (message,) = check_params(library, [name], "models.m.params")
    assert "set by the pipeline" in message
    assert other in message


def test_xgboost_knows_the_tree_parameters_of_our_list():
    import xgboost

    data = xgboost.DMatrix(np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2)
    text = xgboost.train({"booster": "dart", "nthread": 1}, data, 1).save_config()
    trees = json.loads(text)["learner"]["gradient_booster"]["gbtree"]["tree_train_param"]
    assert set(trees) - {"sparse_threshold"} <= XGBOOST | {"refresh_leaf"}
    assert known_params("xgboost").keys() == XGBOOST
