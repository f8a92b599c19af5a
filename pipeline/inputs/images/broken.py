"""Pictures that cannot be used, where the configuration goes on without them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pipeline.errors import DataError
from pipeline.inputs.images.bands import bands
from pipeline.inputs.images.decoding import Read, fetch
from pipeline.inputs.images.intensity import Intensity

ANY = Intensity(0.0, 1.0)  # not what will be used: a picture whose range is unknown yet is not broken


def usable_pictures(read: Read, names: Sequence[str], threads: int = 2) -> np.ndarray:
    """Decodes every picture once and returns bool (pictures,): whether it can be used.

    Args:
        read: gives a picture's file by its name; called from several threads.
        names: of the pictures, those that are not there included.
        threads: how many decode at a time.
    """

    def usable(name: str) -> bool:
        try:
            with fetch(read, name) as file:
                for _ in bands(file, 3, name, ANY):
                    pass
        except DataError:
            return False
        return True

    with ThreadPoolExecutor(max(1, threads)) as pool:
        return np.fromiter(pool.map(usable, names), bool, len(names))
