"""Clips that cannot be used, where the configuration goes on without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.errors import DataError
from pipeline.inputs.sound.decoding import decode_clip, fetch_clip


def usable_clips(read: Callable[[str], bytes], names: Sequence[str], threads: int = 2) -> np.ndarray:
    """Decodes every clip once and returns bool (clips,): whether it can be used.

    Args:
        read: gives a clip's bytes by its name; called from several threads.
        names: of the clips, those that are not there included.
        threads: how many decode at a time.
    """

    def usable(name: str) -> bool:
        try:
            decode_clip(fetch_clip(read, name), name)
        except DataError:
            return False
        return True

    with ThreadPoolExecutor(max(1, threads)) as pool:
        return np.fromiter(pool.map(usable, names), bool, len(names))
