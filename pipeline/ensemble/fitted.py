"""An ensemble that was fitted once, and is applied to whatever rows its members predict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.ensemble.method import Method
from pipeline.ensemble.postprocessing import Postprocessor
from pipeline.ensemble.postprocessing_choice import read_postprocessor
from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded
from pipeline.errors import ModelError, listing
from pipeline.metrics import Metric
from pipeline.registry import METHODS


@dataclass(frozen=True)
class HandedIn:
    """Answers of an ensemble for some rows.

    Attributes:
        values: float32 (rows, outputs).
        labels: int64 (rows,) class numbers or 0/1 (rows, labels) where decisions chose them; None:
            the likeliest class, or above one half.
    """

    values: np.ndarray
    labels: np.ndarray | None


@dataclass(frozen=True)
class FittedEnsemble:
    """Weights (or a stacked model) and post-processing: submission and new rows get the same.

    Attributes:
        names: the members, in the order in which the method knows them.
        kind: the method's registered name.
        method: fitted on all scored rows.
        postprocessor: fitted on all scored rows.
    """

    names: tuple[str, ...]
    kind: str
    method: Method
    postprocessor: Postprocessor

    @property
    def needs(self) -> tuple[str, ...]:
        """The members without whom nothing can be said; the others have no weight.

        Never empty: where every member was found worthless (a geometric blend of no powers answers
        that all outputs are alike), the first still says how many rows there are.
        """
        return tuple(self.names[number] for number in self.method.uses(len(self.names))) or self.names[:1]

    @single_threaded
    def apply(self, members: Mapping[str, np.ndarray]) -> HandedIn:
        """Returns the ensemble's answer for rows that were never used to fit it, or were: it learns nothing.

        Args:
            members: by name, float32 (rows, outputs) of the same rows; at least those in `needs`.

        Raises:
            ModelError: members are missing.
        """
        missing = [name for name in self.needs if name not in members]
        if missing:
            raise ModelError(f"The ensemble needs predictions of {listing(missing)}.")
        some = members[self.needs[0]]
        idle = np.zeros(some.shape, some.dtype)  # keeps the place of a member without weight, and takes none
        stack = Stack.of([members.get(name, idle) for name in self.names])
        blended = self.method.combine_stack(stack).astype(stack.values_type, copy=False)
        return HandedIn(self.postprocessor.values(blended), self.postprocessor.labels(blended))

    def save(self, folder: Path) -> None:
        """Writes a new folder, in formats that run no code when read."""
        (folder / "method").mkdir(parents=True)
        facts = {
            "names": self.names,
            "kind": self.kind,
            "n_outputs": self.method.n_outputs,
            "seed": self.method.seed,
            "postprocessor": self.postprocessor.to_json(),
        }
        if self.method.config is not None:
            facts["parameters"] = self.method.config.model_dump()
        (folder / "fitted.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        self.method.save(folder / "method")

    @classmethod
    def load(cls, folder: Path, metric: Metric) -> FittedEnsemble:
        """Reads what `save` wrote.

        Args:
            metric: what it was fitted for.
        """
        facts = json.loads((folder / "fitted.json").read_text(encoding="utf-8"))
        kind, said = METHODS.get(facts["kind"]), facts.get("parameters")
        config = None if said is None else kind.Config.model_validate(said)
        method = kind(metric, facts["n_outputs"], facts["seed"], config)
        method.load(folder / "method")
        return cls(tuple(facts["names"]), facts["kind"], method, read_postprocessor(facts["postprocessor"]))
