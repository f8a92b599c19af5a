"""YAML with comments, as a person would write it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

WIDTH = 106
_PLAIN = re.compile(r"[A-Za-z_/][\w./ -]*[\w./-]|[A-Za-z_]")
_WORDS = {"null", "true", "false"}  # no text in YAML 1.2


class ConfigText:
    """The lines of a YAML, with comments above the keys that they explain."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def comment(self, text: str, depth: int = 0) -> None:
        """Adds a comment, wrapped."""
        indent = "  " * depth + "# "
        self._lines += textwrap.wrap(
            " ".join(text.split()), WIDTH, initial_indent=indent, subsequent_indent=indent
        )

    def key(self, name: str, value: Any = None, depth: int = 0, reason: str = "") -> None:
        """Adds a key, with its reason above; without a value it opens a section."""
        if reason:
            self.comment(reason, depth)
        shown = "" if value is None else f" {scalar(value)}"
        self._lines.append(f"{'  ' * depth}{scalar(name)}:{shown}")

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def scalar(value: Any) -> str:
    """Returns a value as YAML reads it back; text that could be taken for something else is quoted."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)
