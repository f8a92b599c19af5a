import numpy as np
import pandas as pd
import pytest

from pipeline.draft.metric import Question, likely_metric
from pipeline.errors import ConfigError

RNG = np.random.default_rng(0)


def decide(truth, cells=("0",), names=("target",), answers=("target",)):
    truth = pd.DataFrame({name: np.asarray(truth).astype(str) for name in names}, dtype=str)
    return likely_metric(Question(list(names), truth, list(answers), list(cells)))


@pytest.mark.parametrize(
    "truth, cells, metric",
    [
        (np.arange(300) % 2, ["0"], "accuracy"),
        (np.arange(300) % 2, ["0.5"], "log_loss"),
        (np.arange(300) % 2, ["0.0"], "log_loss"),
        (np.arange(300) % 30 == 0, ["0"], "accuracy"),
        ((np.arange(300) % 30 == 0).astype(int), ["0"], "auc"),
        (["yes", "no"] * 50, ["yes"], "accuracy"),
        (["a", "b", "c"] * 50, ["a"], "accuracy"),
        (np.arange(300) % 10, ["0"], "accuracy"),
        (np.arange(300) % 10, ["4.5"], "rmse"),
        (np.arange(300) % 150, ["0"], "rmse"),
        (["a", "b", "c"] * 50, ["a b", "c a"], "map@2"),
        (RNG.normal(size=300), ["0"], "rmse"),
        (np.exp(RNG.normal(10, 1, 300)), ["0"], "rmsle"),
        (-np.exp(RNG.normal(10, 1, 300)), ["0"], "rmse"),
        (np.round(900 * np.linspace(0, 1, 300) ** 3), ["0"], "rmsle"),  # counts of rush hours and of nights
        (5000 + 900 * np.linspace(0, 1, 300) ** 3, ["0"], "rmse"),
    ],
)
def test_by_the_values_and_the_sample(truth, cells, metric):
    assert decide(truth, cells).value == metric


def test_what_names_say():
    assert decide(np.arange(300) % 6, names=("quality",), answers=("quality",)).value == "qwk"
    assert decide(["01", "1", "1.0"] * 99, names=("grade",), answers=("grade",)).value == "accuracy"
    assert decide(np.arange(300) % 100, names=("species_id",)).value == "accuracy"


def test_one_column_per_class_and_several_targets():
    assert decide(["a", "b"] * 9, ["0.5"], answers=("a", "b")).value == "log_loss"
    assert decide(np.arange(99) % 2, ["0.5"], names=("red", "green")).value == "log_loss"
    assert decide(RNG.normal(size=99), ["0"], names=("x", "y")).value == "rmse"
    assert decide(np.exp(RNG.normal(8, 1, 99)), ["0"], names=("x", "y")).value == "rmsle"


def test_what_the_files_cannot_tell_is_said():
    for truth, cells in (
        (np.arange(99) % 2, ["0.5"]),
        (["a", "b", "c"] * 33, ["a"]),
        (RNG.normal(size=9), ["0"]),
    ):
        assert "the files cannot tell" in decide(truth, cells).reason


def test_the_person_knows_better(folder):
    folder.save_all()
    assert folder.config(metric="auc").metric == "auc"
    with pytest.raises(ConfigError, match=r"Unknown metric 'acuracy'. Did you mean 'accuracy'"):
        folder.draft(metric="acuracy")


def test_boosting_minimises_what_the_metric_counts(folder):
    folder.table["target"] = folder.table["width"]
    folder.table["width"] = 1 / (1 + folder.table["width"] ** 2)
    folder.save_all()
    for metric in ("mae", "mape", "medae"):
        assert folder.config(metric=metric).models["lgbm"].objective == "l1"
    upper = folder.config(metric="quantile@0.9")
    assert upper.metric == "quantile@0.9"
    assert (upper.models["lgbm"].objective, upper.models["lgbm"].quantile) == ("quantile", 0.9)
    assert folder.config(metric="spearman").models["lgbm"].objective == "auto"


def test_what_people_call_a_metric_is_met_with_its_name(folder):
    folder.save_all()
    for typed, meant in (("rocauc", "auc"), ("quadratic_weighted_kappa", "qwk"), ("f1 score", "f1")):
        with pytest.raises(ConfigError, match=rf"Unknown metric '{typed}'. Did you mean '{meant}'\?"):
            folder.draft(metric=typed)
