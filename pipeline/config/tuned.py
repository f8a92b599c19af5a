"""`configs/NAME.tuned.yaml`: what a search has found, put over the competition's own YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.strict_yaml import Places, read_yaml
from pipeline.errors import ConfigError, did_you_mean


def tuned_path(config: Path) -> Path:
    """Returns where the findings of a competition's searches lie."""
    return config.with_name(f"{config.stem}.tuned.yaml")


def read_tuned(path: Path) -> tuple[dict[str, dict[str, Any]], Places]:
    """Returns model -> found keys, and their places; nothing where there is no file.

    Raises:
        ConfigError: it holds anything but `models`.
    """
    if not path.is_file():
        return {}, {}
    tree, places = read_yaml(path)
    models = tree.get("models")
    if list(tree) != ["models"] or not isinstance(models, dict):
        raise ConfigError(
            f"{path} must hold one section, `models`. Received: {', '.join(tree) or 'nothing'}."
        )
    for name, keys in models.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"{places[('models', name)]}: `models.{name}` must be a section of keys.")
    return models, places


def apply_tuned(tree: dict[str, Any], places: Places, path: Path, besides: str | None = None) -> None:
    """Puts the found keys over those of the YAML's tree, section by section, but for one model.

    Raises:
        ConfigError: the file is damaged, or speaks of a model that the YAML does not have.
    """
    found, found_places = read_tuned(path)
    known = tree.get("models")
    if not isinstance(known, dict):
        return
    for name, keys in found.items():
        if name == besides:
            continue
        section = known.get(name)
        if not isinstance(section, dict):
            near = did_you_mean(name, known)
            raise ConfigError(
                f"{found_places[('models', name)]}: the YAML has no model {name!r}.{near} "
                "Delete the section, or leave the file out with --no-tuned."
            )
        known[name] = put_over(section, keys)
    places |= {key: place for key, place in found_places.items() if key[1:2] != (besides,)}


def put_over(section: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the section with the keys over its own; sections within it are joined."""
    joined = dict(section)
    for key, value in keys.items():
        both = isinstance(value, dict) and isinstance(section.get(key), dict)
        joined[key] = put_over(section[key], value) if both else value
    return joined
