"""What is to be predicted: the kind of task and the columns of every prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaskKind = Literal["classification", "multilabel", "regression"]


@dataclass(frozen=True)
class Task:
    """The answer that a competition asks for.

    Attributes:
        kind: "classification" (one target, one probability per class, rows sum to one; two
            classes give two columns), "multilabel" (several 0/1 targets, one probability each)
            or "regression" (one value per target).
        outputs: names of the prediction's columns: the classes in their fixed order, or the
            target columns.
        log_target: regression on log(1 + y): models see the logarithm, predictions are values.
    """

    kind: TaskKind
    outputs: tuple[str, ...]
    log_target: bool = False

    @property
    def n_outputs(self) -> int:
        return len(self.outputs)

    @property
    def is_classification(self) -> bool:
        return self.kind == "classification"
