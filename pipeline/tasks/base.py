"""The contract of a task: a kind of answer is one class, registered by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.contest import Contest


@dataclass(frozen=True)
class Task(ABC):
    """The answer that a competition asks for.

    A kind that is written in another form, and is otherwise one that is known, is a subclass of it:
    metrics and models that can do the general kind can do it.

    Attributes:
        kind: its registered name.
        general: the kind that metrics and models speak of: of a special one that of its base class.
        exclusive: a row is one of several classes: targets are int64 (rows,), probabilities sum to
            one. Otherwise targets are float64 (rows, outputs).
        probabilities: predictions lie between 0 and 1; otherwise they are values.
        of_files: `data.task` may ask for it.
        usual_metric: where the writing of the cells alone tells this kind, the metric that it most often
            goes with; else "".
        usual_reason: what that rests on, and what else it may be, in words.
        distinctive: its cells are written so that few of another kind are: they are asked first.
        network_keys: keys of a network's section that suit it better than their defaults.
        may_be_empty: a cell of the training table that holds nothing is an answer, and no gap.
        dense: predictions are long rows, float16 and as a rule on disk, or boxes: few models and methods can
            do that.
        of_pictures: of these, whether they are of pictures.
        verbatim: answers are parts of texts, which stay as the files write them.
        many_rows: a row has any number of answers, each a line of its cell and a row of the files.
        a_row_per_pixel: the files have a row for each pixel of a picture.
        outputs: names of the prediction's columns: classes in their fixed order, labels, or targets.

    Example:
        >>> task = make_task("classification", ("cat", "dog"))
        >>> task.exclusive, task.n_outputs
        (True, 2)
        >>> task.columns(np.array([0, 1, 1])).tolist()
        [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
        >>> load_task(task.to_json()) == task
        True
    """

    kind: ClassVar[str]
    general: ClassVar[str]
    exclusive: ClassVar[bool] = False
    probabilities: ClassVar[bool] = False
    of_files: ClassVar[bool] = True
    usual_metric: ClassVar[str] = ""
    usual_reason: ClassVar[str] = ""
    distinctive: ClassVar[bool] = False
    network_keys: ClassVar[Mapping[str, Any]] = {}
    may_be_empty: ClassVar[bool] = False
    dense: ClassVar[bool] = False
    of_pictures: ClassVar[bool] = False
    verbatim: ClassVar[bool] = False
    many_rows: ClassVar[bool] = False
    a_row_per_pixel: ClassVar[bool] = False

    outputs: tuple[str, ...]

    @property
    def n_outputs(self) -> int:
        return len(self.outputs)

    @property
    def values_type(self) -> np.dtype:
        """The type of a prediction's numbers."""
        return np.dtype(np.float16 if self.dense else np.float32)

    @property
    def logged(self) -> bool:
        """Whether models had better learn log(1 + y)."""
        return False

    def to_json(self) -> dict[str, Any]:
        """Returns what `load_task` makes the task of again."""
        return {"kind": self.kind, **asdict(self)}

    def save(self, folder: Path) -> None:  # noqa: B027 (most have nothing beside what `to_json` says)
        """Writes what the task knows of the training rows into the folder of the competition."""

    def opened(self, folder: Path) -> Task:
        """Returns the task with what `save` wrote."""
        return self

    # from files

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        """Says whether files of this form can be read so."""
        return True

    @classmethod
    def usual(cls, samples: Collection[str]) -> tuple[str, str]:
        """Returns the metric that such answers most often have, and what that rests on.

        Args:
            samples: the sample's cells.
        """
        return cls.usual_metric, cls.usual_reason

    @classmethod
    @abstractmethod
    def told(cls, contest: Contest) -> bool:
        """Says whether the files look like this kind, where nobody said what they are."""

    @classmethod
    @abstractmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        """Returns the task, the target, and the form of the submission.

        Raises:
            DataError: target and sample do not fit together; says why.
        """

    # targets

    @abstractmethod
    def columns(self, target: np.ndarray) -> np.ndarray:
        """Returns the target as float64 (rows, outputs): 0/1 per class or label, or the values."""

    @abstractmethod
    def strata(self, target: np.ndarray) -> np.ndarray:
        """Returns int64 (rows,): what a stratified split balances."""

    def compared(self, target: np.ndarray) -> np.ndarray:
        """Returns the target in a form in which equal answers are equal numbers: (rows, ...)."""
        return target

    def described(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, columns), numbers by which an audit tells answers apart."""
        return self.columns(target)

    def scores(self, score: Callable, target: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 1): what a score says of each row, where the task is `dense`."""
        raise TypeError(f"A task of {self.kind} has no rows that are scored one by one.")

    def of_boxes(
        self, score: Callable, target: np.ndarray, answers: np.ndarray, least: float = 0.0
    ) -> list[Any]:
        """Returns what a function of true and found boxes says of every row, where answers are boxes."""
        raise TypeError(f"A task of {self.kind} has no boxes to score.")

    def drawn(self, row: int, random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns places of pixels, drawn in a training row's prediction, and what is true of them.

        Both are (count,): int64, and float64.
        """
        raise TypeError(f"A task of {self.kind} has no pixels to draw.")

    def alone(self, target: np.ndarray) -> np.ndarray:
        """Says of each row whether no other can teach its answer: bool (rows,)."""
        return np.zeros(len(target), bool)

    @abstractmethod
    def prior(self, target: np.ndarray) -> np.ndarray:
        """Returns float32 (outputs,), the answer that knows nothing of a row: the mean."""

    def constant(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (outputs,), the answer that a baseline gives; rows with a NaN say nothing."""
        return np.asarray(target[np.isfinite(target).all(axis=1)].mean(axis=0))

    @abstractmethod
    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        """Returns the mean proper loss: log loss, or squared error.

        Args:
            target: as it is kept, or as `columns` of which each has one in `prediction`.
            prediction: (rows, outputs).
            smallest: a probability that none falls below; 0 where that is seen to.
        """

    # submissions

    @abstractmethod
    def decided(self, values: np.ndarray) -> np.ndarray:
        """Returns what a prediction (rows, outputs) comes to where an answer must be one thing."""

    @abstractmethod
    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        """Returns the cells of the answer's columns, row by row.

        Args:
            answer: the form.
            values: (rows, outputs) predictions.
            labels: as `decided` returns them, where thresholds chose; None: `decided` does.
            decimals: digits after the point; None: all.
            beside: what a row has of its own, where the task is `dense`: int64 (rows, 2), height and width of
                its picture, or object (rows,), its text.
        """

    @abstractmethod
    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        """Raises SubmissionError for cells that are none of this task; `beside` as `cells` takes it."""

    # tests

    @classmethod
    @abstractmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        """Returns a small task and its target.

        Args:
            label: int64 (rows,) of 0, 1 and 2, which tells the target.
            number: float64 (rows,), the same with noise.
        """


def make_task(kind: str, outputs: tuple[str, ...], log_target: bool = False) -> Task:
    """Returns the task of that kind; only one of values can be of their logarithms."""
    return load_task({"kind": kind, "outputs": outputs, "log_target": log_target})


def load_task(facts: Mapping[str, Any]) -> Task:
    """Returns the task of what `to_json` gave; other facts may stand beside it."""
    kind = TASKS.get(facts["kind"])
    own = {field.name: facts[field.name] for field in fields(kind) if field.name in facts}
    task: Task = kind(**own | {"outputs": tuple(facts["outputs"])})
    return task


def general_kinds(
    exclusive: bool | None = None,
    probabilities: bool | None = None,
    dense: bool | None = False,
) -> tuple[str, ...]:
    """Returns the names of the general kinds that have these properties; None: either way."""
    found = []
    for name in TASKS:
        kind = TASKS.get(name)
        general = kind.general == kind.kind
        fits = exclusive in (None, kind.exclusive) and probabilities in (None, kind.probabilities)
        if general and fits and dense in (None, kind.dense):
            found.append(name)
    return tuple(found)
