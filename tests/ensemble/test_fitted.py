"""An ensemble that is saved and read again says the same, to the last bit."""

import numpy as np
import pytest

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.blend import blend
from pipeline.ensemble.fitted import FittedEnsemble
from pipeline.ensemble.postprocessing import Postprocessor, postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for
from pipeline.ensemble.split import Split
from pipeline.errors import ModelError
from pipeline.metrics import find_metric
from pipeline.registry import METHODS

METRIC = {"classification": "log_loss", "multilabel": "f1_macro", "regression": "rmsle"}


def fitted(data, metric, name):
    made = blend(data.members, data.target, metric, Split(data.folds), name)
    choice = postprocessing_for(metric, data.target, EnsembleConfig(), 0)
    postprocessor = postprocess(choice, made.oof, data.target, metric, Split(data.folds)).postprocessor
    return FittedEnsemble(made.names, made.chosen, made.fitted, postprocessor), made


@pytest.mark.parametrize("kind", list(METRIC))
@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_comes_back_as_it_was(name, kind, level_2, tmp_path):
    metric, data = find_metric(METRIC[kind]), level_2(kind, rows=120, seed=1)
    if METHODS.get(name).unsuitable(metric, data.target):
        return
    ensemble, made = fitted(data, metric, name)
    tests = {member.name: member.test for member in data.members}
    said = ensemble.apply(tests)
    np.testing.assert_array_equal(said.values, ensemble.postprocessor.values(made.test))
    ensemble.save(tmp_path / "fitted")
    again = FittedEnsemble.load(tmp_path / "fitted", metric)
    assert again.kind == made.chosen
    same = again.apply({key: tests[key] for key in again.needs})
    np.testing.assert_array_equal(same.values, said.values)
    if said.labels is None:
        assert same.labels is None
    else:
        np.testing.assert_array_equal(same.labels, said.labels)
    assert not list((tmp_path / "fitted").rglob("*.pkl"))


def test_a_stack_that_learned_something_comes_back_with_its_models(level_2, tmp_path):
    for name in ("stack_ridge", "stack_logistic", "stack_lightgbm"):
        data = level_2("classification", rows=400)
        data.members[0].oof[:, 0] *= 0.2  # something to put right
        ensemble, _ = fitted(data, find_metric("log_loss"), name)
        assert any(model is not None for model in ensemble.method.models_), name
        ensemble.save(tmp_path / name)
        assert [path.name for path in (tmp_path / name / "method").glob("[bm]*.[ts]*")], name


def test_a_member_without_weight_is_not_needed_and_one_with_is(level_2):
    data = level_2("classification")
    ensemble, _ = fitted(data, find_metric("log_loss"), "best")
    assert ensemble.needs == ("m0",)
    tests = {member.name: member.test for member in data.members}
    np.testing.assert_array_equal(ensemble.apply({"m0": tests["m0"]}).values, ensemble.apply(tests).values)
    with pytest.raises(ModelError, match="The ensemble needs predictions of m0"):
        ensemble.apply({"m1": tests["m1"]})


def test_members_without_any_worth_are_blended_to_nothing_known(level_2):
    data = level_2("classification")
    ensemble, _ = fitted(data, find_metric("log_loss"), "geometric")
    ensemble.method.weights_ = np.zeros(3)  # as L-BFGS-B leaves them where every member is worse than a guess
    assert ensemble.needs == ("m0",)
    said = ensemble.apply({"m0": data.members[0].test}).values
    np.testing.assert_allclose(said, 1.0 / said.shape[1])


def test_negative_weights_need_every_member(level_2):
    data = level_2("regression")
    ensemble, _ = fitted(data, find_metric("rmse"), "signed")
    ensemble.method.weights_ = np.array([1.2, -0.2, 0.0])
    assert ensemble.needs == ("m0", "m1", "m2")


def test_copies_are_not_needed(level_2):
    data = level_2("classification")
    first = data.members[0]
    data.members.append(data.predictions("copy", np.concatenate([first.oof, first.test])))
    ensemble, _ = fitted(data, find_metric("log_loss"), "mean")
    assert ensemble.needs == ("m0", "m1", "m2")


def test_what_is_learned_is_numbers_arrays_or_models():
    method = METHODS.get("mean")()
    method.weights_, method.odd_ = None, object()
    with pytest.raises(TypeError, match=r"Mean\.odd_ is neither a number nor an array"):
        method.save(None)


def test_a_plain_touch_leaves_labels_to_the_metric(level_2):
    data = level_2("classification")
    ensemble, made = fitted(data, find_metric("auc"), "mean")
    assert type(ensemble.postprocessor) is Postprocessor
    said = ensemble.apply({member.name: member.test for member in data.members})
    np.testing.assert_array_equal(said.values, made.test)
    assert said.labels is None
