"""Writes the features that a search has found beside the competition's YAML."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.config.feature_section import Origin
from pipeline.config.found_features import FACTS
from pipeline.store import write_atomically

HEADING = (
    "# Written by `make features`, used by `make train` unless --no-features. Delete what you do not want.\n"
)
FOUND = "# Gains on the rows that chose (claimed), and on rows that no step of the search has seen.\n"
DIGITS = 8


def write_features(
    path: Path, lines: Sequence[str], features: Mapping[str, Any], origins: Mapping[str, Origin]
) -> None:
    """Writes the file anew: what an earlier search found is gone.

    Args:
        path: of the file.
        lines: what the search says, as comments.
        features: name -> word -> columns; {} where nothing was sure.
        origins: by name, what is known of each.
    """
    text = HEADING + "".join(f"# {line}\n" for line in lines)
    text += _block("features", features)
    if origins:
        facts = {name: asdict(origin) for name, origin in origins.items()}
        rounded = {name: {key: round(said[key], DIGITS) for key in FACTS} for name, said in facts.items()}
        text += FOUND + _block("found", rounded)
    write_atomically(path, text.encode())


def _block(key: str, tree: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    if not tree:
        return f"{key}: {{}}\n"
    yaml, text = YAML(), io.StringIO()
    yaml.width, yaml.default_flow_style = 1000, None  # type: ignore[assignment]
    yaml.dump({key: {name: dict(said) for name, said in tree.items()}}, text)
    return text.getvalue()
