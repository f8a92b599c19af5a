"""Writes what a search has found beside the competition's YAML."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.tuned import Found, read_found, read_tuned
from pipeline.store import write_atomically

HEADING = "# Written by `make tune`, used by `make train` unless --no-tuned. Delete what you do not want.\n"
FOUND = "# What the searches say: gains on the folds that chose (claimed), and on rows that no trial saw.\n"
MARK = "  # "  # begins the line above a model's section: how it was found


def write_tuned(
    path: Path, name: str, keys: Mapping[str, Any], comment: str, said: Found | None = None
) -> None:
    """Writes what was found for one model; what the file says of other models stays as it was found.

    Args:
        path: the file; it need not be there.
        name: of the model.
        keys: of its section.
        comment: one line on how they were found.
        said: what the search says of them; None where it found none.
    """
    models, places = read_tuned(path)
    before = path.read_text(encoding="utf-8").splitlines() if models else []
    comments = {}
    for other in models:
        line = before[int(places[("models", other)].rpartition(":")[2]) - 2]
        comments[other] = line if line.startswith(MARK) else ""
    models, comments = {**models, name: dict(keys)}, {**comments, name: MARK + comment}
    text = HEADING + "models:\n"
    for other, section in models.items():
        text += (comments[other] + "\n" if comments[other] else "") + _indented({other: section})
    found = {other: facts for other, facts in read_found(path).items() if other != name}
    if said is not None:
        found[name] = said
    if found:
        text += FOUND + "found:\n"
        text += "".join(_indented({other: facts.to_yaml()}) for other, facts in found.items())
    write_atomically(path, text.encode())


def _indented(tree: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml, text = YAML(), io.StringIO()
    yaml.width = 1000
    yaml.dump(tree, text)
    return "".join(f"  {line}\n" for line in text.getvalue().splitlines())
