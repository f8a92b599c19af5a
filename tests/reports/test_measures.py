"""What the sections measure: calibration, drift, importance, differences of folds, losses of rows."""

from types import SimpleNamespace as Stub

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from pipeline.audit.columns import Column
from pipeline.metrics import find_metric
from pipeline.networks.training.phase import CURVE_POINTS, curve
from pipeline.reports.blocks import plain, score_text, seconds_text, signed
from pipeline.reports.gains import gains_by_model
from pipeline.reports.material import Answer
from pipeline.reports.permutation import alike, importances
from pipeline.reports.row_losses import row_losses
from pipeline.reports.section import Section, gathered
from pipeline.reports.sections.calibration import Calibration, wilson
from pipeline.reports.sections.drift import _measured
from pipeline.reports.sections.folds import _kruskal, _ranks
from pipeline.reports.sections.learning import Learning
from pipeline.reports.sections.thresholds import Thresholds, separation
from pipeline.tasks.base import make_task

TWO = make_task("classification", ("no", "yes"))


def material(chance, truth, task=TWO, metric="log_loss"):
    """A run whose answers are these chances of the second class."""
    oof = np.column_stack([1 - np.asarray(chance), chance])
    answer = Answer("it", oof, np.arange(len(oof)))
    return Stub(task=task, answer=answer, target=np.asarray(truth), metric=find_metric(metric))


@pytest.mark.parametrize(("said", "error"), [(0.8, 0.0), (0.9, 0.1), (0.6, 0.2)])
def test_the_calibration_error_is_the_distance_of_what_is_said_from_what_is_true(said, error):
    truth = np.tile([1, 1, 1, 1, 0], 100)
    section = Calibration(material(np.full(500, said), truth))
    assert section.applies()
    assert section.error == pytest.approx(error, abs=1e-9)
    assert bool(section.advice()) == (error > 0.05)
    if error:
        assert ("too sure" in section.advice()[0].evidence) == (said == 0.9)


def test_a_few_rows_are_off_by_chance_and_nothing_is_advised():
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.2, 0.8, 60)
    section = Calibration(material(chance, (rng.random(60) < chance).astype(int)))
    assert section.error > 0.05
    assert section.chance == pytest.approx(0.15, abs=0.02)
    assert section.advice() == []


def test_wilsons_interval_holds_the_share_and_stays_within_0_and_1():
    low, high = wilson(np.array([0.0, 0.5, 1.0]), np.array([10, 10, 10]))
    assert low[0] == pytest.approx(0.0, abs=1e-9)
    assert 0.2 < high[0] < 0.31
    assert (low[1] < 0.5) & (high[1] > 0.5)
    assert high[2] == pytest.approx(1.0)


def test_areas_precision_and_lift_are_those_of_the_definitions():
    truth = np.array([0] * 80 + [1] * 20)
    chance = np.linspace(0.01, 0.99, 100)
    section = Thresholds(material(chance, truth))
    ((label, auc, average, lift, count),) = section._areas
    assert (label, auc, average, count) == (1, 1.0, 1.0, 20)
    assert lift == pytest.approx(5.0)
    (_, auc, *_), *_ = Thresholds(material(1 - chance, truth))._areas
    assert auc == 0.0


def test_gains_and_the_distance_of_the_sides_are_those_of_the_definitions():
    truth = np.array([0] * 80 + [1] * 20)
    section = Thresholds(material(np.linspace(0.01, 0.99, 100), truth))
    *_, gains, apart = section.blocks()[0].blocks
    assert "the surest 10% hold 50%, 30% hold 100%, 50% hold 100% of the true ones" in gains.caption
    assert "furthest apart, 1.000, at 0.792" in apart.caption
    rng = np.random.default_rng(0)
    said, true = rng.normal(0, 1, 300), rng.random(300) < 0.4
    said[true] += 0.7
    at, far = separation(said, true)
    assert far == pytest.approx(ks_2samp(said[true], said[~true]).statistic)
    assert far == pytest.approx((said[~true] <= at).mean() - (said[true] <= at).mean())


def test_gains_stand_beside_one_another_by_column():
    def trained(name, gains):
        return Stub(name=name, first=(None, Stub(gains=lambda: gains)))

    models = [
        trained("trees", {"age": 0.2, "age.missing": 0.3, "age / fare": 0.5}),
        trained("dull", {}),
        trained("boosted", {"fare": 1.0}),
    ]
    found = gains_by_model(models, ["age", "fare"])
    assert found == {"trees": {"age": pytest.approx(0.5), "age / fare": 0.5}, "boosted": {"fare": 1.0}}


