"""Whether models can do the task: by what the configuration says, and again once the data are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pipeline.config.schema import Config, ModelConfig
from pipeline.errors import ConfigError, Problems, listing
from pipeline.metrics import Metric
from pipeline.registry import MODELS, TASKS
from pipeline.tasks.telling import kinds_of_target


def possible_tasks(config: Config, metric: Metric) -> tuple[str, ...]:
    """Returns the kinds of task that a configuration leaves open, before the data are read."""
    target = config.data.target
    several = None if target is None else not isinstance(target, str) and len(target) > 1
    return kinds_of_target(config.data.task, metric.tasks, several)


def check_models_do(task: str, models: Mapping[str, ModelConfig]) -> None:
    """Raises ConfigError for models that cannot do a kind of task, naming every one and what can."""
    problems = Problems()
    for _, message in task_problems(models, [task]):
        problems.add(message)
    problems.raise_if_any(ConfigError, "The models do not fit the competition's target:")


def task_problems(
    models: Mapping[str, ModelConfig], tasks: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields what no task of these kinds can be done with: the key's place and a message.

    Args:
        models: sections by name. Those that do not answer the competition have a task of their own.
        tasks: kinds of task that it may be.
    """
    asked = " or ".join(tasks)
    tasks = {TASKS.get(kind).general for kind in tasks}
    for name, section in models.items():
        if not section.answers():
            continue
        kind = MODELS.get(section.kind)
        if not tasks & set(kind.tasks):
            others = [other for other in MODELS if tasks & set(MODELS.get(other).tasks)]
            yield (
                ("models", name, "kind"),
                f"`models.{name}.kind`: {section.kind} does {' or '.join(kind.tasks)}, and this is a task of "
                f"{asked}. Kinds that do it: {listing(others, most=40)}.",
            )
        for key, able in section.needs_task().items():
            if not tasks & set(able):
                reason = section.reasons.get(key, "")
                yield (
                    ("models", name, key),
                    f"`models.{name}.{key}: {getattr(section, key)}` is for {' or '.join(able)}, and this is "
                    f"a task of {asked}{': ' + reason if reason else ''}.",
                )
        for keys, reason in _pseudo_problems(section, tasks):
            place = ("models", name, "pseudo", *keys)
            yield place, f"`{'.'.join(place)}`: {reason}, and this is a task of {asked}."


def space_for(section: ModelConfig, tasks: Collection[str]) -> dict[str, dict[str, Any]]:
    """Returns what a search changes of a section by itself, without choices that no such task has a use for.

    Args:
        section: whose space it is.
        tasks: kinds of task that it may be.
    """
    general, found = {TASKS.get(kind).general for kind in tasks}, {}
    for key, spec in section.space().items():
        if "choice" not in spec or key not in type(section).model_fields:
            found[key] = spec
            continue
        others = [section.model_copy(update={key: value}).needs_task().get(key) for value in spec["choice"]]
        pairs = zip(spec["choice"], others, strict=True)
        left = [value for value, able in pairs if able is None or general & set(able)]
        if len(left) > 1:
            found[key] = {**spec, "choice": left}
    return found


def _pseudo_problems(section: ModelConfig, tasks: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields keys of `pseudo` and why no task of these general kinds can be done with them."""
    pseudo, kinds = section.pseudo, [TASKS.get(kind) for kind in tasks]
    if pseudo is None:
        return
    if all(kind.dense for kind in kinds):
        yield (), "test rows join where an answer is a class, labels or values"
    elif not any(kind.probabilities for kind in kinds):
        if pseudo.soft:
            yield ("soft",), "probabilities are of classes or labels"
        if pseudo.share is not None and pseudo.share < 1 and len(pseudo.of) < 2:
            yield ("share",), "a share of the rows is chosen by how well several models agree on their values"
