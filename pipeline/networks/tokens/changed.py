"""Batches of changed texts: read anew each time, by the vocabularies of the fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.networks.texts.augment import TextAugmenter
from pipeline.networks.tokens.sequences import TokenBatches
from pipeline.networks.tokens.vocabulary import Vocabulary
from pipeline.networks.training.batches import Batch


@dataclass(frozen=True)
class ChangedBatches(TokenBatches):
    """Makes batches of texts that an augmenter changes.

    Attributes:
        vocabularies: by the reader.
        texts: of the training rows, a list for each column.
        ids: of the training rows.
        augmenter: changes them.
    """

    vocabularies: Mapping[str, Vocabulary]
    texts: Sequence[Sequence[str]]
    ids: Sequence[str]
    augmenter: TextAugmenter

    def __call__(self, rows: np.ndarray, seeds: np.ndarray) -> Batch:
        some = [[column[row] for row in rows.tolist()] for column in self.texts]
        changed = self.augmenter.changed(some, [self.ids[row] for row in rows.tolist()], seeds.tolist())
        every = np.arange(len(rows))
        inputs = {name: one.read(changed).padded(every) for name, one in self.vocabularies.items()}
        weights = None if self.weights is None else self.weights[rows]
        return inputs, self.targets[rows], weights  # type: ignore[return-value]
