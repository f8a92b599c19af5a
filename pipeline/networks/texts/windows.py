"""Windows of tokens: a long text is several, and windows of like length are looked at together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

TEXTS_AT_ONCE = 2_000  # given to a tokenizer: its own objects take a hundred times the room of the numbers
STEP = 16  # tokens by which the lengths of batches differ: each length is traced once
TOKENS_PER_BATCH = 4_096
LEAST, MOST = 4, 128  # windows of a batch


class Tokenizer(Protocol):
    """Tokenizer as the library `tokenizers` has it, told how long a window is."""

    def encode_batch(self, input: list[Any]) -> list[Any]:
        """Returns an object with `ids`, `type_ids` and `overflowing`, the further windows, for each text."""


@dataclass(frozen=True)
class Windows:
    """Windows of some texts, one after the other.

    Attributes:
        ids: int32 (tokens,) of all windows.
        segments: int8 (tokens,): 0, and 1 in the second text of a pair.
        starts: int64 (windows + 1,): window i is `ids[starts[i]:starts[i + 1]]`.
        texts: int64 (windows,): the text that each is of, from 0, in rising order.
    """

    ids: np.ndarray
    segments: np.ndarray
    starts: np.ndarray
    texts: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each window, int64 (windows,)."""
        return np.diff(self.starts)

    def padded(self, chosen: np.ndarray, length: int, pad: int) -> dict[str, np.ndarray]:
        """Returns some windows as a backbone of KerasHub wants them, int32 (windows, length) each."""
        shape = (len(chosen), length)
        ids = np.full(shape, pad, np.int32)
        segments, mask = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        for place, window in enumerate(chosen.tolist()):
            start, stop = self.starts[window], self.starts[window + 1]
            ids[place, : stop - start] = self.ids[start:stop]
            segments[place, : stop - start] = self.segments[start:stop]
            mask[place, : stop - start] = 1
        return {"token_ids": ids, "segment_ids": segments, "padding_mask": mask}


def windows_of(tokenizer: Tokenizer, texts: Sequence[Any], most: int) -> Windows:
    """Takes texts apart.

    Args:
        tokenizer: cuts windows itself.
        texts: a text or a pair of texts each.
        most: windows of a text; what comes after them is not seen.
    """
    return joined([(number, *numbers_of(found)) for number, found in pieces(tokenizer, texts, most)])


def pieces(tokenizer: Tokenizer, texts: Sequence[Any], most: int) -> Iterator[tuple[int, Any]]:
    """Yields the number of a text and one of its windows as the tokenizer has it; see `windows_of`."""
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = list(texts[start : start + TEXTS_AT_ONCE])
        for number, found in enumerate(tokenizer.encode_batch(part), start=start):
            for window in [found, *found.overflowing][:most]:
                yield number, window


def numbers_of(window: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the tokens of a tokenizer's window, int32, and their segments, int8."""
    return np.array(window.ids, np.int32), np.array(window.type_ids, np.int8)


def joined(windows: Sequence[tuple[int, np.ndarray, np.ndarray]]) -> Windows:
    """Returns windows that are given one by one: the number of its text, tokens and segments of each."""
    lengths = [len(ids) for _, ids, _ in windows]
    return Windows(
        np.concatenate([np.zeros(0, np.int32), *(ids for _, ids, _ in windows)]),
        np.concatenate([np.zeros(0, np.int8), *(segments for _, _, segments in windows)]),
        np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        np.array([number for number, _, _ in windows], np.int64),
    )


def buckets(lengths: np.ndarray, most: int) -> Iterator[tuple[np.ndarray, int, int]]:
    """Yields batches of windows of like length, the shortest first, so that little is padding.

    Args:
        lengths: of the windows, in tokens.
        most: the longest that a window may be.

    Yields:
        The windows of a batch, the length that they are filled up to (a multiple of STEP, or `most`), and
        how many windows a batch of that length has: the last one of a length has fewer.
    """
    rounded = np.minimum(-(-np.maximum(lengths, 1) // STEP) * STEP, most)
    order = np.argsort(lengths, kind="stable")
    for length in np.unique(rounded).tolist():
        inside = order[rounded[order] == length]
        size = int(np.clip(TOKENS_PER_BATCH // length, LEAST, MOST))
        for start in range(0, len(inside), size):
            yield inside[start : start + size], length, size


def mean_by_text(values: np.ndarray, weights: np.ndarray, texts: np.ndarray, count: int) -> np.ndarray:
    """Returns float32 (texts, width): the weighted mean of what each text's windows say.

    Args:
        values: float32 (windows, width).
        weights: (windows,), above 0.
        texts: the text of each window, from 0.
        count: of the texts, each of which has a window.
    """
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, texts, values * weights[:, None])
    return (total / np.bincount(texts, weights=weights, minlength=count)[:, None]).astype(np.float32)
