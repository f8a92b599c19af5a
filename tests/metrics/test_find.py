import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.metrics import FAMILIES, METRICS, Metric, find_metric, metric_names
from pipeline.metrics.words import MEANINGS, SYNONYMS

CLASSES = np.array([0, 1, 2, 1])
PROBABILITY = np.eye(3)[[0, 1, 1, 1]]


def test_direction_turns_the_loss():
    assert find_metric("accuracy").loss(CLASSES, PROBABILITY) == -find_metric("accuracy")(
        CLASSES, PROBABILITY
    )
    assert find_metric("rmse").better(1.0, 2.0)
    assert find_metric("r2").better(2.0, 1.0)


def custom(target, value):
    return float(np.abs(target - value).max())


WORST = Metric("worst", custom, greater_is_better=False, wants="value", tasks=("regression",))


def test_a_metric_of_the_competition_is_found_by_its_dotted_name():
    assert find_metric(f"{__name__}.WORST") is WORST
    with pytest.raises(ConfigError, match=r"must be a pipeline.metrics.Metric. Received: function"):
        find_metric(f"{__name__}.custom")
    with pytest.raises(ConfigError, match=r"'no_such.metric' cannot be imported"):
        find_metric("no_such.metric")


def test_unknown_names_get_the_nearest():
    with pytest.raises(ConfigError, match=r"Did you mean 'accuracy'\?"):
        find_metric("acuracy")


@pytest.mark.parametrize(
    "typed, meant",
    [
        ("rocauc", "auc"),
        ("ROC-AUC", "auc"),
        ("roc_auc_score", "auc"),
        ("quadratic_weighted_kappa", "qwk"),
        ("mean_absolute_percentage_error", "mape"),
        ("f1 score", "f1"),
        ("F2", "fbeta@2"),
        ("neg_log_loss", "log_loss"),
        ("logloss", "log_loss"),
        ("pinball", "quantile@0.5"),
        ("ndcg", "ndcg@5"),
        ("top_5", "top@5"),
        ("R2", "r2"),
        ("wmae", "mae"),
    ],
)
def test_what_people_type_is_understood_but_not_accepted(typed, meant):
    with pytest.raises(ConfigError, match=rf"Unknown metric .* Did you mean '{meant}'\?"):
        find_metric(typed)


def test_every_hint_names_a_metric():
    assert {find_metric(name).name for name, _ in MEANINGS} == {name for name, _ in MEANINGS}
    for word in SYNONYMS:
        assert word not in METRICS, word
    words = [word for _, words in MEANINGS for word in words.split()]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    "name, rule",
    [
        ("map@0", "K of the metric `map@K` must be a whole number from 1"),
        ("map@2.5", "a whole number from 1"),
        ("ndcg@x", "a whole number from 1"),
        ("top@", "a whole number from 1"),
        ("fbeta@0", "a number above 0"),
        ("fbeta@nan", "a number above 0"),
        ("fbeta@inf", "a number above 0"),
        ("fbeta@2.0", "a number above 0, written as `fbeta@2`"),
        ("fbeta_samples@-1", "a number above 0"),
        ("quantile@1", "a number above 0 and below 1"),
        ("quantile@90", "a number above 0 and below 1"),
    ],
)
def test_the_number_of_a_name_follows_a_rule(name, rule):
    with pytest.raises(ConfigError, match=rf"{rule}.*\. Received: '{name}'\."):
        find_metric(name)


def test_a_number_where_none_belongs_is_an_unknown_metric():
    with pytest.raises(ConfigError, match=r"Unknown metric 'mae@3'. Did you mean 'mae'\?"):
        find_metric("mae@3")


def test_all_names_are_listed():
    assert set(metric_names()) == {*METRICS, *FAMILIES}
    assert {"map@K", "quantile@Q", "fbeta@B", "auc"} <= set(metric_names())
