"""The model contract: what cross-validation needs of anything that learns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.config.schema import AnytimeConfig, ModelConfig
from pipeline.context import Context
from pipeline.data.rows import Rows
from pipeline.models.size import Size
from pipeline.registry import MODELS
from pipeline.tasks.base import Task, general_kinds

__all__ = ["MODELS", "AnytimeConfig", "Context", "Model", "ModelConfig"]


class Model(ABC):
    """Something that learns from rows and predicts for rows.

    The constructor only stores; `fit` learns attributes ending in `_`, and fitting again forgets
    what was learned before. Predictions are in the competition's units: probabilities per class
    (rows sum to one), probabilities per label, or values.

    Attributes:
        Config: the model's section of the YAML; a subclass of ModelConfig.
        version: raise it when the same config would train another model: cached folds are redone.
        sees: the inputs that `inputs: [auto]` stands for.
        looks: whether it sees pictures, and not a matrix.
        tasks: general kinds of task that it can do.
        embeds: whether it offers `NAME.embedding`.
        transductive: whether it looks at inputs of rows that are not its training rows, at no target of them.
        taught: whether it can learn from what other models say (`distil`).
        seeded: whether another seed makes another model: copies of one that is not are all alike.
        anytime: whether it takes `max_seconds` (its Config is an AnytimeConfig).
        side_by_side: whether folds of it may be fitted at the same time in one process: its libraries let
            others work, and share no seed.
        quick: whether a budget trains it before the others that are not.
        leads: the enabled model with the highest number decides how many folds fit into a budget;
            0: never.
        share: of the time that is left of a budget, against the shares of the other models that wait.
        most: share of a budget that its folds may take, at most, where it leads.
        faster: settings for where its folds do not fit into a budget's share; what the user has set stays.
        variants: other settings that are worth a member of their own where time is left.

    Example:
        >>> from pipeline.data.rows import Dataset
        >>> from pipeline.tasks.regression import Regression
        >>> class Mean(Model):
        ...     def fit(self, train, inner=None, context=Context()):
        ...         self.mean_ = train.target.mean(axis=0)
        ...         return self
        ...     def predict(self, rows, context=Context()):
        ...         return np.tile(self.mean_, (len(rows), 1)).astype(np.float32)
        ...     def save(self, folder):
        ...         np.save(folder / "mean.npy", self.mean_)
        ...     def load(self, folder):
        ...         self.mean_ = np.load(folder / "mean.npy", allow_pickle=False)
        ...         return self
        >>> rows = Dataset(np.array(["a", "b"]), target=np.array([[1.0], [3.0]])).rows()
        >>> model = Mean(ModelConfig(kind="mean"), Regression(("price",)))
        >>> model.fit(rows).predict(rows).tolist()
        [[2.0], [2.0]]
    """

    Config: ClassVar[type[ModelConfig]] = ModelConfig
    version: ClassVar[int] = 1
    sees: ClassVar[tuple[str, ...]] = ("table", "text")
    tasks: ClassVar[tuple[str, ...]] = general_kinds()
    looks: ClassVar[bool] = False
    embeds: ClassVar[bool] = False
    transductive: ClassVar[bool] = False
    taught: ClassVar[bool] = False
    seeded: ClassVar[bool] = True
    anytime: ClassVar[bool] = False
    side_by_side: ClassVar[bool] = False
    quick: ClassVar[bool] = False
    leads: ClassVar[int] = 0
    share: ClassVar[float] = 1.0
    most: ClassVar[float] = 0.5
    faster: ClassVar[Mapping[str, Any]] = {}
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ()

    def __init__(self, config: ModelConfig, task: Task) -> None:
        self.config = config
        self.task = task

    @classmethod
    def seconds(cls, size: Size) -> float:
        """Returns about how long one fit takes on two cores of a 2020s server, good to a factor of three.

        Raises:
            TypeError: nobody has measured it.
        """
        raise TypeError(f"Nobody has measured what {cls.__name__} costs.")

    @classmethod
    def fitting(cls, size: Size) -> float:
        """Returns the share of a fold's time that its fit may take; the rest encodes and predicts."""
        return 0.8

    @classmethod
    def part(cls, section: ModelConfig) -> float:
        """Returns a section's part of a budget's time, beside those of the others that wait."""
        return cls.share

    @classmethod
    def start(cls, threads: int) -> None:
        """Pays what a process pays once, before its first fit: a library's import."""
        return

    @classmethod
    def least_seconds(cls, size: Size) -> float:
        """Returns the seconds below which a fit that is ended by time is of no use."""
        return 0.0

    @classmethod
    def unsuitable(cls, size: Size) -> str:
        """Returns what speaks against training it on data of this size, or ""."""
        return ""

    @classmethod
    def settings_for(cls, metric: str) -> dict[str, Any]:
        """Returns the keys of its section that suit a metric better than their defaults."""
        return {}

    @classmethod
    def varies(cls, section: ModelConfig) -> bool:
        """Says whether another seed makes another model of that section."""
        return cls.seeded

    @property
    def wants_inner_split(self) -> bool:
        """Whether `fit` should be given inner validation rows, cut from the training rows."""
        return False

    @abstractmethod
    def fit(self, train: Rows, inner: Rows | None = None, context: Context = Context()) -> Model:
        """Learns from the rows.

        Args:
            train: rows to learn from (without the inner ones).
            inner: rows that decide when to stop, where `wants_inner_split`; else None. A model
                may learn from them too once it has decided (`train.join(inner)`).
            context: seed, reporting, caches.
        """

    @abstractmethod
    def predict(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, outputs) in the order of `task.outputs`."""

    def embed(self, rows: Rows, context: Context = Context()) -> np.ndarray:
        """Returns float32 (rows, width): the learned representation, where `embeds`."""
        raise TypeError(f"A model of kind {self.config.kind!r} has no embedding.")

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Writes what was learned into the empty folder, in formats that run no code when read."""

    @abstractmethod
    def load(self, folder: Path) -> Model:
        """Reads what `save` wrote and returns self."""

    def notes(self) -> dict[str, Any]:
        """Returns what a person may want to know of the fit (rounds found, warnings), as JSON."""
        return {}
