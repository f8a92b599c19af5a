"""Boosted trees on the members' out-of-fold predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.config.schema import MethodConfig
from pipeline.ensemble.method import Method, is_probability
from pipeline.ensemble.methods.stack_linear import log_odds
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.weights import inner_folds, sample
from pipeline.metrics import Metric
from pipeline.registry import METHODS

ROWS = 20_000  # enough for shallow trees on a few columns
MOST_WORK = 3e6  # rows * inputs * classes that `auto` spends on boosting; 8.4e6 took 48 s


class StackLightGBMConfig(MethodConfig):
    """Keys of `ensemble.method: {kind: stack_lightgbm}`, by the names of `kind: lightgbm`."""

    n_estimators: int = Field(default=100, ge=1, description="most rounds; one inner fold finds how many")
    learning_rate: float = Field(default=0.08, gt=0, le=1, description="factor of a tree's step")
    num_leaves: int = Field(default=7, ge=2, description="most leaves of a tree")
    min_child_samples: int = Field(default=20, ge=1, description="fewest rows of a leaf")
    reg_lambda: float = Field(default=10.0, ge=0, description="L2 penalty of the leaves' values")
    colsample_bytree: float = Field(
        default=0.8, gt=0, le=1, description="share of the columns that a tree sees"
    )


@METHODS.register("stack_lightgbm")
class StackLightGBM(Method):
    """Shallow boosted trees that correct the members' mean.

    Trees start from the mean (its log-odds for probabilities, or fit its errors for values), so
    that no tree is the mean. The number of rounds is where the loss on one inner fold is least.
    """

    Config: ClassVar[type[MethodConfig]] = StackLightGBMConfig
    simplicity: ClassVar[int] = 44
    PARAMETERS: ClassVar[dict[str, Any]] = {
        "num_threads": 1,  # so few columns gain nothing from more, and lose much on a busy machine
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }

    @classmethod
    def too_slow(cls, rows: int, members: int, outputs: int) -> str:
        work = min(rows, ROWS) * members * outputs**2
        return "" if work < MOST_WORK else f"{members} members of {outputs} columns would take long"

    def _learn(self, stack: Stack, target: np.ndarray, metric: Metric, folds: np.ndarray | None) -> None:
        rows = sample(len(stack), ROWS, self.seed)
        folds = None if folds is None else folds[rows]
        stack, target = stack.take(rows), target[rows]
        self.probability_, self.classes_together_ = is_probability(metric), target.ndim == 1
        numbers = inner_folds(folds, len(stack), self.seed)
        out = numbers == np.unique(numbers)[0] if len(stack) > 1 else np.zeros(len(stack), bool)
        start, inputs = self._start(stack), stack.columns()
        if self.classes_together_ and stack.n_outputs > 2:
            self.models_ = [self._boost(inputs, target, start, out, {"num_class": stack.n_outputs}, metric)]
            self.n_models_ = 1
            return
        wanted = (target == 1).astype(np.float64)[:, None] if self.classes_together_ else target
        self.models_ = [
            self._boost(inputs, wanted[:, k], start[:, k], out, {}, metric) for k in range(wanted.shape[1])
        ]
        self.n_models_ = len(self.models_)

    def _start(self, stack: Stack) -> np.ndarray:
        mean = stack.mean()
        return log_odds(mean, self.classes_together_) if self.probability_ else mean

    def _boost(
        self,
        inputs: np.ndarray,
        target: np.ndarray,
        start: np.ndarray,
        out: np.ndarray,
        extra: dict[str, Any],
        metric: Metric,
    ) -> Any:
        """Returns a booster with as many rounds as the inner fold asks for, or None for none."""
        import lightgbm

        objective = "multiclass" if "num_class" in extra else "binary"
        if not self.probability_:
            objective = metric.objective
            target, start = target - start, np.zeros(len(target))
        own = self._own.model_dump(exclude={"kind", "n_estimators"})
        parameters = {**self.PARAMETERS, **own, **extra, "objective": objective, "seed": self.seed}
        parameters |= {"boost_from_average": False}
        if objective == "quantile":
            parameters["alpha"] = metric.quantile

        def data(rows: np.ndarray) -> Any:
            return lightgbm.Dataset(inputs[rows], target[rows], init_score=start[rows])

        if not out.any() or out.all():
            return None
        history: dict[str, Any] = {}
        valid = data(out)
        lightgbm.train(
            parameters,
            data(~out),
            self._own.n_estimators,
            [valid],
            ["inner"],
            callbacks=[lightgbm.record_evaluation(history)],
        )
        losses = np.array(next(iter(history["inner"].values())))
        rounds = int(np.argmin(losses)) + 1
        if losses.min() >= self._loss_at_start(target[out], start[out], objective, metric.quantile):
            return None
        return lightgbm.train(parameters, data(np.ones(len(target), bool)), rounds)

    def _loss_at_start(
        self, target: np.ndarray, start: np.ndarray, objective: str, quantile: float | None
    ) -> float:
        from scipy.special import log_expit, log_softmax

        if objective == "multiclass":
            return float(-log_softmax(start, axis=1)[np.arange(len(target)), target].mean())
        if objective == "binary":
            return float(-np.where(target > 0.5, log_expit(start), log_expit(-start)).mean())
        if quantile is not None:
            return float(np.maximum(quantile * target, (quantile - 1.0) * target).mean())
        return float(np.abs(target).mean() if objective == "l1" else (target**2).mean())

    def _combine(self, stack: Stack) -> np.ndarray:
        from scipy.special import expit, softmax

        start, inputs = self._start(stack), stack.columns()
        for k, model in enumerate(self.models_):
            if model is not None:
                added = model.predict(inputs, raw_score=True)
                start = start + added if added.ndim == 2 else _added(start, k, added)
        if not self.probability_:
            return start
        if not self.classes_together_:
            return expit(start)
        if stack.n_outputs == 2:
            return np.column_stack([expit(-start[:, 0]), expit(start[:, 0])])
        return softmax(start, axis=1)

    def _write_models(self, models: list[Any], folder: Path) -> None:
        """Writes a file per booster; a place without one is a column that needs no correction."""
        for k, model in enumerate(models):
            if model is not None:
                model.save_model(folder / f"booster_{k}.txt")

    def _read_models(self, folder: Path) -> None:
        import lightgbm

        files = [folder / f"booster_{k}.txt" for k in range(self.n_models_)]
        self.models_ = [lightgbm.Booster(model_file=file) if file.exists() else None for file in files]


def _added(values: np.ndarray, k: int, column: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[:, k] += column
    return values
