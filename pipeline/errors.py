"""The one error tree of the toolkit, and its habit of naming the nearest known word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PipelineError(Exception):
    """Something the user can mend. The command line prints its message and exits with 1."""


class ConfigError(PipelineError):
    """A configuration, an override or a name in one of them is wrong."""


class DataError(PipelineError):
    """The competition's files do not say what the configuration says they do."""


class ModelError(PipelineError):
    """A model cannot be built, trained or read back."""


class StoreError(PipelineError):
    """A product on disk is damaged, locked by another process or made from something else."""


class SubmissionError(PipelineError):
    """A submission does not have the form that the sample asks for."""


class KaggleError(PipelineError):
    """Kaggle's command line is missing, or refused; says what to do."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns " Did you mean 'x'?" for the nearest known name, or "" where none is near."""
    near = closest(name, known)
    return f" Did you mean {near!r}?" if near else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Returns the known name that is spelled most alike, or None where none is near."""
    words = {str(word).casefold(): str(word) for word in known}
    near = difflib.get_close_matches(str(name).casefold(), words, n=1, cutoff=0.6)
    return words[near[0]] if near else None


def listing(names: Iterable[object], most: int = 8) -> str:
    """Returns the first few names joined by commas, and how many more there are."""
    words = [str(name) for name in names]
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


class Problems:
    """Collects mistakes, so that a user sees all of them at once rather than one a run."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, message: str) -> None:
        if message not in self.messages:
            self.messages.append(message)

    def __bool__(self) -> bool:
        return bool(self.messages)

    def raise_if_any(self, error: type[PipelineError], heading: str) -> None:
        """Raises `error` with every message under the heading, where there is a message."""
        if self.messages:
            lines = "\n".join(f"  - {message}" for message in self.messages)
            raise error(f"{heading}\n{lines}")
