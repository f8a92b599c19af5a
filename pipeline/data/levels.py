"""Levels: values that training rows had, found again in other rows; and those of several columns together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

JOINT = "\x1f"  # between the values of several columns; no text holds this control character


def joined_words(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Returns str objects (rows,), equal where all the columns of words are; "" where one is missing."""
    if len(columns) == 1:
        return columns[0]
    joined = [JOINT.join(words) if all(words) else "" for words in zip(*columns, strict=True)]
    return np.array(joined, dtype=object)


def level_numbers(levels: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Returns int64 (rows,): each key's position among the levels, -1 where it is not one of them.

    Args:
        levels: text (levels,), each once, none empty.
        keys: str objects (rows,).
    """
    import pandas as pd

    return pd.Index(levels.astype(object)).get_indexer(pd.Index(keys, dtype=object)).astype(np.int64)


def packed_words(words: Iterable[str]) -> np.ndarray:
    """Returns words as one array of bytes, uint8: 100,000 are written in a moment, and not in seconds."""
    return np.frombuffer(json.dumps(list(words)).encode(), np.uint8)


def unpacked_words(packed: np.ndarray) -> list[str]:
    """Returns what `packed_words` was given."""
    words: list[str] = json.loads(packed.tobytes())
    return words
