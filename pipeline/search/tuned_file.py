"""Writes what a search has found beside the competition's YAML."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.tuned import read_tuned
from pipeline.store import write_atomically

HEADING = "Written by `make tune`, used by `make train` unless --no-tuned. Delete what you do not want."


def write_tuned(path: Path, name: str, keys: Mapping[str, Any], comment: str) -> None:
    """Writes what was found for one model; what the file says of others stays, comments included."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    read_tuned(path)
    yaml = YAML()
    yaml.width = 1000
    tree = yaml.load(path.read_text(encoding="utf-8")) if path.is_file() else CommentedMap()
    if "models" not in tree:
        tree["models"] = CommentedMap()
        tree.yaml_set_start_comment(HEADING)
    models = tree["models"]
    models[name] = dict(keys)
    models.ca.items.pop(name, None)
    models.yaml_set_comment_before_after_key(name, before=comment, indent=2)
    text = io.StringIO()
    yaml.dump(tree, text)
    write_atomically(path, text.getvalue().encode())
