"""Context of a fit or a prediction: all that it is given beside its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


def ignore(fraction: float, text: str) -> None:
    """A report that goes nowhere."""


def no_cache(name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
    """A cache that keeps nothing."""
    return make()


@dataclass(frozen=True)
class Context:
    """Fit context: all that a fit or a prediction may use beside its rows.

    Attributes:
        seed: every random choice of the fit follows from it.
        checkpoint: a folder that survives a kill and is deleted when the fold's product is safe;
            a long fit keeps its progress there and goes on from it. None: keep nothing.
        report: called with the fraction done (0 to 1) and a short text ("epoch 3/20 loss 1.2").
        cache: called with a name, a key and a function; returns the function's array, computed
            once per key, shared by folds, models and trials, read as a memory map.
        siblings: folders of other models' saved networks of the same fold, by model name.
        threads: how many threads a library may start.
        watch: a network in training calls it after each epoch with the fraction done and a function
            from `Rows` to their predictions by the network as it is; what it raises ends the fit.
            None: nobody watches.
        unlabelled: rows without a target, the test's, as a `Dataset`: their inputs may be looked at. None:
            there are none.
    """

    seed: int = 0
    checkpoint: Path | None = None
    report: Callable[[float, str], None] = ignore
    cache: Callable[[str, Mapping[str, Any], Callable[[], np.ndarray]], np.ndarray] = no_cache
    siblings: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 2
    watch: Callable[[float, Callable[[Any], np.ndarray]], None] | None = None
    unlabelled: Any = None
