"""A fine-tuned encoder as numbers, and on disk: the weights that learned, and JSON of facts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.network import Values

WEIGHTS, FACTS = "weights.npz", "tuned.json"


@dataclass(frozen=True)
class TunedText:
    """Result of a fit.

    Attributes:
        values: of the weights that learned, in the network's order; the others are the pretrained ones.
        target: what the coder of the target learned.
        notes: what a person may want to know.
    """

    values: Values
    target: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        np.savez(folder / WEIGHTS, *self.values)
        facts = {"target": self.target, "notes": self.notes}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TunedText:
        """Reads what `save` wrote.

        Raises:
            ModelError: the folder holds no fine-tuned encoder, or a damaged one.
        """
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
                values = [arrays[name] for name in arrays.files]
            return cls(values, facts["target"], facts["notes"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"The encoder in {folder} cannot be read: {error}.") from error
