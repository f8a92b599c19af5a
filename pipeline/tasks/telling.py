"""Kind of task, told from the files where the configuration leaves it open."""

from __future__ import annotations

from pipeline.registry import TASKS
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest
from pipeline.tasks.regression import Regression


def all_kinds() -> list[type[Task]]:
    """Returns the kinds that files may be of, special ones before the general kinds.

    Parts of texts come first: words of several texts look like sets of labels.
    """
    found = [TASKS.get(name) for name in TASKS]
    found = [kind for kind in found if kind.of_files]
    return sorted(found, key=lambda kind: (not kind.verbatim, kind.kind == kind.general))


def find_kind(contest: Contest, wanted: str = "auto") -> type[Task]:
    """Returns the kind of task.

    Args:
        contest: the files.
        wanted: `data.task`: a general kind stands for its special ones too.
    """
    kinds = all_kinds()
    if wanted == "auto" and len(contest.kinds) > 1:
        suited = [kind for kind in kinds if kind.general in contest.kinds]
        return next((kind for kind in suited if kind.told(contest)), Regression)
    family = TASKS.get(contest.kinds[0] if wanted == "auto" else wanted)
    kinds = [kind for kind in kinds if issubclass(kind, family)]
    told = [kind for kind in kinds if kind.told(contest)]
    return (told or [kind for kind in kinds if kind.possible(contest)] or kinds)[0]


def told_by_cells(contest: Contest) -> type[Task] | None:
    """Returns the kind that the writing of the cells alone tells, whatever the metric is; None: none does."""
    kinds = sorted(all_kinds(), key=lambda kind: not kind.distinctive)
    return next((kind for kind in kinds if kind.usual_metric and kind.told(contest)), None)


def kinds_of_target(wanted: str, suited: tuple[str, ...], several: bool | None) -> tuple[str, ...]:
    """Returns the kinds of task that a configuration leaves open, before the data are read.

    Args:
        wanted: `data.task`.
        suited: general kinds that the metric scores.
        several: whether there are several targets; None where nobody says.
    """
    if wanted != "auto":
        return (wanted,)
    if len(suited) == 1 or several is None:
        return suited
    exclusive = [kind for kind in suited if TASKS.get(kind).exclusive]
    if several:
        return tuple(kind for kind in suited if kind not in exclusive)
    return tuple(exclusive) or suited[:1]
