"""`configs/NAME.tuned.yaml`: what a search has found, put over the competition's own YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.config.schema import ModelConfig
from pipeline.config.strict_yaml import Places, read_yaml
from pipeline.errors import ConfigError, did_you_mean


def tuned_path(config: Path) -> Path:
    """Returns where the findings of a competition's searches lie."""
    return config.with_name(f"{config.stem}.tuned.yaml")


@dataclass(frozen=True)
class Found:
    """Record of a search beside the parameters that it found.

    Attributes:
        trials: how many were compared.
        claimed: what the parameters gain on the folds that chose them: too good.
        held_back: what they gain on rows that no trial saw.
        error: the standard error of `held_back`.
        rows: how many rows were held back.
    """

    trials: int
    claimed: float
    held_back: float
    error: float
    rows: int

    def mark(self) -> str:
        """Returns what a score of the tuned model must be read with: it is of the folds that chose it."""
        return (
            f"tuned on these folds: about {max(self.claimed - self.held_back, 0.0):.5f} too good "
            f"({self.claimed:+.5f} there, {self.held_back:+.5f} ± {self.error:.5f} on rows held back)"
        )

    def to_yaml(self) -> dict[str, Any]:
        return {key: round(value, 6) for key, value in asdict(self).items()}


UNKNOWN = "tuned on these folds: by how much it is too good was not measured"


def tuned_mark(section: ModelConfig) -> str | None:
    """Returns the mark of a model whose keys a search has found on the run's folds; None of any other."""
    return section._tuned or None


def marked(section: ModelConfig, mark: str) -> ModelConfig:
    """Returns the section with a mark that its copies keep; no part of what the YAML says of it."""
    copy = section.model_copy()
    copy._tuned = mark
    return copy


def mark_tuned(models: Mapping[str, ModelConfig], path: Path, besides: str | None) -> dict[str, ModelConfig]:
    """Returns the sections, those marked to which the tuned file adds keys."""
    keys, found = read_tuned(path)[0], read_found(path)
    marks = {name: found[name].mark() if name in found else UNKNOWN for name in keys if keys[name]}
    return {
        name: marked(section, marks[name]) if name in marks and name != besides else section
        for name, section in models.items()
    }


def read_tuned(path: Path) -> tuple[dict[str, dict[str, Any]], Places]:
    """Returns model -> found keys, and their places; nothing where there is no file.

    Raises:
        ConfigError: it holds anything but `models` and `found`.
    """
    if not path.is_file():
        return {}, {}
    tree, places = read_yaml(path)
    models = tree.get("models")
    if not {"models"} <= set(tree) <= {"models", "found"} or not isinstance(models, dict):
        raise ConfigError(
            f"{path} must hold one section, `models`, and beside it `found` at most. "
            f"Received: {', '.join(tree) or 'nothing'}."
        )
    for name, keys in models.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"{places[('models', name)]}: `models.{name}` must be a section of keys.")
    return models, places


def read_found(path: Path) -> dict[str, Found]:
    """Returns model -> what its search said of the keys; nothing of models whose search did not.

    Raises:
        ConfigError: the section is damaged.
    """
    tree, places = read_yaml(path) if path.is_file() else ({}, {})
    said, found = tree.get("found") or {}, {}
    if not isinstance(said, dict):
        raise ConfigError(f"{places.get(('found',), path)}: `found` must be a section of models.")
    for name, facts in said.items():
        try:
            found[name] = Found(**facts)
            found[name].mark()
        except (TypeError, ValueError):
            raise ConfigError(
                f"{places.get(('found', name), path)}: `found.{name}` must hold the numbers "
                f"{', '.join(Found.__dataclass_fields__)}. Received: {facts!r}."
            ) from None
    return found


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
