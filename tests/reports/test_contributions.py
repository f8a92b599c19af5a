"""Contributions of columns: they add up to the answer, and are those of models that did not see the row."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.models.base import Context
from pipeline.models.catboost import installed
from pipeline.registry import MODELS
from pipeline.reports.contributions import column_of, contributions
from pipeline.stages.page import material_of
from pipeline.tasks.base import make_task
from pipeline.testing import TASKS, build, fit, small_dataset

KINDS = [
    "lightgbm",
    "xgboost",
    pytest.param("catboost", marks=pytest.mark.skipif(not installed(), reason="catboost is not installed")),
]


def softmax(values):
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", ["two classes", "classification", "regression", "multilabel"])
def test_contributions_add_up_to_the_answer(kind, task):
    data, made = small_dataset("classification" if task == "two classes" else task), TASKS.get(task)
    if task == "two classes":
        data, made = (
            replace(data, target=(data.target > 0).astype(int)),
            make_task("classification", ("no", "yes")),
        )
    model = fit(build(kind, {"n_estimators": 15, "early_stopping_rounds": None}, made), data)
    rows = data.rows(np.arange(20))
    found = model.contributions(rows, Context())
    assert found.shape[:2] == (20, len(model.encoder_.names_) + 1)
    total, said = found.sum(axis=1), model.predict(rows)
    if task == "classification":
        total = softmax(total)
    elif task == "two classes":
        total = np.column_stack([1 - 1 / (1 + np.exp(-total[:, 0])), 1 / (1 + np.exp(-total[:, 0]))])
    elif task == "multilabel":
        total = 1 / (1 + np.exp(-total))
    else:
        total = model.coder_.decode(total)
    np.testing.assert_allclose(total, said, rtol=1e-3, atol=1e-4)


def test_every_row_is_looked_at_by_the_model_that_did_not_train_on_it(run_of, monkeypatch):
    material = material_of(run_of("toy"))
    trained, seen = material.trained["lgbm"], []
    kind = MODELS.get("lightgbm")
    own = kind.contributions

    def watched(self, rows, context):
        seen.append((self, rows.positions.tolist()))
        return own(self, rows, context)

    monkeypatch.setattr(kind, "contributions", watched)
    found = contributions(trained, list(map(str, material.run.competition.train.columns)), 0)
    folds = [material.run.folds.with_rows(fold) for fold in trained.done]
    models = list(dict.fromkeys(id(model) for model, _ in seen))
    assert len(models) == len(folds)
    for model, rows in seen:
        assert set(rows) <= set(folds[models.index(id(model))].valid.tolist())
    assert found.values.shape == (len(found.rows), len(found.columns), 3)
    assert set(found.columns) <= set(map(str, material.run.competition.train.columns))


@pytest.mark.parametrize(
    ("feature", "column"),
    [("a", "a"), ("a.b", "a.b"), ("a.b.mean.0", "a.b"), ("a.missing", "a"), ("ab", "ab"), ("c / d", "c / d")],
)
def test_what_is_made_of_a_column_counts_as_the_column(feature, column):
    assert column_of(feature, ["a", "a.b", "c"]) == column


def test_the_page_shows_contributions_beside_permutation_and_drift(page_of):
    _, page, _ = page_of("sales")
    assert "What moves the answers" in page.text
    assert "SHAP values by lightgbm itself" in page.text
    assert "growth of the loss when shuffled, drift" in page.text
