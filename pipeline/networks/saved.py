"""A trained network on disk: one .npz of weights and one JSON of facts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.network import Values
from pipeline.networks.structure import (
    ExtractorStructure,
    HeadStructure,
    OptimizerStructure,
    Structure,
)

WEIGHTS, FACTS = "weights.npz", "network.json"


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network as numbers: structure, weights, scale of the targets, notes.

    Attributes:
        structure: of the network.
        values: its weights; several where snapshots are averaged.
        extractor_weights: how many of the weights are the extractor's, the first ones.
        identity: names the extractor's weights where it never learned, for shared features.
        targets: what the layout of the targets learned.
        notes: what a person may want to know.
    """

    structure: Structure
    values: list[Values]
    extractor_weights: int
    identity: str
    targets: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)


def write_network(trained: TrainedNetwork, folder: Path) -> None:
    """Writes it into the folder. Weights that do not differ between snapshots are written once."""
    arrays: dict[str, np.ndarray] = {}
    for snapshot, values in enumerate(trained.values):
        for place, value in enumerate(values):
            if snapshot == 0 or not np.array_equal(value, trained.values[0][place]):
                arrays[f"{snapshot}/{place}"] = value
    np.savez(folder / WEIGHTS, **arrays)  # type: ignore[arg-type]
    facts = {
        "structure": asdict(trained.structure),
        "snapshots": len(trained.values),
        "weights": len(trained.values[0]),
        "extractor_weights": trained.extractor_weights,
        "identity": trained.identity,
        "targets": trained.targets,
        "notes": trained.notes,
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")


def read_network(folder: Path) -> TrainedNetwork:
    """Reads what `write_network` wrote.

    Raises:
        ModelError: the folder holds no network, or a damaged one.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
            first = [arrays[f"0/{place}"] for place in range(facts["weights"])]
            values = [first] + [
                [arrays[f"{n}/{p}"] if f"{n}/{p}" in arrays else first[p] for p in range(facts["weights"])]
                for n in range(1, facts["snapshots"])
            ]
        structure = _structure(facts["structure"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The network in {folder} cannot be read: {error}.") from error
    return TrainedNetwork(
        structure, values, facts["extractor_weights"], facts["identity"], facts["targets"], facts["notes"]
    )


def _structure(facts: dict[str, Any]) -> Structure:
    extractor, head = dict(facts["extractor"]), dict(facts["head"])
    extractor["shape"], head["dense"] = tuple(extractor["shape"]), tuple(head["dense"])
    return Structure(
        ExtractorStructure(**extractor),
        HeadStructure(**head),
        OptimizerStructure.from_json(facts["optimizer"]),
        facts["top"],
        facts["adapt"],
    )
