"""Linear level-2 models on the members' out-of-fold predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.ensemble.method import Method, is_probability
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded
from pipeline.ensemble.weights import inner_folds, sample
from pipeline.metrics import Metric
from pipeline.registry import METHODS

SMALLEST = 1e-6  # probabilities are raised to this before the logarithm
MOST_WORK = 1e8  # rows * inputs * classes that `auto` spends on a multinomial regression
LEVEL_2_ROWS = 50_000  # a level-2 model with its few inputs learns no more from more rows


def log_odds(probability: np.ndarray, classes: bool) -> np.ndarray:
    """Returns (rows, columns) logarithms of probabilities: one column for two classes."""
    clipped = np.clip(probability, SMALLEST, 1.0 - SMALLEST)
    if not classes:
        return np.log(clipped) - np.log1p(-clipped)
    logs = np.log(clipped)
    return logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs


class StackRidgeConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: stack_ridge}`."""

    grid: list[Annotated[float, Field(gt=0)]] | None = Field(
        default=None,
        min_length=1,
        description="penalties to choose from; default: 17, from 0.01 to 1,000,000",
    )


@METHODS.register("stack_ridge")
class StackRidge(Method):
    """Ridge regression from all members' columns to what their mean gets wrong.

    Shrinking a correction of the mean, rather than the prediction, makes the mean the limit of a
    strong penalty. The penalty is chosen by generalised cross-validation (Golub, Heath and Wahba,
    Technometrics 1979). Probabilities are clipped and classes brought to a sum of one.
    """

    Config: ClassVar[type[MethodConfig]] = StackRidgeConfig
    simplicity: ClassVar[int] = 40

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        from sklearn.linear_model import RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        rows = sample(len(stack), LEVEL_2_ROWS, self.seed)
        stack, target = stack.take(rows), target[rows]
        self.probability_, self.classes_together_ = is_probability(metric), target.ndim == 1
        self.models_: list[Any] = []
        if len(stack) >= 3:  # fewer rows cannot choose a penalty: the mean
            wanted = np.eye(stack.n_outputs)[target] if target.ndim == 1 else target
            grid = self._own.grid or np.logspace(-2, 6, 17)
            model = make_pipeline(StandardScaler(), RidgeCV(alphas=grid))
            self.models_ = [model.fit(stack.columns(), wanted - stack.mean())]

    def _combine(self, stack: Stack) -> np.ndarray:
        mean = stack.mean()
        if not self.models_:
            return mean
        blended = mean + self.models_[0].predict(stack.columns()).reshape(mean.shape)
        if self.probability_:
            blended = np.clip(blended, mean / 10.0, 1.0 - (1.0 - mean) / 10.0)
            if self.classes_together_:
                blended /= blended.sum(axis=1, keepdims=True)
        return blended

    def _write_models(self, models: list[Any], folder: Path) -> None:
        write_estimator(models, folder / "models.skops")

    def _read_models(self, folder: Path) -> None:
        self.models_ = read_estimator(folder / "models.skops")


class StackLogisticConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: stack_logistic}`."""

    grid: list[Annotated[float, Field(gt=0)]] = Field(
        default=[0.003, 0.03, 0.3, 3.0],
        min_length=1,
        description="values of C, the inverse of the penalty, that one inner fold chooses from",
    )


@METHODS.register("stack_logistic")
class StackLogistic(Method):
    """Logistic regression on the members' log-probabilities.

    Classes share one multinomial regression over all members' columns, labels have one each over
    their own columns. The penalty is chosen by log loss on one inner fold. A class without a row
    to learn from keeps the members' mean.

    As a scikit-learn estimator it is a classifier of any columns; they are taken for
    probabilities where all of them lie in [0, 1].

    Attributes:
        classes_: the sorted labels of `fit`.
    """

    Config: ClassVar[type[MethodConfig]] = StackLogisticConfig
    simplicity: ClassVar[int] = 42

    def __init__(
        self,
        metric: str | Metric = "log_loss",
        n_outputs: int = 1,
        seed: int = 0,
        config: MethodConfig | None = None,
    ) -> None:
        super().__init__(metric, n_outputs, seed, config)

    @single_threaded
    def fit(self, X: Any, y: Any, folds: np.ndarray | None = None) -> StackLogistic:
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import column_or_1d, validate_data

        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_, numbers = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"stack_logistic needs at least two classes. Received: 1 class, {self.classes_[0]}."
            )
        self.takes_logs_ = bool((X >= 0).all() and (X <= 1).all())
        self.weights_, self.gap_ = None, None
        self.models_ = [self._regression(self._flat(X), numbers, folds)]
        return self

    @single_threaded
    def predict_proba(self, X: Any) -> np.ndarray:
        """Returns (rows, classes) probabilities in the order of `classes_`."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self.models_[0].predict_proba(self._flat(X))

    def predict(self, X: Any) -> np.ndarray:
        """Returns (rows,) the most probable labels."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def score(self, X: Any, y: Any) -> float:
        """Returns the accuracy."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    @classmethod
    def unsuitable(cls, metric: Metric, target: np.ndarray) -> str:
        return "" if is_probability(metric) else "it needs classes or labels; `stack_ridge` does values"

    @classmethod
    def too_slow(cls, rows: int, members: int, outputs: int) -> str:
        work = min(rows, LEVEL_2_ROWS) * members * outputs**2
        return "" if work < MOST_WORK else f"{members} members of {outputs} classes would take minutes"

    def _flat(self, X: np.ndarray) -> np.ndarray:
        return log_odds(X, classes=False) if self.takes_logs_ else X

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        rows = sample(len(stack), LEVEL_2_ROWS, self.seed)
        folds = None if folds is None else folds[rows]
        stack, target = stack.take(rows), target[rows]
        self.classes_together_ = target.ndim == 1
        if self.classes_together_:
            self.models_ = [self._regression(_inputs(stack), target, folds)]
        else:
            columns = [_inputs(_column(stack, k), classes=False) for k in range(stack.n_outputs)]
            wanted = (target > 0.5).astype(np.int64)
            self.models_ = [self._regression(x, wanted[:, k], folds) for k, x in enumerate(columns)]

    def _combine(self, stack: Stack) -> np.ndarray:
        mean = stack.mean()
        if self.classes_together_:
            return _with_absent(self.models_[0], _inputs(stack), mean)
        parts = []
        for k, model in enumerate(self.models_):
            two = np.column_stack([1.0 - mean[:, k], mean[:, k]])
            parts.append(_with_absent(model, _inputs(_column(stack, k), classes=False), two)[:, 1])
        return np.column_stack(parts)

    def _write_models(self, models: list[Any], folder: Path) -> None:
        write_estimator(models, folder / "models.skops")

    def _read_models(self, folder: Path) -> None:
        self.models_ = read_estimator(folder / "models.skops")

    def _regression(self, inputs: np.ndarray, target: np.ndarray, folds: np.ndarray | None) -> Any:
        """Returns a fitted pipeline, or None where only one class is there."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if len(np.unique(target)) < 2:
            return None
        numbers = inner_folds(folds, len(target), self.seed)
        out = numbers == np.unique(numbers)[0]
        losses, grid = [], self._own.grid
        for c in grid:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=500))
            known = np.isin(target, np.unique(target[~out])) & out
            if len(np.unique(target[~out])) < 2 or not known.any():
                return model.set_params(logisticregression__C=grid[(len(grid) - 1) // 2]).fit(inputs, target)
            model.fit(inputs[~out], target[~out])
            chosen = np.searchsorted(model.classes_, target[known])
            chance = model.predict_proba(inputs[known])[np.arange(known.sum()), chosen]
            losses.append(-np.log(np.maximum(chance, 1e-15)).mean())
        model.set_params(logisticregression__C=grid[int(np.argmin(losses))])
        return model.fit(inputs, target)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            transformer_tags=None,
            classifier_tags=ClassifierTags(),
        )


def _column(stack: Stack, k: int) -> Stack:
    return Stack(tuple(values[:, k : k + 1] for values in stack.members), stack.rows)


def _inputs(stack: Stack, classes: bool = True) -> np.ndarray:
    return np.concatenate([log_odds(stack.member(m), classes) for m in range(stack.n_members)], axis=1)


def _with_absent(model: Any, inputs: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Returns the model's probabilities for the classes it knows, the mean's for the others."""
    if model is None:
        return mean
    known = model.classes_
    blended = mean.copy()
    blended[:, known] = model.predict_proba(inputs) * mean[:, known].sum(axis=1, keepdims=True)
    return blended
