"""Every registered model keeps the contract; a new one is covered by being registered."""

import pytest

from pipeline.models.catboost import installed
from pipeline.registry import MODELS
from pipeline.testing import (
    TASKS,
    check_absent_class,
    check_model,
    check_reads_training_rows_only,
    check_seed,
)

QUICK = {  # keys that make a fit quick; a kind that is not here is tried with its defaults
    "cnn": {"backbone": "4C3 MP2 FC8", "size": 8, "epochs": 2},
    "catboost": {"max_rounds": 20},
    "lightgbm": {"max_rounds": 20},
    "xgboost": {"max_rounds": 20},
    "random_forest": {"trees": 20},
    "extra_trees": {"trees": 20},
    "ngrams": {"columns": ["words"]},
    "tabular": {"max_epochs": 2},
}
NETWORKS = ("cnn", "tabular")  # their fits take seconds


def kinds(task):
    """Returns the kinds that can do a task, the slow ones and those that are not installed marked."""
    able = [kind for kind in MODELS.names() if task in MODELS.get(kind).tasks]
    return [pytest.param(kind, marks=marks(kind)) for kind in able]


def marks(kind):
    if kind == "catboost" and not installed():
        return pytest.mark.skip(reason="catboost is not installed (make setup CATBOOST=1)")
    return pytest.mark.slow if kind in NETWORKS else ()


@pytest.mark.parametrize(
    "kind, task",
    [pytest.param(*kind.values, task, marks=kind.marks) for task in TASKS for kind in kinds(task)],
)
def test_contract(kind, task, tmp_path):
    check_model(kind, QUICK.get(kind, {}), task, tmp_path)


@pytest.mark.parametrize("kind", kinds("classification"))
def test_a_class_without_training_rows_keeps_its_column(kind):
    check_absent_class(kind, QUICK.get(kind, {}))


@pytest.mark.parametrize("kind", kinds("classification"))
def test_a_seed_changes_the_kinds_that_say_so(kind):
    check_seed(kind, QUICK.get(kind, {}))


@pytest.mark.parametrize("kind", kinds("classification"))
def test_scored_rows_change_nothing_that_is_learned(kind):
    check_reads_training_rows_only(kind, QUICK.get(kind, {}))
