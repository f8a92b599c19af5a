"""Networks that point at the first and at the last token of a span: what they learn by, and answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.context import ignore
from pipeline.data.dense import room
from pipeline.networks.texts.batches import WindowBatches
from pipeline.networks.texts.inference import input_names
from pipeline.networks.texts.span_windows import ABSENT, NOWHERE, SpanWindows
from pipeline.networks.texts.windows import buckets
from pipeline.networks.training.batches import Batch
from pipeline.tasks.span import Span

Report = Callable[[float, str], None]

FAR = 1e9  # below whatever is said of a token that may be pointed at
EMPTY = 2  # windows without its answer that a text teaches by, at most


@dataclass(frozen=True)
class PointingBatches(WindowBatches):
    """Makes batches of windows with a one at the first and at the last token of each answer.

    Attributes:
        targets: int64 (windows, 2), the places of both; see `SpanWindows.places`.
    """

    windows: SpanWindows

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        inputs = self.inputs(rows)
        length = next(iter(inputs.values())).shape[1]
        marks = np.zeros((len(rows), 1 + length, 2), np.float32)
        for side in (0, 1):
            marks[np.arange(len(rows)), self.targets[rows, side], side] = 1.0
        weights = None if self.weights is None else self.weights[rows]
        return inputs, marks, weights  # type: ignore[return-value]


def taught(windows: SpanWindows, spans: np.ndarray, seed: int) -> tuple[SpanWindows, np.ndarray, np.ndarray]:
    """Returns the windows that texts teach by: all that hold their answer whole, and few of the others.

    A text of whose windows none holds it teaches nothing.

    Args:
        windows: of the texts.
        spans: int64 (texts, 2), first and last word of each answer.
        seed: of the windows without the answer that are chosen.

    Returns:
        The windows, their texts numbered anew; int64 (windows, 2) places in them; int64 (texts left,)
        positions of the texts.
    """
    places = windows.places(spans)
    holding = places[:, 0] != ABSENT
    able = np.unique(windows.texts[holding])
    others = np.flatnonzero(~holding & np.isin(windows.texts, able))
    others = others[np.lexsort((np.random.default_rng(seed).random(len(others)), windows.texts[others]))]
    owners = windows.texts[others]
    few = others[np.arange(len(others)) - np.searchsorted(owners, owners) < EMPTY]
    chosen = np.sort(np.concatenate([np.flatnonzero(holding), few]))
    return windows.some(chosen, np.searchsorted(able, windows.texts[chosen])), places[chosen], able


def with_absent(keras: Any, logits: Any, absent: Any, pointed: Any) -> Any:
    """Returns float32 (windows, 1 + tokens, 2): logits of the place ABSENT and of each token.

    Args:
        keras: the module.
        logits: (windows, tokens, 2).
        absent: (windows, 2).
        pointed: (windows, tokens), 0 where a token may not be pointed at.
    """
    ops = keras.ops
    far = (1.0 - ops.cast(pointed, "float32"))[:, :, None] * FAR
    return ops.concatenate(
        [ops.cast(absent, "float32")[:, None, :], ops.cast(logits, "float32") - far], axis=1
    )


def pointed(
    model: Any,
    windows: SpanWindows,
    count: int,
    task: Span,
    longest: int,
    pad: int,
    report: Report = ignore,
) -> np.ndarray:
    """Returns float16 (texts, outputs): how likely each word is the first, and the last.

    Args:
        model: Keras model, windows to logits as `with_absent` makes them.
        windows: of the texts.
        count: of the texts.
        task: what is asked for.
        longest: tokens of a window.
        pad: the token that fills up.
        report: told of the share that is done.
    """
    odds, names, done = np.zeros((len(windows.ids), 2)), input_names(model), 0
    for chosen, length, size in buckets(windows.lengths, longest):
        filled = np.concatenate([chosen, np.repeat(chosen[-1:], size - len(chosen))])
        seen = windows.padded(filled, length, pad)
        said = np.asarray(model.predict_on_batch({name: seen[name] for name in names}))
        for window, logits in zip(chosen.tolist(), said.astype(np.float64), strict=False):
            start, stop = windows.starts[window], windows.starts[window + 1]
            odds[start:stop] = logits[1 : 1 + stop - start] - logits[ABSENT]
        done += len(chosen)
        report(done / len(windows), f"{done:,} of {len(windows):,} windows")
    values, bounds = room((count, task.n_outputs), 0.0), np.searchsorted(windows.texts, np.arange(count + 1))
    for text in range(count):
        shares = _shares(windows, odds, range(bounds[text], bounds[text + 1]), task.width)
        values[text] = shares.ravel()
    return values


def _shares(windows: SpanWindows, odds: np.ndarray, own: range, width: int) -> np.ndarray:
    """Returns float64 (2, words): how likely each word of a text is the first, and the last.

    A pair of tokens of one window is as likely as the product of their odds against the answer's absence from
    it (as paragraphs are weighed against each other by Clark and Gardner, ACL 2018, section 3.2); a word has
    the sum over the pairs of all windows that it begins, or that it ends. Which pairs are valid is decided
    with the task: were the others left out here, a network that knows little would prefer long spans.

    Args:
        windows: of all texts.
        odds: float64 (tokens, 2), logarithms.
        own: positions of the text's windows.
        width: words that can be answered.
    """
    parts = [np.arange(windows.starts[one], windows.starts[one + 1]) for one in own]
    parts = [part[windows.first[part] != NOWHERE] for part in parts]
    parts = [part for part in parts if len(part)]
    shares = np.zeros((2, width))
    if not parts:
        shares[:, 0] = 1.0  # a text without a word
        return shares
    highest = [odds[part].max(axis=0) for part in parts]
    best = max(high.sum() for high in highest)
    for part, high in zip(parts, highest, strict=True):
        begin, end = np.exp(odds[part] - high).T * np.exp((high.sum() - best) / 2)
        np.add.at(shares[0], windows.first[part], begin * end.sum())
        np.add.at(shares[1], windows.last[part], end * begin.sum())
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(float).tiny)
