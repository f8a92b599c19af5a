"""Names of things that a YAML may ask for, each registered once with a decorator."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from pipeline.errors import ConfigError, did_you_mean, listing

T = TypeVar("T")


class Registry(Generic[T]):
    """A mapping from a name to a thing.

    Args:
        noun: what the names stand for, as an error message calls it ("model").
        home: the module or package whose import registers the things. It is imported at the
            first look-up, so that a registry can be declared above what fills it.

    Example:
        >>> colours: Registry[int] = Registry("colour", home="pipeline.errors")
        >>> colours.register("red", "crimson")(0xFF0000)
        16711680
        >>> colours.names()
        ['crimson', 'red']
        >>> "blue" in colours
        False
    """

    def __init__(self, noun: str, home: str) -> None:
        self.noun = noun
        self.home = home
        self._things: dict[str, T] = {}
        self._filled = False

    def register(self, *names: str) -> Callable[[T], T]:
        """Returns a decorator that stores a thing under each of the names; a name taken raises."""

        def decorate(thing: T) -> T:
            for name in names:
                if name in self._things:
                    raise ValueError(f"The {self.noun} {name!r} is registered twice.")
                self._things[name] = thing
            return thing

        return decorate

    def get(self, name: str) -> T:
        """Returns the thing of that name.

        Raises:
            ConfigError: no such name; the message lists the known ones and the nearest.
        """
        self._fill()
        if name not in self._things:
            raise ConfigError(
                f"Unknown {self.noun} {name!r}.{did_you_mean(name, self._things)} "
                f"Known: {listing(self.names(), most=40)}."
            )
        return self._things[name]

    def names(self) -> list[str]:
        self._fill()
        return sorted(self._things)

    def __contains__(self, name: object) -> bool:
        self._fill()
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _fill(self) -> None:
        if self._filled:
            return
        self._filled = True
        home = importlib.import_module(self.home)
        for module in pkgutil.iter_modules(getattr(home, "__path__", [])):
            importlib.import_module(f"{self.home}.{module.name}")


TASKS: Registry[Any] = Registry("kind of task", home="pipeline.tasks")
MODELS: Registry[Any] = Registry("model", home="pipeline.models")
FEATURES: Registry[Any] = Registry("feature", home="pipeline.data.features")
INPUTS: Registry[Any] = Registry("input", home="pipeline.inputs")
SECTIONS: Registry[Any] = Registry("section of the report", home="pipeline.reports.sections")
METHODS: Registry[Any] = Registry("ensemble method", home="pipeline.ensemble.methods")


def opening(entry: str) -> Any:
    """Returns the input that an entry of a model's `inputs` opens: what is no input's name, a model says."""
    return INPUTS.get(entry if entry in INPUTS else "outputs")()


def locating() -> list[Any]:
    """Returns the inputs that find a file for every row, one for each sort of files."""
    found = {INPUTS.get(name).located: INPUTS.get(name)() for name in INPUTS if INPUTS.get(name).located}
    return list(found.values())
