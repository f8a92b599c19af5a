"""Weights that a configuration names by a path, where a package that was opened has brought them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_brought: dict[str, Path | None] = {}


def bring(places: Mapping[str, Path | None]) -> None:
    """Says where weights lie from now on, whatever lies at their own path.

    Args:
        places: path as the configuration says it -> where they lie; None: they are not there, and nobody
            reads them, for the fits hold all that they predict with.
    """
    _brought.clear()
    _brought.update(places)


def weights_at(said: str) -> Path | None:
    """Returns where weights lie that a configuration names; None where nobody will read them."""
    return _brought.get(said, Path(said))
