"""Parameters of ensemble methods: checked, part of the blend and its key, saved with what was fitted."""

import json

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.blend import blend
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.fitted import FittedEnsemble
from pipeline.ensemble.methods.auto import Auto
from pipeline.ensemble.split import Split
from pipeline.errors import ConfigError
from pipeline.metrics import find_metric
from pipeline.registry import METHODS

LOG_LOSS, AUC, RMSE = (find_metric(name) for name in ("log_loss", "auc", "rmse"))
OTHER = {  # parameters under which a method says something else: metric, keys
    "auto": (LOG_LOSS, {"methods": ["best"]}),
    "geometric": (LOG_LOSS, {"ridge": 10.0}),
    "greedy": (LOG_LOSS, {"rounds": 1, "bags": 1}),
    "nelder_mead": (AUC, {"evaluations": 2}),
    "per_class": (LOG_LOSS, {"prior_rows": 1e9}),
    "rank_mean": (LOG_LOSS, {"points": 2}),
    "score_weights": (LOG_LOSS, {"strengths": [0.0]}),
    "signed": (RMSE, {"penalties": [1.0]}),
    "stack_lightgbm": (LOG_LOSS, {"n_estimators": 1, "min_child_samples": 5}),
    "stack_logistic": (LOG_LOSS, {"grid": [1e-5]}),
    "stack_ridge": (LOG_LOSS, {"grid": [1e9]}),
}
OF_COLUMNS = [name for name in METHODS if name != "fusion"]  # of boxes: test_boxes.py
YAML = "competition: toy\nmetric: log_loss\nmodels: {a: {kind: extra_trees}}\nensemble: {method: METHOD}\n"


def members(level_2, metric):
    """Returns members with something to put right."""
    data = level_2("regression" if metric is RMSE else "classification", rows=300, seed=1)
    if metric is not RMSE:
        data.members[0].oof[:, 0] *= 0.2
        data.members[0].test[:, 0] *= 0.2
        return data
    good, bad = data.members[
        :2
    ]  # wrong in the same places, one more than the other: a negative weight mends it
    bad.oof[:] = 2 * good.oof - 0.9 * data.target
    bad.test[:] = 2 * good.test - 0.9 * data.test_target
    return data


def blended(data, method, metric):
    return blend(data.members, data.target, metric, Split(data.folds), method)


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_defaults_said_aloud_change_nothing(name, level_2):
    metric = OTHER.get(name, (LOG_LOSS, {}))[0]
    data, schema = members(level_2, metric), METHODS.get(name).Config
    said = schema.model_validate(json.loads(json.dumps(schema(kind=name).model_dump())))
    plain, aloud = blended(data, name, metric), blended(data, said, metric)
    np.testing.assert_array_equal(aloud.oof, plain.oof)
    np.testing.assert_array_equal(aloud.test, plain.test)
    assert (aloud.method, aloud.chosen) == (plain.method, plain.chosen)


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_parameters_are_used_and_come_back_with_the_fitted_ensemble(name, level_2, tmp_path):
    if len(METHODS.get(name).Config.model_fields) == 1:
        assert name in {"mean", "best", "convex"}
        return
    metric, keys = OTHER[name]
    data, config = members(level_2, metric), METHODS.get(name).Config(kind=name, **keys)
    plain, other = blended(data, name, metric), blended(data, config, metric)
    assert not np.array_equal(other.test, plain.test)
    made = make_ensemble(
        data.members,
        data.target,
        metric,
        Split(data.folds),
        EnsembleConfig(method=config, calibration=False),
        0,
    )
    np.testing.assert_array_equal(made.test.values, other.test)
    made.fitted.save(tmp_path / "fitted")
    again = FittedEnsemble.load(tmp_path / "fitted", metric)
    assert again.method.config == made.fitted.method.config == (None if name == "auto" else config)
    said = again.apply({member.name: member.test for member in data.members}).values
    np.testing.assert_array_equal(said, made.test.values)


def test_what_a_member_adds_is_judged_by_the_same_parameters(level_2):
    data = members(level_2, LOG_LOSS)
    one = METHODS.get("score_weights").Config(kind="score_weights", strengths=[1e4])
    config = EnsembleConfig(method=one, calibration=False)
    made = make_ensemble(data.members, data.target, LOG_LOSS, Split(data.folds), config, 0)
    best = max(made.facts["adds"], key=made.facts["adds"].get)
    others = {name: added for name, added in made.facts["adds"].items() if name != best}
    assert all(added == pytest.approx(0.0, abs=1e-6) for added in others.values()), (
        "the best member alone counts"
    )


def test_auto_gives_its_methods_their_defaults(level_2):
    config = Auto.Config(kind="auto", methods=["greedy", "mean"])
    made = blended(members(level_2, LOG_LOSS), config, LOG_LOSS)
    assert [candidate.name for candidate in made.table] == ["mean", "greedy"]
    assert made.fitted.config is None


@pytest.fixture
def load(tmp_path):
    def loaded(method, *overrides):
        path = tmp_path / "toy.yaml"
        path.write_text(YAML.replace("METHOD", method), encoding="utf-8")
        return load_config(path, overrides)

    return loaded


def test_the_yaml_takes_a_name_or_a_section(load):
    assert load("greedy").ensemble.method == "greedy"
    method = load("{kind: greedy, rounds: 9}").ensemble.method
    assert (method.kind, method.rounds, method.bags) == ("greedy", 9, 8)
    assert load("greedy", "ensemble.method={kind: greedy, bags: 3}").ensemble.method.bags == 3
    assert load("{kind: greedy, rounds: 9}", "ensemble.method.bags=2").ensemble.method.bags == 2


@pytest.mark.parametrize(
    "method, said",
    [
        (
            "{kind: greedy, round: 9}",
            r"toy.yaml:4: `ensemble.method.round`: unknown key. Did you mean 'rounds'\?",
        ),
        ("{kind: greedy, round: 9}", r"Known: kind, rounds, patience, bags\."),
        ("{kind: mean, rounds: 9}", r"`ensemble.method.rounds`: unknown key. Known: kind\."),
        (
            "{kind: greedy, rounds: 0}",
            r"`ensemble.method.rounds` must be greater than or equal to 1. Received: 0",
        ),
        ("{kind: greedy, rounds: many}", r"`ensemble.method.rounds` must be an integer"),
        ("{kind: stack_lightgbm, lr: 1}", r"Did you mean 'learning_rate'\?"),
        ("{kind: greddy}", r"`ensemble.method.kind`: .*'greddy'. Did you mean 'greedy'\?"),
        ("{rounds: 9}", r"`ensemble.method.kind` is required. Known: auto, best,"),
        ("{kind: auto, methods: [mean, convx]}", r"`ensemble.method.methods` must be names of .*'convex'\?"),
        ("{kind: auto, methods: [auto]}", r"`ensemble.method.methods` must be names of"),
        ("{kind: signed, penalties: [-1.0]}", r"`ensemble.method.penalties.0` must be greater than 0"),
        ("[greedy]", r"`ensemble.method` must be"),
    ],
)
def test_a_wrong_parameter_is_refused(load, method, said):
    with pytest.raises(ConfigError, match=said):
        load(method)


def test_parameters_are_part_of_the_blends_key(load, tmp_path):
    def material(method):
        return load(method).ensemble.model_dump(exclude={"members", "outside"})

    assert material("greedy")["method"] == "greedy"
    assert material("{kind: greedy, rounds: 9}")["method"]["rounds"] == 9
    assert material("{kind: greedy, rounds: 9}") != material("{kind: greedy, rounds: 8}")
