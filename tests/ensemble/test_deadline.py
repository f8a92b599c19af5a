"""A blend that may take so many seconds keeps to them, and what it leaves out it says."""

import numpy as np
import pytest

from pipeline.clock import Clock, Deadline
from pipeline.config.schema import Config, EnsembleConfig
from pipeline.ensemble import postprocessing_choice
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.hurried import LARGE, SMALL, hurried
from pipeline.ensemble.method import Method
from pipeline.ensemble.methods.auto import Auto
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.metrics import find_metric

LOG_LOSS = find_metric("log_loss")


@pytest.fixture
def per_row(monkeypatch):
    """Seconds per row of a method's fits, by its name; the clock goes on by nothing else."""
    now, costs, fit = [0.0], {}, Method.fit_stack

    def ticking(self, stack, target, split=None):
        now[0] += len(stack) * costs.get(type(self).__name__, 0.0)
        return fit(self, stack, target, split)

    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    monkeypatch.setattr(Method, "fit_stack", ticking)
    costs["now"] = now
    return costs


def tried(data, seconds):
    method = Auto(LOG_LOSS, 3, config=Auto.Config(kind="auto", methods=["mean", "convex", "greedy"]))
    method.deadline = Deadline(seconds)
    return method.fit_stack(Stack.of([m.oof for m in data.members]), data.target, Split(data.folds))


def test_methods_that_would_not_be_done_in_time_are_not_tried(per_row, level_2):
    """A fit takes 2.4 s, cross-fitting it in five folds 9.6 s more: 12 s fit, and the next has 8 s left."""
    per_row.update(Convex=0.01, Greedy=0.01)
    method = tried(level_2("classification", rows=240), seconds=20.0)
    assert set(method.trials_) == {"mean", "convex"}
    reasons = {line.name: line.skipped for line in method.table_}
    assert "max_seconds" in reasons["greedy"]
    assert not reasons["convex"]
    assert per_row["now"][0] == pytest.approx(2.4 + 9.6 + 2.4)


def test_of_many_rows_a_tenth_tells_that_the_time_does_not_suffice(per_row, level_2):
    per_row.update(Convex=0.001)
    method = tried(level_2("classification", rows=10_000), seconds=40.0)
    assert set(method.trials_) == {"mean", "greedy"}
    assert per_row["now"][0] == pytest.approx(1.0)


def test_the_simplest_is_tried_with_no_time_at_all(per_row, level_2):
    per_row["Mean"] = 1.0
    assert set(tried(level_2("classification"), seconds=0.5).trials_) == {"mean"}


def test_without_a_deadline_all_are_tried(per_row, level_2):
    per_row.update(Convex=1e6)
    assert set(tried(level_2("classification"), seconds=None).trials_) == {"mean", "convex", "greedy"}


def made(data, seconds):
    config = EnsembleConfig(method="convex", max_seconds=seconds)
    return make_ensemble(data.members, data.target, LOG_LOSS, Split(data.folds), config, 0)


def test_what_members_add_is_left_out_where_it_takes_too_long(per_row, level_2):
    """A blend takes 12 s; without each of three members it takes 36 more."""
    per_row.update(Convex=0.01)
    data = level_2("classification", rows=240)
    whole = made(data, seconds=60.0)
    assert set(whole.facts["adds"]) == {"m0", "m1", "m2"}
    short = made(data, seconds=40.0)
    assert "adds" not in short.facts
    assert any("what each member adds is not measured" in line for line in short.facts["lines"])
    assert short.facts["cross_fitted_score"] == whole.facts["cross_fitted_score"]
    np.testing.assert_array_equal(short.test.values, whole.test.values)


def test_members_are_judged_plainly_where_their_post_processing_takes_too_long(per_row, level_2, monkeypatch):
    fit = postprocessing_choice.fit_calibration

    def ticking(*args):
        per_row["now"][0] += 1.0
        return fit(*args)

    monkeypatch.setattr(postprocessing_choice, "fit_calibration", ticking)
    data = level_2("classification", rows=240)
    for member in data.members:
        for side in (member.oof, member.test):
            side *= [8.0, 1.0, 0.4]  # they lean to the first class
            side /= side.sum(axis=1, keepdims=True)
    whole, short = made(data, None), made(data, 30.0)
    assert short.facts["cross_fitted_score"] == whole.facts["cross_fitted_score"]
    assert short.facts["member_scores"]["m0"] == LOG_LOSS(data.target, data.members[0].oof)
    assert short.facts["member_scores"]["m0"] > whole.facts["member_scores"]["m0"]
    assert short.second is None
    said = " ".join(short.facts["lines"])
    assert "members are scored without post-processing" in said
    assert "no second submission" in said


CONFIG = Config.model_validate(
    {"competition": "toy", "metric": "log_loss", "models": {"logit": {"kind": "logistic"}}}
)


def test_small_blends_are_not_hurried():
    assert hurried(CONFIG, SMALL, 1.0) == CONFIG.ensemble


def test_larger_ones_get_their_seconds_and_the_largest_one_method():
    assert hurried(CONFIG, SMALL + 1, 12.3) == EnsembleConfig(max_seconds=12.0)
    assert hurried(CONFIG, SMALL + 1, -3.0).max_seconds == 0.5
    assert hurried(CONFIG, LARGE + 1, 12.3).method == "geometric"


def test_what_the_competitor_said_holds():
    own = CONFIG.model_copy(update={"ensemble": EnsembleConfig(method="mean", max_seconds=5.0)})
    assert hurried(own, LARGE + 1, 12.3) == own.ensemble
    assert hurried(own, LARGE + 1, 2.0).max_seconds == 2.0
