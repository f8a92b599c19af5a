"""Linear models: the penalty is chosen on the training rows, and mistakes are named."""

import numpy as np
import pandas as pd
import pytest

from pipeline.models.linear import Ridge, RidgeConfig
from pipeline.models.logistic import Logistic, LogisticConfig
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of
from tests.models.test_table_models import build, fit, make


def test_noise_asks_for_a_stronger_penalty_than_signal():
    data = make("binary")
    signal = fit(build("linear", "binary"), data).notes()["C"][0]
    noise = np.random.default_rng(0).integers(0, 2, len(data)).astype(np.int64)
    weak = fit(build("linear", "binary"), dataset_of(data.ids, data.table, target=noise)).notes()["C"][0]
    assert weak < signal


def test_many_columns_of_noise_ask_for_the_strongest_penalties():
    """The rows that a penalty is fitted on would ask for the weakest: they can be learned by heart."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(240, 60))).add_prefix("x")
    noise = rng.integers(0, 2, 240)
    data = dataset_of(np.arange(240).astype(str), table, target=noise)
    assert fit(build("linear", "binary"), data).notes()["C"][0] <= 0.03


def test_a_given_penalty_is_used():
    data = make("multiclass")
    task = make_task("classification", ("a", "b", "c"))
    assert fit(Logistic(LogisticConfig(kind="logistic", C=0.5), task), data).notes()["C"] == [0.5]
    task = make_task("regression", ("value", "other"))
    ridge = fit(Ridge(RidgeConfig(kind="ridge", alpha=2.0), task), make("regression"))
    assert ridge.notes()["alpha"] == [2.0, 2.0]


def test_classes_of_one_row_leave_nothing_to_choose_by():
    data = make("multiclass")
    task = make_task("classification", tuple(str(row) for row in range(20)))
    data = dataset_of(data.ids[:20], data.table[:20], target=np.arange(20))
    config = LogisticConfig(kind="logistic")
    model = Logistic(config, task).fit(data.rows())
    assert model.notes()["C"] == [config.grid[len(config.grid) // 2]]
    assert model.predict(data.rows()).shape == (20, 20)


def test_a_label_with_one_value_is_predicted():
    data = make("multilabel")
    target = np.column_stack([data.target[:, 0], np.zeros(len(data))])
    model = fit(build("linear", "multilabel"), dataset_of(data.ids, data.table, target=target))
    assert model.predict(data.rows())[:, 1].max() < 1e-9


@pytest.mark.parametrize(
    "options, message",
    [
        ({"params": {"C": 1.0}}, "'C' is set by the pipeline; use the key `C`"),
        ({"params": {"tolerance": 1.0}}, "has no parameter 'tolerance'"),
        ({"grid": [1.0, 0.1]}, "must hold positive numbers in rising order. Received"),
    ],
)
def test_impossible_values_are_named(options, message):
    (problem,) = LogisticConfig(kind="logistic", **options).problems("models.logit")
    assert problem.startswith("models.logit")
    assert message in problem
