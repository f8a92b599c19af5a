"""From a YAML file and overrides to a checked Config, every mistake reported at once."""

from __future__ import annotations

import copy
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.problems import explain
from pipeline.config.schema import Config, FeatureConfig, ModelConfig
from pipeline.config.section import Section
from pipeline.config.strict_yaml import Lines, parse_value, read_yaml
from pipeline.errors import ConfigError, PipelineError, Problems, did_you_mean, listing
from pipeline.metrics import find_metric
from pipeline.registry import FEATURES, METHODS, MODELS

CONFIGS = Path("configs")


def known_competitions(folder: Path = CONFIGS) -> list[str]:
    """Returns the names that have a YAML."""
    return sorted(path.stem for path in folder.glob("*.yaml") if not path.stem.endswith(".tuned"))


def find_config(name: str, folder: Path = CONFIGS) -> Path:
    """Returns the path of a competition's YAML.

    Raises:
        ConfigError: there is none; the message lists those that there are.
    """
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = known_competitions(folder)
        raise ConfigError(
            f"There is no {path}.{did_you_mean(name, known)} Known competitions: {listing(known, most=40)}."
        )
    return path


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Reads, overrides and checks a configuration.

    Args:
        path: the YAML.
        overrides: `models.cnn.size=96`: a dotted key path and a YAML value.

    Raises:
        ConfigError: lists every mistake with the file, the line and the key path.
    """
    tree, lines = read_yaml(path)
    for override in overrides:
        _apply(tree, lines, override)
    found = _Found(path, lines)
    known = tree["models"] if isinstance(tree.get("models"), dict) else {}
    models = {"models": _models(known, found)} if known else {}
    features = {"features": _features(tree["features"], found)} if tree.get("features") else {}
    config = found.validate(Config, {**tree, **features, **models}, ())
    if isinstance(config, Config):
        _check_metric(config, found)
        _check_folds(config, found)
        _check_models(config, known, found)
        _check_ensemble(config, known, found)
        _check_report(config, known, found)
    found.problems.raise_if_any(ConfigError, f"{path} cannot be used:")
    if not isinstance(config, Config):
        raise ConfigError(f"{path} cannot be used.")
    return config


class _Found:
    """Collects the mistakes of one file, each with its line or the override that it came from."""

    def __init__(self, path: Path, lines: Lines) -> None:
        self.path = path
        self.lines = lines
        self.problems = Problems()

    def add(self, location: tuple, message: str) -> None:
        place = str(self.path)
        for depth in range(len(location), 0, -1):
            line = self.lines.get(tuple(location[:depth]))
            if line is not None:
                place = f"{self.path}:{line}" if line else "--set"
                break
        self.problems.add(f"{place}: {message}")

    def validate(self, schema: type[Section], tree: Any, location: tuple) -> Section | None:
        """Returns the section; with mistakes, what is left of it without them, for further checks."""
        try:
            return schema.model_validate(tree)
        except ValidationError as error:
            wrong = explain(error, schema, ".".join(map(str, location)))
        rest = copy.copy(tree)
        for place, message in wrong:
            self.add((*location, *place), message)
            rest = _without(rest, place)
        try:
            return schema.model_validate(rest)
        except ValidationError:
            return None


def _without(tree: Any, place: tuple) -> Any:
    """Returns the tree without one key; a part of a list takes the list with it."""
    if not place or not isinstance(tree, dict) or place[0] not in tree:
        return tree
    inner = _without(tree[place[0]], place[1:])
    if len(place) > 1 and isinstance(inner, dict):
        return {**tree, place[0]: inner}
    return {key: value for key, value in tree.items() if key != place[0]}


def _apply(tree: dict[str, Any], lines: Lines, override: str) -> None:
    """Sets one dotted key of the tree; line 0 marks where it came from."""
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set takes KEY=VALUE, as in models.cnn.size=96. Received: {override!r}.")
    *parents, last = key.strip().split(".")
    node: Any = tree
    for depth, part in enumerate(parents):
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise ConfigError(f"--set {override}: `{'.'.join(parents[: depth + 1])}` is no section.")
    node[last] = parse_value(text)
    lines[(*parents, last)] = 0


def _models(sections: Mapping[str, Any], found: _Found) -> dict[str, ModelConfig]:
    """Validates every model's section against the schema of its kind."""
    models: dict[str, ModelConfig] = {}
    for name, section in sections.items():
        place = ("models", name)
        if not str(name).isidentifier():
            found.add(place, f"`models.{name}`: a model's name must be letters, digits and underscores.")
            continue
        if not isinstance(section, dict) or not isinstance(section.get("kind"), str):
            found.add(place, f"`models.{name}.kind` is required. Known: {listing(MODELS.names(), most=40)}.")
            continue
        try:
            schema = MODELS.get(section["kind"]).Config
        except ConfigError as error:
            found.add((*place, "kind"), f"`models.{name}.kind`: {error}")
            continue
        model = found.validate(schema, section, place)
        if isinstance(model, ModelConfig):
            models[name] = model
            for message in model.problems(f"models.{name}"):
                found.add(place, message)
    return models


