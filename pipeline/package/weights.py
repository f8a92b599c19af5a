"""Weights that somebody else has trained: named, hashed, and carried where predicting needs them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.config.schema import ModelConfig
from pipeline.networks.brought import bring, weights_at
from pipeline.store import file_digest

FOLDER = "weights"  # of the data set
NEEDED = (".json", ".safetensors", ".txt", ".model")  # endings of an encoder's files; others repeat them


def named_weights(sections: Iterable[ModelConfig]) -> dict[str, str]:
    """Returns path as the configuration says it -> "file" or "folder"; a folder is read to predict, too."""
    sections = list(sections)
    kinds = {getattr(one, "weights", ""): getattr(one, "weights_kind", "none") for one in sections}
    kinds |= {said: "file" for one in sections for said in getattr(one, "files", ())}
    return {str(said): kind for said, kind in sorted(kinds.items(), key=str) if kind in ("file", "folder")}


def weights_files(sections: Iterable[ModelConfig]) -> dict[str, str]:
    """Returns path -> SHA-256 of the files of weights that models begin with."""
    paths = []
    for said, kind in named_weights(sections).items():
        paths += [Path(said)] if kind == "file" else _files(Path(said))
    return {str(path): file_digest(path) if path.is_file() else "not there" for path in paths}


def carry_weights(
    models: Mapping[str, ModelConfig], packed: Iterable[str], root: Path
) -> dict[str, str | None]:
    """Copies what is read to predict into a package.

    Args:
        models: of the configuration.
        packed: names of those that are in it.
        root: the data set's folder.

    Returns:
        Path as the configuration says it -> where it lies below the root; None: it is not needed.
    """
    found: dict[str, str | None] = dict.fromkeys(named_weights(models.values()))
    for number, (said, kind) in enumerate(named_weights(models[name] for name in packed).items()):
        if kind == "folder":
            found[said] = f"{FOLDER}/{number}"
            place = root / FOLDER / str(number)
            place.mkdir(parents=True)
            for path in _files(weights_at(said) or Path(said)):
                shutil.copyfile(path, place / path.name)
    return found


def brought_weights(facts: Mapping[str, Any], root: Path) -> None:
    """Has the weights of a package read from there.

    Args:
        facts: what was noted of it.
        root: the data set's folder.
    """
    bring({said: root / place if place else None for said, place in facts.get("weights", {}).items()})


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in NEEDED and path.is_file())
