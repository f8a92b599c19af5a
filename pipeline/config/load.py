"""From a YAML file and overrides to a checked Config, every mistake reported at once."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.checks import (
    check_ensemble,
    check_folds,
    check_metric,
    check_models,
    check_report,
    check_search,
    check_submission,
    check_tasks,
)
from pipeline.config.feature_section import FeatureConfig
from pipeline.config.found import Found
from pipeline.config.found_features import apply_features, features_path, with_origins
from pipeline.config.metric import MetricConfig
from pipeline.config.schema import Config, ModelConfig
from pipeline.config.strict_yaml import Places, parse_value, read_yaml
from pipeline.config.tuned import apply_tuned, mark_tuned, tuned_path
from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.registry import FEATURES, METHODS, MODELS

CONFIGS = Path("configs")
FOUND_FILES = (".tuned", ".features")  # ends of what searches write beside a YAML


def known_competitions(folder: Path = CONFIGS) -> list[str]:
    """Returns the names that have a YAML."""
    return sorted(path.stem for path in folder.glob("*.yaml") if not path.stem.endswith(FOUND_FILES))


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


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    tuned: bool = True,
    besides: str | None = None,
    features: bool = True,
) -> Config:
    """Reads, overrides and checks a configuration.

    Args:
        path: the YAML.
        overrides: `models.cnn.size=96`: a dotted key path and a YAML value.
        tuned: whether to put what a search has found (`NAME.tuned.yaml` beside it) over the YAML.
        besides: the one model that stays as the YAML has it.
        features: whether to put what `make features` has found (`NAME.features.yaml`) beside the YAML's.

    Raises:
        ConfigError: lists every mistake with the file, the line and the key path.
    """
    tree, places = read_yaml(path)
    if tuned:
        apply_tuned(tree, places, tuned_path(path), besides)
    origins = apply_features(tree, places, features_path(path)) if features else {}
    for override in overrides:
        _apply(tree, places, override)
    found = Found(path, places)
    known = tree["models"] if isinstance(tree.get("models"), dict) else {}
    sections = _models(known, found)
    if tuned:
        sections = mark_tuned(sections, tuned_path(path), besides)
    models = {"models": sections} if known else {}
    features_said = tree.get("features")
    named = {"features": with_origins(_features(features_said, found), origins)} if features_said else {}
    ensemble = {"ensemble": _with_method(tree["ensemble"], found)} if tree.get("ensemble") else {}
    metric = {"metric": _metric(tree["metric"], found)} if tree.get("metric") else {}
    config = found.validate(Config, {**tree, **named, **models, **ensemble, **metric}, ())
    if isinstance(config, Config):
        check_metric(config, found)
        check_tasks(config, found)
        check_folds(config, found)
        check_models(config, known, found)
        check_ensemble(config, known, found)
        check_submission(config, found)
        check_report(config, known, found)
        check_search(config, known, found)
    found.problems.raise_if_any(ConfigError, f"{path} cannot be used:")
    if not isinstance(config, Config):
        raise ConfigError(f"{path} cannot be used.")
    return config


def _apply(tree: dict[str, Any], places: Places, override: str) -> None:
    """Sets one dotted key of the tree, and says where it came from."""
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
    places[(*parents, last)] = "--set"


def _models(sections: Mapping[str, Any], found: Found) -> dict[str, ModelConfig]:
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


def _features(entries: Any, found: Found) -> dict[str, FeatureConfig]:
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


def _metric(said: Any, found: Found) -> Any:
    """Returns the key `metric`, validated where it is a section: `{kind: mae, weights: COLUMN}`."""
    if not isinstance(said, dict):
        return said
    return found.validate(MetricConfig, said, ("metric",)) or said.get("kind")


def _with_method(section: Any, found: Found) -> Any:
    """Returns the section `ensemble`, a method's own parameters validated: `{kind: greedy, rounds: 100}`."""
    said = section.get("method") if isinstance(section, dict) else None
    if not isinstance(said, dict):
        return section
    place, method = ("ensemble", "method"), None
    try:
        schema = METHODS.get(str(said["kind"])).Config
        method = found.validate(schema, said, place)
    except KeyError:
        found.add(place, f"`ensemble.method.kind` is required. Known: {listing(METHODS.names(), most=40)}.")
    except ConfigError as error:
        found.add((*place, "kind"), f"`ensemble.method.kind`: {error}")
    return {**section, "method": method or "auto"}


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
