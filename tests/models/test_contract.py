"""Every registered model keeps the contract; a new one is covered by being registered."""

import numpy as np
import pytest

from pipeline.models.base import Context, Model
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
    "autoencoder": {"epochs": 2, "units": 8, "width": 4},
    "cnn": {"backbone": "4C3 BN MP2 FC8", "size": 8, "epochs": 2},
    "catboost": {"n_estimators": 20},
    "lightgbm": {"n_estimators": 20},
    "xgboost": {"n_estimators": 20},
    "random_forest": {"n_estimators": 20},
    "extra_trees": {"n_estimators": 20},
    "ngrams": {"columns": ["words"]},
    "tabular": {"epochs": 2, "units": 8, "members": 2},
    "text_net": {"columns": ["words"], "layers": {"word": "E4 GA"}, "epochs": 1},
}
NETWORKS = ("cnn", "tabular")  # their fits take seconds
UNTRACED = ("autoencoder", "tabular", "text_net")


@pytest.fixture(autouse=True)
def quick_steps(request):
    """Fits of a few steps: tracing them first would be all the time."""
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and callspec.params.get("kind") in UNTRACED:
        request.getfixturevalue("untraced")


def kinds(task):
    """Returns the kinds that can do a task, the slow ones and those that are not installed marked."""
    able = [kind for kind in MODELS.names() if task in MODELS.get(kind).tasks]
    return [pytest.param(kind, marks=marks(kind)) for kind in able]


def marks(kind):
    if kind == "transformer":
        return pytest.mark.skip(
            reason="it needs a folder of weights: test_transformer.py holds it to the contract"
        )
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


class Peeping(Model):
    """Answers by how far a picture's mean is from that of the training pictures, if it is honest.

    `looks` says at what else it looks: "pictures" or "target" of all rows while it learns, or the
    "neighbours" of a row that are predicted with it.
    """

    sees = ("images",)
    tasks = ("classification",)
    looks = ""

    def fit(self, train, inner=None, context=Context()):
        everything = train.dataset.rows()
        self.mean_ = (everything if self.looks == "pictures" else train).of("images").mean()
        target = (everything if self.looks == "target" else train).target
        self.share_ = np.bincount(target, minlength=self.task.n_outputs) / len(target)
        return self

    def predict(self, rows, context=Context()):
        means = rows.of("images").mean(axis=(1, 2, 3))
        middle = means.mean() if self.looks == "neighbours" else self.mean_
        nearness = np.exp(-np.abs(means - middle)[:, None] / 50.0 * np.arange(1, self.task.n_outputs + 1))
        chance = self.share_ * nearness
        return (chance / chance.sum(axis=1, keepdims=True)).astype(np.float32)

    def save(self, folder):
        np.savez(folder / "peeping.npz", mean=self.mean_, share=self.share_)

    def load(self, folder):
        with np.load(folder / "peeping.npz") as saved:
            self.mean_, self.share_ = saved["mean"], saved["share"]
        return self


@pytest.fixture
def peeping(monkeypatch):
    """Returns a function that registers the model, looking at something, for the test."""
    monkeypatch.setattr(MODELS, "_things", {kind: MODELS.get(kind) for kind in MODELS.names()})
    MODELS.register("peeping")(Peeping)
    return lambda looks: monkeypatch.setattr(Peeping, "looks", looks)


@pytest.mark.parametrize(
    ("looks", "said"),
    [("pictures", "^pictures of the scored"), ("target", "^target of the scored")],
    ids=["pictures", "target"],
)
def test_a_model_that_looks_at_scored_rows_is_caught(peeping, looks, said):
    peeping("")
    check_reads_training_rows_only("peeping", {})
    peeping(looks)
    with pytest.raises(AssertionError, match=said):
        check_reads_training_rows_only("peeping", {})


def test_a_model_that_compares_a_row_with_those_beside_it_is_caught(peeping, tmp_path):
    honest, other = tmp_path / "honest", tmp_path / "other"
    honest.mkdir()
    other.mkdir()
    peeping("")
    check_model("peeping", {}, "classification", honest)
    peeping("neighbours")
    with pytest.raises(AssertionError, match="depends on the rows that are asked for with it"):
        check_model("peeping", {}, "classification", other)