def _features(entries: Any, found: _Found) -> dict[str, FeatureConfig]:
    """Validates every feature: a name, then one word for what it is: `each: {ratio: [fare, size]}`."""
    features: dict[str, FeatureConfig] = {}
    if not isinstance(entries, dict):
        found.add(("features",), "`features` must be a section: `NAME: {ratio: [COLUMN, COLUMN]}`.")
        return features
    for name, entry in entries.items():
        place = ("features", name)
        if not str(name).isidentifier() or not isinstance(entry, dict) or len(entry) != 1:
            rule = "must be a name of letters, digits and underscores, then {WORD: COLUMNS} with one word of:"
            found.add(place, f"`features.{name}` {rule} {listing(FEATURES.names(), most=40)}.")
            continue
        ((kind, said),) = entry.items()
        try:
            schema = FEATURES.get(kind)
        except ConfigError as error:
            found.add(place, f"`features.{name}`: {error}")
            continue
        keys = said if isinstance(said, dict) else {"of": said}
        feature = found.validate(schema, {**keys, "kind": kind}, (*place, kind))
        if isinstance(feature, FeatureConfig):
            features[name] = feature
    return features


def _check_metric(config: Config, found: _Found) -> None:
    try:
        find_metric(config.metric)
    except PipelineError as error:
        found.add(("metric",), f"`metric`: {error}")


def _check_folds(config: Config, found: _Found) -> None:
    folds = config.folds
    needs = {"group": "group", "stratified_group": "group", "time": "time", "column": "column"}
    key = needs.get(folds.kind)
    if key and getattr(folds, key) is None:
        found.add(("folds", "kind"), f"`folds.kind: {folds.kind}` needs `folds.{key}`, the name of a column.")
    if folds.repeats > 1 and (folds.kind in {"time", "column"} or folds.time or folds.column):
        found.add(("folds", "repeats"), "`folds.repeats` must be 1 where a column decides the folds.")


def _check_models(config: Config, known: Mapping[str, Any], found: _Found) -> None:
    """Checks what models read from one another: known names, a network, no circle."""
    for name, model in config.models.items():
        for entry in model.inputs:
            place = ("models", name, "inputs")
            source, _, part = entry.partition(".")
            if entry in {"auto", "table", "images"}:
                continue
            if source not in known:
                near = did_you_mean(source, known)
                found.add(place, f"`models.{name}.inputs`: {entry!r} is no input: no model {source!r}.{near}")
            elif part not in {"prediction", "embedding"}:
                accepted = f"{source}.prediction or {source}.embedding"
                found.add(place, f"`models.{name}.inputs` accepts {accepted}. Received: {entry!r}.")
            elif (
                part == "embedding"
                and source in config.models
                and not MODELS.get(config.models[source].kind).embeds
            ):
                found.add(place, f"`models.{name}.inputs`: model {source!r} has no embedding.")
        for message in model.relations(f"models.{name}", {**dict.fromkeys(known), **config.models}):
            found.add(("models", name), message)
    if not found.problems:
        try:
            model_order(config.models)
        except ConfigError as error:
            found.add(("models",), str(error))


def model_order(models: Mapping[str, ModelConfig]) -> list[str]:
    """Returns the models' names so that each comes after those that it reads.

    Raises:
        ConfigError: some read one another in a circle.
    """
    from graphlib import CycleError, TopologicalSorter

    graph = {name: models_read(section, models) for name, section in models.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigError(f"`models` read one another in a circle: {circle}.") from None


def models_read(section: ModelConfig, names: Iterable[str]) -> list[str]:
    """Returns the models whose out-of-fold output, views or weights a model uses."""
    used = [entry.partition(".")[0] for entry in section.inputs if "." in entry]
    known = set(names)
    named = [name for name in [*section.uses(), *section.views()] if name in known]
    return list(dict.fromkeys([*used, *named]))


def _check_ensemble(config: Config, known: Mapping[str, Any], found: _Found) -> None:
    method = config.ensemble.method
    if method not in METHODS:
        near = did_you_mean(method, METHODS)
        methods = listing(METHODS, most=40)
        found.add(
            ("ensemble", "method"), f"`ensemble.method`: unknown method {method!r}.{near} Known: {methods}."
        )
    for name in config.ensemble.members or ():
        if name not in known:
            near = did_you_mean(name, known)
            found.add(("ensemble", "members"), f"`ensemble.members`: no model {name!r}.{near}")


def _check_report(config: Config, known: Mapping[str, Any], found: _Found) -> None:
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


def competition_module(config: Config) -> str | None:
    """Returns the name of the competition's own module, or None where it has none.

    Raises:
        ConfigError: `module` names one that does not exist.
    """
    if "" not in sys.path:
        sys.path.insert(0, "")  # `competitions/` stands beside `configs/`, in the current folder
    name = config.module or f"competitions.{config.competition}"
    try:
        exists = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        exists = False
    if not exists and config.module:
        raise ConfigError(f"`module`: there is no Python module {name!r}.")
    return name if exists else None
