"""Values that training rows had, found again in other rows."""

from __future__ import annotations

import numpy as np


def level_numbers(levels: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Returns int64 (rows,): each key's position among the levels, -1 where it is not one of them.

    Args:
        levels: text (levels,), each once, none empty.
        keys: str objects (rows,).
    """
    import pandas as pd

    return pd.Index(levels.astype(object)).get_indexer(pd.Index(keys, dtype=object)).astype(np.int64)
