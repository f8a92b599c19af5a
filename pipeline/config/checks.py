"""Relations between the parts of a configuration, checked before any work starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.config.found import Found
from pipeline.config.metric import metric_of
from pipeline.config.order import model_order
from pipeline.config.schema import Config, FoldsConfig, ModelConfig
from pipeline.config.space import Messages, parse_space, value_messages
from pipeline.config.tasks import possible_tasks, task_problems
from pipeline.errors import ConfigError, PipelineError, did_you_mean, listing
from pipeline.registry import METHODS, MODELS, opening


def check_metric(config: Config, found: Found) -> None:
    try:
        metric_of(config.metric)
    except PipelineError as error:
        found.add(("metric",), f"`metric`: {error}")


def check_tasks(config: Config, found: Found) -> None:
    """Checks that every model can do a task that metric and target leave open."""
    try:
        tasks = possible_tasks(config, metric_of(config.metric))
    except PipelineError:
        return  # the metric is unknown, which `check_metric` says
    models = {name: model for name, model in config.models.items() if model.enabled}
    for place, message in task_problems(models, tasks):
        found.add(place, message)


def check_submission(config: Config, found: Found) -> None:
    place, wanted = ("submission", "range"), config.submission.range
    if isinstance(wanted, list):
        ends = [end for end in wanted if end is not None]
        if len(wanted) != 2 or ends != sorted(set(ends)):
            found.add(place, f"`submission.range` must be [low, high], low below high. Received: {wanted}.")


def check_folds(config: Config, found: Found) -> None:
    folds = config.folds
    needs = {"group": "group", "stratified_group": "group", "time": "time", "column": "column"}
    key = needs.get(folds.kind)
    if key and getattr(folds, key) is None:
        found.add(("folds", "kind"), f"`folds.kind: {folds.kind}` needs `folds.{key}`, the name of a column.")
    if folds.ahead is not None and (folds.kind not in {"auto", "time"} or folds.time is None or folds.column):
        found.add(("folds", "ahead"), "`folds.ahead` is for folds in time: it needs `folds.time`.")
    if folds.repeats > 1 and (folds.kind in {"time", "column"} or folds.time or folds.column):
        found.add(("folds", "repeats"), "`folds.repeats` must be 1 where a column decides the folds.")


def check_models(config: Config, known: Mapping[str, Any], found: Found) -> None:
    """Checks what models read from one another: known names, a network, no circle."""
    sections = {**dict.fromkeys(known), **config.models}
    for name, model in config.models.items():
        for entry in model.inputs:
            place = ("models", name, "inputs")
            if entry == "auto":
                continue
            if message := opening(entry).problem(entry, name, sections, config.data):
                found.add(place, message)
        for message in model.relations(f"models.{name}", sections):
            found.add(("models", name), message)
        for message in lesson_problems(name, model, sections):
            found.add(("models", name, "distil"), message)
        for message in pseudo_problems(name, model, sections, config.folds):
            found.add(("models", name, "pseudo"), message)
    if not found.problems:
        try:
            model_order(config.models)
        except ConfigError as error:
            found.add(("models",), str(error))


def lesson_problems(name: str, model: ModelConfig, sections: Mapping[str, Any]) -> Iterator[str]:
    """Yields what is wrong with the models that one learns from."""
    if model.distil is None:
        return
    where = f"`models.{name}.distil`"
    if not MODELS.get(model.kind).taught or not model.answers():
        able = listing([kind for kind in MODELS if MODELS.get(kind).taught], most=40)
        yield f"{where}: a model of kind {model.kind!r} cannot learn from others. Kinds that can: {able}."
    yield from _nameless(where, model.distil.of, sections)


def pseudo_problems(
    name: str, model: ModelConfig, sections: Mapping[str, Any], folds: FoldsConfig
) -> Iterator[str]:
    """Yields what is wrong with a model that learns from test rows, and with those that label them."""
    if model.pseudo is None:
        return
    where, kind = f"`models.{name}.pseudo`", MODELS.get(model.kind)
    if not model.answers():
        yield f"{where}: {name!r} does not predict the competition's target, which is what labels are."
    if model.pseudo.soft and not kind.taught:
        able = listing([kind for kind in MODELS if MODELS.get(kind).taught], most=40)
        yield f"{where}.soft: a model of kind {model.kind!r} learns hard labels. Kinds that can: {able}."
    if model.distil is not None:
        yield f"{where}: a model learns by `distil` or by `pseudo`, and not by both."
    if folds.kind == "time" or (folds.kind == "auto" and folds.time and not folds.column):
        yield f"{where}: time orders the folds, and the test rows lie after the rows that are scored."
    if name in model.pseudo.of:
        yield f"{where}: {name!r} cannot label rows for itself; a round more is a model more."
    yield from _nameless(where, [other for other in model.pseudo.of if other != name], sections)


def _nameless(where: str, names: Iterable[str], sections: Mapping[str, Any]) -> Iterator[str]:
    """Yields which names are no model that predicts the competition's target."""
    for other in names:
        section = sections.get(other)
        if other not in sections:
            yield f"{where}: no model {other!r}.{did_you_mean(other, sections)}"
        elif section is not None and not section.answers():
            yield f"{where}: {other!r} does not predict the competition's target."


def check_ensemble(config: Config, known: Mapping[str, Any], found: Found) -> None:
    method = config.ensemble.method
    if isinstance(method, str) and method not in METHODS:
        near = did_you_mean(method, METHODS)
        methods = listing(METHODS, most=40)
        found.add(
            ("ensemble", "method"), f"`ensemble.method`: unknown method {method!r}.{near} Known: {methods}."
        )
    for name in config.ensemble.members or ():
        if name not in known:
            near = did_you_mean(name, known)
            found.add(("ensemble", "members"), f"`ensemble.members`: no model {name!r}.{near}")


def check_report(config: Config, known: Mapping[str, Any], found: Found) -> None:
    place, asked = ("report", "optimism"), config.report.optimism
    if asked and config.folds.group is None:
        found.add(place, "`report.optimism` compares with folds that ignore `folds.group`: there is none.")
    for name in asked:
        if name not in known:
            found.add(place, f"`report.optimism`: no model {name!r}.{did_you_mean(name, known)}")
        elif name in config.models and not config.models[name].answers():
            found.add(place, f"`report.optimism`: {name!r} does not predict the competition's target.")
    for name, files in config.ensemble.outside.items():
        where = ("ensemble", "outside", name)
        if name in known:
            found.add(where, f"`ensemble.outside.{name}`: a model has that name.")
        for path in (files.oof, files.test):
            if not Path(path).is_file():
                found.add(where, f"`ensemble.outside.{name}`: there is no file {path}.")


def check_search(config: Config, known: Mapping[str, Any], found: Found) -> None:
    """Checks every search space: forms, conditions, and each edge as if the model's section had said it."""
    for name, specs in config.search.items():
        if name not in known:
            found.add(("search", name), f"`search`: no model {name!r}.{did_you_mean(name, known)}")
        elif name in config.models:
            for parameter, text in space_messages(specs, config.models[name]):
                found.add(("search", name, parameter), f"`search.{name}.{parameter}`: {text}")


def space_messages(specs: Mapping[str, Any], section: ModelConfig) -> Messages:
    """Returns everything that is wrong with one model's space."""
    space, messages = parse_space(specs, section)
    return messages + value_messages(space, section)
