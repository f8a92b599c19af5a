"""Memory for what was worked out before: an ensemble asks for the same many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Remembered:
    """Values by their keys; all are forgotten where there are too many.

    Args:
        most: of their sizes together.
        size: of one value; by default each is 1.
    """

    def __init__(self, most: int, size: Callable[[Any], int] | None = None) -> None:
        self._most, self._size = most, size
        self._values: dict[Any, Any] = {}
        self._total = 0

    def __call__(self, key: Any, make: Callable[[], Any]) -> Any:
        """Returns what was worked out before, or works it out."""
        if key not in self._values:
            if self._total >= self._most:
                self._values.clear()
                self._total = 0
            value = make()
            self._total += self._size(value) if self._size else 1
            self._values[key] = value
        return self._values[key]
