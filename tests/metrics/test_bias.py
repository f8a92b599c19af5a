import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.errors import ConfigError
from pipeline.metrics import RowFacts, find_metric, with_facts

RNG = np.random.default_rng(0)
TARGET, SECOND = RNG.integers(0, 2, 400), RNG.uniform(size=400).round(2)
SUBGROUPS = RNG.uniform(size=(400, 3)) < 0.3
TWO = np.stack([1 - SECOND, SECOND], axis=1)


def power_mean(scores):
    return np.mean(np.power(scores, -5.0)) ** (-1 / 5)


def test_subgroups_are_scored_as_jigsaw_did():
    parts = {"subgroup": [], "bpsn": [], "bnsp": []}
    for inside in SUBGROUPS.T:
        toxic = TARGET == 1
        rows = {
            "subgroup": inside,
            "bpsn": (inside & ~toxic) | (~inside & toxic),
            "bnsp": (inside & toxic) | (~inside & ~toxic),
        }
        for name, chosen in rows.items():
            parts[name].append(roc_auc_score(TARGET[chosen], SECOND[chosen]))
    expected = 0.25 * roc_auc_score(TARGET, SECOND) + 0.25 * sum(map(power_mean, parts.values()))
    metric = find_metric("auc").seeing("subgroups")
    assert metric(with_facts(TARGET, RowFacts(subgroups=SUBGROUPS)), TWO) == pytest.approx(expected)
    assert (metric.name, metric.binary, metric.tasks) == ("auc (subgroups)", True, ("classification",))


def test_a_subgroup_without_a_score_is_left_out():
    alone = SUBGROUPS.copy()
    alone[:, 2] = (TARGET == 1) & (np.cumsum(TARGET == 1) <= 3)  # all positive: no curve of its own
    metric = find_metric("auc").seeing("subgroups")
    assert 0 < metric(with_facts(TARGET, RowFacts(subgroups=alone)), TWO) < 1
    perfect = np.eye(2)[TARGET]
    assert metric(with_facts(TARGET, RowFacts(subgroups=alone)), perfect) == pytest.approx(1.0)


@pytest.mark.parametrize("name, words", [("accuracy", ("subgroups",)), ("auc", ("groups", "subgroups"))])
def test_subgroups_are_for_curves_of_two_classes(name, words):
    with pytest.raises(ConfigError, match=r"`subgroups` are for auc, gini, average_precision of two classes"):
        find_metric(name).seeing(*words)
