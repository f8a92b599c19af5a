"""`configs/NAME.features.yaml`: features that `make features` found, put beside those of the YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.feature_section import FeatureConfig, Origin, origin_of, with_origin
from pipeline.config.strict_yaml import Places, read_yaml
from pipeline.errors import ConfigError

FACTS = ("claimed", "held_back", "error", "rows")


def features_path(config: Path) -> Path:
    """Returns where the features found for a competition lie."""
    return config.with_name(f"{config.stem}.features.yaml")


def read_features(path: Path) -> tuple[dict[str, Any], dict[str, Origin], Places]:
    """Returns the features by name as the YAML writes them, what is known of each, and their places.

    Nothing where there is no file; of a feature that somebody added by hand nothing is known.

    Raises:
        ConfigError: it holds anything but `features` and `found`.
    """
    if not path.is_file():
        return {}, {}, {}
    tree, places = read_yaml(path)
    features, said = tree.get("features"), tree.get("found") or {}
    if not {"features"} <= set(tree) <= {"features", "found"} or not isinstance(features, dict):
        raise ConfigError(
            f"{path} must hold one section, `features`, and beside it `found` at most. "
            f"Received: {', '.join(tree) or 'nothing'}."
        )
    found = {}
    for name, facts in said.items() if isinstance(said, dict) else [("", said)]:
        try:
            found[name] = Origin(str(path), **facts)
            luck_of([found[name]])
        except (TypeError, ValueError):
            raise ConfigError(
                f"{places.get(('found', name), path)}: `found.{name}` must hold the numbers "
                f"{', '.join(FACTS)}. Received: {facts!r}."
            ) from None
    return features, found, places


def apply_features(tree: dict[str, Any], places: Places, path: Path) -> dict[str, Origin]:
    """Puts the found features behind those of the YAML's tree; returns what is known of each.

    Raises:
        ConfigError: the file is damaged, or has a name that the YAML has.
    """
    found, origins, found_places = read_features(path)
    own = tree.get("features")
    if not found or not isinstance(own or {}, dict):
        return {}
    for name in found:
        if name in (own or {}):
            raise ConfigError(
                f"{found_places[('features', name)]}: the YAML has a feature {name!r} already. "
                "Give one of them another name, or leave the file out with --no-features."
            )
    tree["features"] = {**(own or {}), **found}
    places |= found_places
    return {name: origins.get(name, Origin(str(path), 0.0, 0.0, 0.0, 0)) for name in found}


def with_origins(
    features: Mapping[str, FeatureConfig], origins: Mapping[str, Origin]
) -> dict[str, FeatureConfig]:
    """Returns the sections, those that a search found with where they come from."""
    return {
        name: with_origin(one, origins[name]) if name in origins else one for name, one in features.items()
    }


def luck_of(origins: list[Origin]) -> float:
    """Returns how much of what the features claim together was luck."""
    return max(float(sum(one.claimed - one.held_back for one in origins)), 0.0)


def features_mark(features: Mapping[str, FeatureConfig]) -> str | None:
    """Returns what a score must be read with where a search chose features on its folds, else None."""
    found = [origin for one in features.values() if (origin := origin_of(one)) is not None]
    if not found:
        return None
    if not any(one.rows for one in found):
        return "features found on these folds: by how much they are too good was not measured"
    claimed, held = sum(one.claimed for one in found), sum(one.held_back for one in found)
    return (
        f"features found on these folds: about {luck_of(found):.5f} too good "
        f"({claimed:+.5f} there, {held:+.5f} on rows held back)"
    )
