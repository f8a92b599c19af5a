"""Size of a competition's data, from which a kind of model says what it costs and whether it suits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.registry import TASKS
from pipeline.tasks.base import Task

if TYPE_CHECKING:
    from pipeline.data.competition import Competition


@dataclass(frozen=True)
class Size:
    """Numbers of rows, columns and outputs, and the sort of columns.

    Attributes:
        rows: of the training table.
        test_rows: of the test table.
        columns: that models of tables can use.
        kind: of the task.
        outputs: classes or targets.
        picture: median height and width in pixels; None without pictures.
        numeric: share of the columns that are numbers.
        categories: columns of names with many levels.
        texts: names of the columns that are text.
        characters: of all texts of a mean training row.
    """

    rows: int
    test_rows: int
    columns: int
    kind: str
    outputs: int
    picture: tuple[int, int] | None = None
    numeric: float = 1.0
    categories: int = 0
    texts: tuple[str, ...] = ()
    characters: float = 0.0

    @classmethod
    def of(cls, competition: Competition) -> Size:
        """Returns what a competition shows without a look at its columns."""
        return cls(
            rows=len(competition.ids),
            test_rows=len(competition.test_ids),
            columns=0 if competition.train is None else competition.train.shape[1],
            kind=competition.task.kind,
            outputs=competition.task.n_outputs,
        )

    @property
    def task(self) -> type[Task]:
        """The kind of task."""
        found: type[Task] = TASKS.get(self.kind)
        return found

    @property
    def problems(self) -> int:
        """Columns that a learner of one column at a time learns: two classes are one."""
        return 1 if self.task.exclusive and self.outputs == 2 else self.outputs
