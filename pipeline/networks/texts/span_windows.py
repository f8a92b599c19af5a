"""Windows of a text that a span lies in: which words each token has letters of, and which hold an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.networks.texts.windows import Tokenizer, Windows, joined, numbers_of, pieces
from pipeline.tasks.words import word_places

NOWHERE = -1
ABSENT = 0  # the place that is pointed at where a window does not hold the answer; its tokens come behind


@dataclass(frozen=True)
class SpanWindows(Windows):
    """Windows whose tokens know the words of the text that they have letters of.

    Attributes:
        first: int32 (tokens,), the first such word; NOWHERE in what stands beside the text, and where a token
            has no letter of a word that can be answered.
        last: int32 (tokens,), the last one.
    """

    first: np.ndarray
    last: np.ndarray

    def padded(self, chosen: np.ndarray, length: int, pad: int) -> dict[str, np.ndarray]:
        """Returns some windows as a backbone wants them, and `pointed`: which tokens may be pointed at."""
        found = super().padded(chosen, length, pad)
        pointed = np.zeros((len(chosen), length), np.int32)
        for place, window in enumerate(chosen.tolist()):
            own = self.first[self.starts[window] : self.starts[window + 1]]
            pointed[place, : len(own)] = own != NOWHERE
        return {**found, "pointed": pointed}

    def some(self, chosen: np.ndarray, texts: np.ndarray) -> SpanWindows:
        """Returns some of the windows, by their positions, and the numbers that their texts have then."""
        lengths = self.lengths[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        at = np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], lengths)
        return SpanWindows(self.ids[at], self.segments[at], starts, texts, self.first[at], self.last[at])

    def places(self, spans: np.ndarray) -> np.ndarray:
        """Returns int64 (windows, 2): the places of the first and the last token of each text's answer.

        A place is a token's position in its window and one, or ABSENT, twice, where the window does not hold
        the whole answer. A word that has no token, as one that the tokenizer drops, is told by its neighbour
        within the answer.

        Args:
            spans: int64 (texts, 2), first and last word of each answer.
        """
        found = np.full((len(self), 2), ABSENT, np.int64)
        for window, (begin, end) in enumerate(spans[self.texts].tolist()):
            part = slice(self.starts[window], self.starts[window + 1])
            own = np.flatnonzero(self.first[part] != NOWHERE)
            first, last = self.first[part][own], self.last[part][own]
            start, stop = np.searchsorted(last, begin), np.searchsorted(first, end, side="right") - 1
            opened = window == 0 or self.texts[window - 1] != self.texts[window]
            closed = window + 1 == len(self) or self.texts[window + 1] != self.texts[window]
            if begin < 0 or start > stop:
                continue
            if (opened or start > 0 or first[0] <= begin) and (
                closed or stop + 1 < len(own) or last[-1] >= end
            ):
                found[window] = own[start] + 1, own[stop] + 1
        return found


def span_windows_of(tokenizer: Tokenizer, texts: Sequence[Any], most: int, width: int) -> SpanWindows:
    """Takes texts apart.

    Where a token lies in its text is what the tokenizer says: it counts letters of the text as it was given,
    before it changed its case or took accents off.

    Args:
        tokenizer: cuts windows itself; of a pair those of the second text, each behind the first.
        texts: a text each, or a pair: what stands beside the text, and the text.
        most: windows of a text; what comes after them is not seen.
        width: words of a text, from its beginning, that can be answered.
    """
    parts, found, before = [], [], -1
    for number, window in pieces(tokenizer, texts, most):
        text = texts[number]
        pair = isinstance(text, tuple)
        if number != before:
            words, before = word_places(text[1] if pair else text)[:width], number
        own = np.array([sequence == int(pair) for sequence in window.sequence_ids], bool)
        parts.append((number, *numbers_of(window)))
        found.append(_words_of(np.array(window.offsets, np.int64).reshape(-1, 2), own, words))
    windows, both = joined(parts), np.concatenate([np.zeros((0, 2), np.int32), *found])
    told = (windows.ids, windows.segments, windows.starts, windows.texts)
    return SpanWindows(*told, both[:, 0], both[:, 1])


def _words_of(offsets: np.ndarray, own: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Returns int32 (tokens, 2): the first and the last word that each token has a letter of, or NOWHERE.

    Args:
        offsets: where each token begins and ends, in letters, int64 (tokens, 2).
        own: which tokens are of the text, bool (tokens,).
        words: where each word begins and ends, likewise (words, 2).
    """
    first = np.searchsorted(words[:, 1], offsets[:, 0], side="right")
    last = np.searchsorted(words[:, 0], offsets[:, 1], side="left") - 1
    there = own & (offsets[:, 0] < offsets[:, 1]) & (first <= last)
    return np.where(there[:, None], np.stack([first, last], axis=1), NOWHERE).astype(np.int32)
