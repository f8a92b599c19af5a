"""The mistakes of one configuration, each with where it stands."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.problems import explain
from pipeline.config.section import Section
from pipeline.config.strict_yaml import Places
from pipeline.errors import Problems


class Found:
    """Collects the mistakes of one configuration, each with the place that it came from.

    Args:
        path: the file, for what has no place of its own.
        places: key path -> `configs/x.yaml:12`, or the option of the command line.
    """

    def __init__(self, path: Path, places: Places) -> None:
        self.path = path
        self.places = places
        self.problems = Problems()

    def add(self, location: tuple, message: str) -> None:
        depths = range(len(location), 0, -1)
        known = (self.places[location[:depth]] for depth in depths if location[:depth] in self.places)
        self.problems.add(f"{next(known, self.path)}: {message}")

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
