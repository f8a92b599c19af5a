"""Predictions: what every model becomes once it is trained, and all that an ensemble sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.dense import finite_rows, read_values
from pipeline.errors import StoreError, listing
from pipeline.tasks.base import Task, load_task


@dataclass(frozen=True)
class Predictions:
    """Out-of-fold and test predictions of one model, in the order of the tables.

    Attributes:
        name: the model's name in the YAML, or that of an outside file.
        task: kind and column names.
        oof: float32 (rows, outputs), or float16 where a row is a picture. A row's prediction comes from
            fold models that did not see it; with repeats it is their mean. NaN where a row was never
            scored (pinned rows).
        test: of the same type (test rows, outputs), mean over the fold models; where time orders the
            folds, of a fit on all rows.
        ids: (rows,) text.
        test_ids: (test rows,) text.
        folds_hash: names the folds; predictions made with other folds are never mixed.
        fold_scores: one score per scored fold, in the order of the folds.
        seconds: time that training took.
        notes: what a person may want to know, as JSON.
        marks: why the out-of-fold score is optimistic, in words; none for an honest one.
    """

    name: str
    task: Task
    oof: np.ndarray
    test: np.ndarray
    ids: np.ndarray
    test_ids: np.ndarray
    folds_hash: str
    fold_scores: tuple[float, ...] = ()
    seconds: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises StoreError where shapes, ids or columns disagree."""
        outputs = self.task.n_outputs
        for side, values, ids in (("oof", self.oof, self.ids), ("test", self.test, self.test_ids)):
            if values.shape != (len(ids), outputs):
                raise StoreError(
                    f"Predictions {self.name!r}: {side} must have the shape ({len(ids)}, {outputs}) "
                    f"of its ids and columns. Received: {values.shape}."
                )
        if not finite_rows(self.test).all():
            raise StoreError(f"Predictions {self.name!r}: test rows without a value.")

    @property
    def scored(self) -> np.ndarray:
        """Bool (rows,): the rows that have an out-of-fold prediction."""
        return finite_rows(self.oof)


def check_alignment(members: list[Predictions]) -> None:
    """Refuses members that do not speak of the same rows, columns and folds.

    Raises:
        StoreError: names the two that disagree and in what.
    """
    if not members:
        raise StoreError("There are no predictions to combine.")
    first = members[0]
    for other in members[1:]:
        pair = f"Predictions {first.name!r} and {other.name!r}"
        if other.folds_hash != first.folds_hash:
            raise StoreError(
                f"{pair} were made with different folds ({first.folds_hash[:8]}, {other.folds_hash[:8]}): "
                "their out-of-fold scores cannot be compared."
            )
        if other.task.outputs != first.task.outputs or other.task.kind != first.task.kind:
            missing = [name for name in first.task.outputs if name not in other.task.outputs]
            raise StoreError(f"{pair} have different columns (missing: {listing(missing)}).")
        if not np.array_equal(other.ids, first.ids) or not np.array_equal(other.test_ids, first.test_ids):
            raise StoreError(f"{pair} have different ids, or the same ids in another order.")


def save_predictions(predictions: Predictions, folder: Path) -> None:
    """Writes the arrays as .npy and the rest as predictions.json."""
    import json

    np.save(folder / "oof.npy", predictions.oof)
    np.save(folder / "test.npy", predictions.test)
    facts = {
        "name": predictions.name,
        **predictions.task.to_json(),
        "ids": predictions.ids.tolist(),
        "test_ids": predictions.test_ids.tolist(),
        "folds_hash": predictions.folds_hash,
        "fold_scores": list(predictions.fold_scores),
        "seconds": predictions.seconds,
        "notes": predictions.notes,
        "marks": list(predictions.marks),
    }
    (folder / "predictions.json").write_text(json.dumps(facts), encoding="utf-8")


def load_predictions(folder: Path) -> Predictions:
    """Reads what `save_predictions` wrote."""
    import json

    facts = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    return Predictions(
        name=facts["name"],
        task=load_task(facts),
        oof=read_values(folder / "oof.npy"),
        test=read_values(folder / "test.npy"),
        ids=np.array(facts["ids"], dtype=str),
        test_ids=np.array(facts["test_ids"], dtype=str),
        folds_hash=facts["folds_hash"],
        fold_scores=tuple(facts["fold_scores"]),
        seconds=facts["seconds"],
        notes=facts["notes"],
        marks=tuple(facts.get("marks", ())),  # predictions of earlier versions have none
    )
