"""The contract of an ensemble method."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.config.schema import MethodConfig
from pipeline.ensemble.split import Split
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded
from pipeline.errors import ConfigError, did_you_mean
from pipeline.metrics import Metric, RowMeans, find_metric, like


def is_probability(metric: Metric) -> bool:
    """Returns whether the members are probabilities (of classes, labels or pixels), not values."""
    return metric.wants != "value" and (metric.task is None or metric.task.probabilities)


def is_exact(metric: Metric) -> bool:
    """Returns whether the metric's best weights on the simplex are a convex problem."""
    return metric in [find_metric(name) for name in ("log_loss", "rmse", "mse", "rmsle", "r2")]


class Method:
    """Turns members' predictions into one prediction.

    A method is a scikit-learn estimator: `fit(X, y)` and `predict(X)` on a matrix X of shape
    (rows, members * n_outputs), one member's columns after the other's. With its defaults it is a
    regressor that averages columns. With a metric of classes, `n_outputs` is the number of
    classes, y holds class numbers and `predict` returns probabilities (rows, n_outputs). The
    estimator interface is written out rather than inherited: importing scikit-learn takes a
    second, and the configuration asks this registry for names.

    A subclass implements `_learn` and, where it is not a weighted mean, `_combine`. What it learns
    are numbers and arrays, which are saved as they are, or `models_`, a list that it writes and reads.

    Args:
        metric: what the weights are to be good at; a name or a `Metric`.
        n_outputs: columns per member.
        seed: every random choice follows from it.
        config: the method's parameters, an instance of its `Config`; None for the defaults.

    Attributes:
        Config: the schema of the parameters that the YAML may give; a subclass of MethodConfig.
        weights_: float64 (members,) or (members, n_outputs); None where there are no weights.
        gap_: optimality gap of exact weights (`simplex.Solution.gap`), else None.
        simplicity: the order in which `auto` prefers methods that are equally good, low first.
        dense: whether it can blend predictions that are long rows (`Task.dense`).
        boxes: whether it can blend predictions that are boxes.

    Example:
        >>> class Last(Method):
        ...     def _learn(self, stack, target, metric, folds):
        ...         self.weights_ = np.eye(stack.n_members)[-1]
        >>> members = np.array([[1.0, 3.0], [2.0, 4.0]])  # two rows, a column for each of two members
        >>> Last(metric="rmse").fit(members, np.array([3.0, 4.5])).predict(members).tolist()
        [3.0, 4.0]
    """

    Config: ClassVar[type[MethodConfig]] = MethodConfig
    simplicity: ClassVar[int] = 50
    dense: ClassVar[bool] = False
    boxes: ClassVar[bool] = False

    def __init__(
        self,
        metric: str | Metric = "rmse",
        n_outputs: int = 1,
        seed: int = 0,
        config: MethodConfig | None = None,
    ) -> None:
        self.metric = metric
        self.n_outputs = n_outputs
        self.seed = seed
        self.config = config

    @single_threaded
    def fit(self, X: Any, y: Any, folds: np.ndarray | None = None) -> Method:
        """Learns from members' out-of-fold predictions.

        Args:
            X: (rows, members * n_outputs).
            y: class numbers (rows,), or (rows,) / (rows, n_outputs) of labels or values.
            folds: (rows,) fold numbers, for methods that choose something by inner
                cross-validation; random splits without.
        """
        from sklearn.utils.validation import validate_data

        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=True, multi_output=True)
        if y.ndim == 2 and y.shape[1] == 1 and self.n_outputs == 1:
            _warn_of_column_vector()
        return self.fit_stack(self._stack(X), self._target(y), None if folds is None else Split(folds))

    @single_threaded
    def predict(self, X: Any) -> np.ndarray:
        """Returns the blend, (rows, n_outputs), or (rows,) for one output."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        blended = self.combine_stack(self._stack(X))
        return blended[:, 0] if self.n_outputs == 1 else blended

    def score(self, X: Any, y: Any) -> float:
        """Returns the metric of the blend, turned so that greater is better."""
        blended = self.predict(X).reshape(len(X), -1)
        return -self._metric().loss(self._target(np.asarray(y)), blended)

    def fit_stack(self, stack: Stack, target: np.ndarray, split: Split | None = None) -> Method:
        """Does `fit` on a stack and a target as the pipeline keeps them, without checks."""
        metric = self._metric()
        self.weights_: np.ndarray | None = None
        self.gap_: float | None = None
        if metric.log_target:
            stack, metric = stack.map(_log), _metric_of_logs(metric)
            target = like(target, _log(target))
        self._learn(stack, target, metric, None if split is None else split.folds)
        return self

    def combine_stack(self, stack: Stack) -> np.ndarray:
        """Returns the blend of a stack, float64 (rows, outputs)."""
        if self._metric().log_target:
            return np.expm1(self._combine(stack.map(_log)))
        return self._combine(stack)

    def uses(self, n_members: int) -> np.ndarray:
        """Returns the positions of the members without whom the blend cannot be worked out.

        A negative weight comes with a guard that looks at every member.
        """
        if self.weights_ is None or np.any(self.weights_ < 0):
            return np.arange(n_members)
        return np.flatnonzero(self.weights_.reshape(n_members, -1).any(axis=1))

    def save(self, folder: Path) -> None:
        """Writes what was learned into the empty folder, in formats that run no code when read."""
        numbers = {}
        for name, value in vars(self).items():
            if name == "models_":
                self._write_models(value, folder)
            elif name.endswith("_") and isinstance(value, np.ndarray):
                np.save(folder / f"{name}.npy", value)
            elif name.endswith("_") and (value is None or isinstance(value, (bool, int, float))):
                numbers[name] = value
            elif name.endswith("_"):
                raise TypeError(f"{type(self).__name__}.{name} is neither a number nor an array.")
        (folder / "numbers.json").write_text(json.dumps(numbers), encoding="utf-8")

    def load(self, folder: Path) -> Method:
        """Reads what `save` wrote and returns self."""
        vars(self).update(json.loads((folder / "numbers.json").read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*_.npy")):
            setattr(self, path.stem, np.load(path, allow_pickle=False))
        self._read_models(folder)
        return self

    def _write_models(self, models: list[Any], folder: Path) -> None:
        raise NotImplementedError

    def _read_models(self, folder: Path) -> None:
        """Sets `models_`, where the method has any."""

    @classmethod
    def cannot(cls, metric: Metric, target: np.ndarray) -> str:
        """Returns why the method cannot be used, pictures and spans among the reasons; "" where it can."""
        if metric.wants == "boxes":
            return "" if cls.boxes else "boxes are fused, and have no columns to add up"
        if metric.by_task and not cls.dense:
            return "pictures and spans are blended by one weight per member"
        return cls.unsuitable(metric, target)

    @classmethod
    def unsuitable(cls, metric: Metric, target: np.ndarray) -> str:
        """Returns why the method cannot blend for this metric and target, "" where it can."""
        return ""

    @classmethod
    def too_slow(cls, rows: int, members: int, outputs: int) -> str:
        """Returns why "auto" had better not try it at this size, "" where it may."""
        return ""

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        raise NotImplementedError

    def _combine(self, stack: Stack) -> np.ndarray:
        return stack.combine(self._known_weights())

    @property
    def _own(self) -> Any:
        """The parameters, an instance of `Config`."""
        return self.Config(kind="") if self.config is None else self.config

    def _known_weights(self) -> np.ndarray:
        if self.weights_ is None:
            raise ValueError(f"{type(self).__name__} has no weights: fit it first, or give it a `_combine`.")
        return self.weights_

    def _metric(self) -> Metric:
        return find_metric(self.metric) if isinstance(self.metric, str) else self.metric

    def _stack(self, X: np.ndarray) -> Stack:
        if self.n_outputs < 1 or X.shape[1] % self.n_outputs:
            raise ValueError(
                f"X must have members * n_outputs columns. Received: {X.shape[1]} columns and "
                f"n_outputs={self.n_outputs}."
            )
        return Stack.from_columns(X, self.n_outputs)

    def _target(self, y: np.ndarray) -> np.ndarray:
        if is_probability(self._metric()) and y.ndim == 1 and self.n_outputs > 1:
            return y.astype(np.int64)
        return y.reshape(len(y), -1).astype(np.float64)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the constructor's arguments, as scikit-learn's `clone` and searches ask."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **parameters: Any) -> Method:
        """Sets the constructor's arguments by name and returns self."""
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise ConfigError(
                    f"Ensemble method {type(self).__name__} has no parameter {name!r}."
                    f"{did_you_mean(name, known)} Known: {', '.join(known)}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({arguments})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True),
            transformer_tags=None,
            regressor_tags=RegressorTags(poor_score=True),  # columns are predictions, not features
        )


def _log(values: np.ndarray) -> np.ndarray:
    return np.log1p(np.maximum(values, 0.0))


def _metric_of_logs(metric: Metric) -> Metric:
    """Returns the metric for a target and predictions that are logarithms already."""
    if metric == find_metric("rmsle"):
        return find_metric("rmse")

    def of_values(function: Callable) -> Callable:
        return lambda target, prediction: function(np.expm1(target), np.expm1(prediction))

    if isinstance(metric.function, RowMeans):
        means = replace(metric.function, terms=of_values(metric.function.terms))
        return replace(metric, function=means, log_target=False)
    return replace(metric, function=of_values(metric.function), log_target=False)


def _warn_of_column_vector() -> None:
    import warnings

    from sklearn.exceptions import DataConversionWarning

    warnings.warn("A column-vector y was passed when a 1d array was expected.", DataConversionWarning, 3)
