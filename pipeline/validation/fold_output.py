"""Output of one fold's model: scored rows, rows that no fold scores, and test rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.dense import read_values


@dataclass(frozen=True)
class FoldOutput:
    """Outputs of one fold's models: predictions, or the embedding that they learned.

    They are float32, or float16 where they are pictures.

    Attributes:
        valid: float32 (fold's scored rows, columns).
        pinned: float32 (rows that no fold scores, columns). The model may have seen these rows.
        test: float32 (test rows, columns).
        seconds: that fit and prediction took; of folds side by side each has its part.
        notes: of the model, as JSON.
    """

    valid: np.ndarray
    pinned: np.ndarray
    test: np.ndarray
    seconds: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        for side in ("valid", "pinned", "test"):
            np.save(folder / f"{side}.npy", getattr(self, side))
        facts = {"seconds": self.seconds, "notes": self.notes}
        (folder / "fold.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FoldOutput:
        valid, pinned, test = (read_values(folder / f"{side}.npy") for side in ("valid", "pinned", "test"))
        return cls(valid, pinned, test, **json.loads((folder / "fold.json").read_text(encoding="utf-8")))
