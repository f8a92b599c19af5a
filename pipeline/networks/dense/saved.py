"""A trained U-Net on disk: one .npz of weights and one JSON of facts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.dense.background import BackgroundTable
from pipeline.networks.dense.structure import UNetStructure
from pipeline.networks.network import Values

WEIGHTS, FACTS = "weights.npz", "unet.json"


@dataclass(frozen=True)
class TrainedUNet:
    """A trained U-Net as numbers.

    Attributes:
        structure: of the network.
        values: its weights.
        notes: what a person may want to know.
        table: what its pictures are seen beside, where it adds to that.
    """

    structure: UNetStructure
    values: Values
    notes: dict[str, Any] = field(default_factory=dict)
    table: BackgroundTable | None = None

    def save(self, folder: Path) -> None:
        arrays = {str(place): value for place, value in enumerate(self.values)}
        np.savez(folder / WEIGHTS, **arrays)  # type: ignore[arg-type]
        if self.table:
            self.table.save(folder)
        facts = {"structure": self.structure.to_json(), "weights": len(self.values), "notes": self.notes}
        (folder / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TrainedUNet:
        """Reads what `save` wrote.

        Raises:
            ModelError: the folder holds no U-Net, or a damaged one.
        """
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
                values = [arrays[str(place)] for place in range(facts["weights"])]
            structure = UNetStructure.from_json(facts["structure"])
            table = BackgroundTable.load(folder) if structure.head.begin == "background" else None
            return cls(structure, values, facts["notes"], table)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"The network in {folder} cannot be read: {error}.") from error
