"""Folds side by side: the same predictions, one thread each, one progress, and an end for all of them."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from pipeline.api import load_config, open_run
from pipeline.clock import Clock, OutOfTime
from pipeline.errors import ModelError
from pipeline.models.base import MODELS, Model
from pipeline.progress import Progress
from pipeline.run import model_products
from pipeline.run import side_by_side as side_by_side_module
from pipeline.run.side_by_side import Stopped, side_by_side

LINEAR = ["folds.n=5", "models={line: {kind: logistic}, least: {kind: baseline}}"]


class Both:
    """Two pieces of work that each wait until the other has begun: one after the other they never end."""

    def __init__(self):
        self.barrier = threading.Barrier(2, timeout=60)

    def __call__(self, progress):
        self.barrier.wait()
        return threading.get_ident()


def test_work_goes_on_at_the_same_time():
    both = Both()
    first, second = side_by_side([both, both], Progress())
    assert first != second


def test_linear_algebra_has_one_thread_meanwhile_and_all_of_them_again_afterwards():
    from threadpoolctl import threadpool_info, threadpool_limits

    np.ones((2, 2)) @ np.ones((2, 2))

    def threads():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    def nested(_):
        with threadpool_limits(1):
            return max(threads())

    with threadpool_limits(2):
        before = threads()
        assert side_by_side([nested, nested], Progress()) == [1, 1]
        assert threads() == before


def test_progress_is_that_of_the_mean_part():
    told = []

    class Told(Progress):
        def update(self, fraction, text):
            told.append((fraction, text))

    turn = threading.Event()

    def first(progress):
        progress.update(0.5, "a")
        turn.set()

    def second(progress):
        turn.wait(60)
        progress.update(1.0, "b")

    side_by_side([first, second], Told())
    assert told == [(0.25, "a"), (0.75, "b")]


def test_one_that_fails_ends_the_others():
    failed = threading.Event()

    def fails(progress):
        failed.set()
        raise ModelError("no")

    def goes_on(progress):
        failed.wait(60)
        while True:
            progress.update(0.1, "")

    with pytest.raises(ModelError, match="no"):
        side_by_side([goes_on, fails], Progress())


def test_the_end_of_the_time_ends_all_of_them():
    ended = []

    def goes_on(progress):
        try:
            while True:
                progress.update(0.1, "")
        except (OutOfTime, Stopped):
            ended.append(1)
            raise

    with pytest.raises(OutOfTime, match=r"^$"):
        side_by_side([goes_on, goes_on], Clock(Progress(), Clock.now() - 1.0))
    assert len(ended) == 2


def test_folds_say_the_same_as_one_after_the_other(tmp_path):
    alone = open_run(load_config("digits", [*LINEAR, "threads=1"]), store=tmp_path / "alone")
    beside = open_run(load_config("digits", [*LINEAR, "threads=2"]), store=tmp_path / "beside")
    for run in (alone, beside):
        run.train_model("line")
    folds = alone.fits("line")
    assert [len(group) for group in alone.groups("line", folds)] == [1, 1, 1, 1, 1]
    assert [len(group) for group in beside.groups("line", folds)] == [2, 2, 1]
    for fold in folds:
        one, other = (run.output("line", fold) for run in (alone, beside))
        np.testing.assert_allclose(one.valid, other.valid, atol=1e-5)
        assert alone.fit_product("line", fold).key == beside.fit_product("line", fold).key


def test_many_threads_are_shared_by_the_folds(tmp_path):
    run = open_run(load_config("digits", [*LINEAR, "threads=12"]), store=tmp_path)
    assert [len(group) for group in run.groups("line", run.fits("line"))] == [5]
    assert run.lanes("line") == 5


def test_large_tables_and_kinds_that_do_not_allow_for_it_stand_alone(tmp_path, monkeypatch):
    run = open_run(load_config("digits", [*LINEAR, "models.net={kind: tabular}"]), store=tmp_path)
    assert {len(group) for group in run.groups("net", run.fits("net"))} == {1}
    monkeypatch.setattr(side_by_side_module, "MOST_CELLS", 10)
    assert {len(group) for group in run.groups("line", run.fits("line"))} == {1}


def test_a_network_is_never_fitted_beside_another():
    kinds = [MODELS.get(name) for name in MODELS.names()]
    assert not [kind for kind in kinds if kind.side_by_side and (kind.embeds or kind.looks)]
    assert not Model.side_by_side


def test_a_fit_has_one_thread_and_its_part_of_the_seconds(tmp_path, monkeypatch):
    seen = []

    def fit_fold(experiment, fold, context, save_to=None):
        seen.append(context.threads)
        return replace(original(experiment, fold, context, save_to), seconds=4.0)

    original = model_products.cross_validation.fit_fold
    monkeypatch.setattr(model_products.cross_validation, "fit_fold", fit_fold)
    run = open_run(load_config("digits", LINEAR), store=tmp_path)
    run.train_model("line")
    assert seen == [1, 1, 1, 1, 1]  # the last one, too: by whom it is fitted changes nothing
    assert [run.output("line", fold).seconds for fold in run.fits("line")] == [2.0, 2.0, 2.0, 2.0, 4.0]
