"""A pretrained encoder that points at words of a text: its network, a fit of it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from pipeline.data.rows import Rows
from pipeline.errors import ModelError
from pipeline.networks.targets import SMALLEST
from pipeline.networks.texts.batches import WindowBatches, window_weights
from pipeline.networks.texts.fitting import TextFit
from pipeline.networks.texts.inference import input_names
from pipeline.networks.texts.network import TextNetwork
from pipeline.networks.texts.pointing import PointingBatches, pointed, taught, with_absent
from pipeline.networks.texts.span_windows import SpanWindows, span_windows_of
from pipeline.tasks.span import Span

POINTED = "pointed"  # which tokens may be pointed at


class PointingNetwork(TextNetwork):
    """A pretrained encoder with a head that points at the first and at the last token of a span.

    Attributes:
        head: Keras model, states and which tokens may be pointed at, to float32 (windows, 1 + tokens, 2); the
            first place says that the window does not hold the answer, by the state of its first token (Devlin
            et al., NAACL 2019, section 4.3).
        full: Keras model, tokens and which may be pointed at to the same; compiled.
    """

    def _build(self, keras: Any, structure: Any) -> None:
        inputs = self.extractor.input
        [states] = self.extractor.outputs
        seen = keras.Input(states.shape[1:], dtype=states.dtype)
        known = keras.Input((None,), dtype="int32", name=POINTED)
        kept = keras.layers.Dropout(structure.dropout, seed=0)(seen)

        def last(name: str) -> Any:
            normal = keras.initializers.TruncatedNormal(stddev=0.02, seed=0)
            return keras.layers.Dense(2, kernel_initializer=normal, dtype="float32", name=name)

        logits, absent = last("last")(kept), last("absent")(kept[:, 0, :])
        self.head = keras.Model([seen, known], with_absent(keras, logits, absent, known))
        said = self.extractor(inputs)
        said = said[0] if isinstance(said, list | tuple) else said
        self.full = keras.Model({**inputs, POINTED: known}, self.head([said, known]))


class PointingFit(TextFit):
    """One fit of an encoder that points; it reads of a row what stands beside the text, and the text."""

    Network: ClassVar[type[TextNetwork]] = PointingNetwork
    task: Span

    def _outputs(self) -> int:
        return 2

    def _usable(self, rows: Rows) -> Rows:
        """Returns the rows whose text holds their answer."""
        return rows.take(np.flatnonzero(self.task.learnable(rows.target)))

    def _windows(self, rows: Rows) -> SpanWindows:
        return span_windows_of(self.tokens.tokenizer, self.read(rows), self.most, self.task.width)

    def _source(self, train: Rows) -> WindowBatches:
        rows = self._usable(train)
        spans = np.asarray(rows.target)[:, 1:].astype(np.int64)
        windows, places, kept = taught(self._windows(rows), spans, self.context.seed)
        if not len(kept):
            raise ModelError(
                f"No answer of {len(train):,} rows lies in a window of its text, {self.tokens.longest:,} "
                f"tokens: raise `max_length`{' or `max_windows`' if self.config.max_windows else ''}."
            )
        weights = window_weights(windows, None if rows.weights is None else rows.weights[kept])
        names = input_names(self.network.full)
        told = (windows, places, weights, names, self.tokens.longest, self.tokens.pad)
        return PointingBatches(*told)

    def _inner(self, inner: Rows | None) -> tuple[SpanWindows, np.ndarray] | None:
        if inner is None or self.config.patience is None:
            return None
        inner = self._usable(inner)
        return self._windows(inner), np.asarray(inner.target)

    def _error(self, windows: Any, target: np.ndarray) -> float:
        return self.task.loss(target, self._pointed(windows, len(target)), SMALLEST)

    def _predict(self, rows: Rows) -> np.ndarray:
        return self._pointed(self._windows(rows), len(rows))

    def _pointed(self, windows: SpanWindows, count: int) -> np.ndarray:
        model, tokens = self.network.full, self.tokens
        return pointed(model, windows, count, self.task, tokens.longest, tokens.pad)