def test_drift_is_told_from_chance():
    rng = np.random.default_rng(0)
    same = Column("same", "numeric", rng.normal(0, 1, 2000), rng.normal(0, 1, 1000))
    moved = Column("moved", "numeric", rng.normal(0, 1, 2000), rng.normal(0.5, 1, 1000))
    letters = Column("letter", "category", rng.choice(list("abc"), 2000), rng.choice(list("abc"), 1000))
    shares = rng.choice(list("abc"), 1000, p=[0.6, 0.2, 0.2])
    other = Column("other", "category", rng.choice(list("abc"), 2000), shares)
    names = Column("name", "category", np.arange(2000).astype(str), np.arange(2000, 3000).astype(str))
    assert not _measured(same).sure
    assert _measured(moved).sure
    assert _measured(moved).distance == pytest.approx(0.2, abs=0.05)  # 2 Phi(1/4) - 1
    assert not _measured(letters).sure
    assert _measured(other).sure
    assert _measured(names) is None, "values that are names say nothing"


def test_columns_that_stand_for_one_another_are_one_group():
    rng = np.random.default_rng(0)
    size = rng.normal(0, 1, 300)
    frame = pd.DataFrame({"a": size, "word": ["x"] * 300, "b": -np.exp(size), "c": rng.normal(0, 1, 300)})
    assert alike(frame) == [("a", "b"), ("word",), ("c",)]


@pytest.mark.slow
def test_the_column_that_the_answer_hangs_on_is_the_most_important(page_of):
    material = page_of("sales")[2]
    found = importances(material.trained["lgbm"], material.metric, seed=0)
    assert found[0].columns == ("price",)
    assert found[0].mean > 4 * max(one.mean for one in found[1:])


def test_folds_that_differ_more_than_chance_are_told_from_those_that_do_not():
    rng = np.random.default_rng(0)
    values, folds = rng.normal(0, 1, 500), np.arange(500) % 5
    assert _kruskal(_ranks(values), folds) > 0.01
    assert _kruskal(_ranks(values + (folds == 2)), folds) < 1e-6
    assert _ranks(np.array([3.0, 1.0, 3.0])).tolist() == [2.5, 1.0, 2.5]


def test_rows_are_ordered_by_how_far_their_answers_are_off():
    metric = find_metric("log_loss")
    said = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert row_losses(TWO, metric, np.array([0, 0]), said) == pytest.approx([0.1, 0.8])
    labels = make_task("multilabel", ("a", "b"))
    assert row_losses(labels, metric, np.array([[1.0, 0.0]]), np.array([[0.9, 0.7]])) == pytest.approx([0.7])
    values, truth = make_task("regression", ("y",)), np.array([[0.0], [2.0]])
    assert row_losses(values, find_metric("rmse"), truth, truth + 1.0) == pytest.approx([1.0, 1.0])


def test_a_curve_keeps_its_ends_and_what_ended_it():
    long = curve("search", "round", 3000, scores=np.linspace(1, 0, 1000), chosen=990, late=True)
    assert len(long["at"]) == len(long["scores"]) <= CURVE_POINTS
    assert (long["at"][0], long["at"][-1], long["done"], long["late"]) == (1, 1000, 1000, True)
    assert "losses" not in long
    assert curve("head", "epoch", 3)["at"] == []


@pytest.mark.parametrize("late", [True, False])
def test_a_model_that_time_stopped_while_it_still_improved_is_to_get_more(late):
    history = [curve("network", "epoch", 40, losses=np.linspace(2, 1, 10), late=late)]
    model = Stub(facts={"fold0": {"notes": {"history": history}}})
    advice = Learning(Stub(trained={"cnn": model})).advice()
    assert bool(advice) == late
    if late:
        assert "Give cnn more time" in advice[0].text
        assert "10 of 40 epochs" in advice[0].evidence


def test_what_a_section_cannot_say_is_a_warning_of_the_summary():
    class Broken(Section):
        title, place = "Broken", 1

        def applies(self):
            raise ZeroDivisionError("no rows")

        def blocks(self):
            return []

    warnings, advice = gathered({"broken": Broken(Stub())}, without=Broken(Stub()))
    assert warnings == ["What 'Broken' would say is not known: ZeroDivisionError('no rows')"]
    assert advice == []


def test_numbers_are_written_as_a_person_reads_them():
    numbers = (None, float("nan"), 0.12345678, 1234567.0, 1234, "x")
    assert [plain(one) for one in numbers] == ["–", "–", "0.1235", "1,234,567", "1,234", "x"]
    assert (score_text(0.5), score_text(12345.678)) == ("0.50000", "12,345.68")
    assert [signed(one) for one in (-0.25, -1e-9, 0.5)] == ["-0.25000", "+0.00000", "+0.50000"]
    times = (3.21, 42.0, 600.0, 36_000.0)
    assert [seconds_text(one) for one in times] == ["3.2 s", "42 s", "10 min", "10.0 h"]
