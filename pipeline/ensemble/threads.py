"""One thread for the linear algebra of level 2."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def single_threaded(function: Callable[P, R]) -> Callable[P, R]:
    """Returns the function with its BLAS calls held to one thread.

    Level 2 multiplies many small matrices: more threads gain little on an idle machine, cost up
    to fifty times on a busy one (they wait for each other by spinning), and change last digits.
    """

    @functools.wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


@functools.cache
def _controller():
    import scipy.linalg  # noqa: F401 (brings its own BLAS, which must be loaded to be limited)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
