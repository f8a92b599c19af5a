"""Blend: the fitted ensemble that rows are answered by, and the models that its members are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.ensemble.fitted import FittedEnsemble, HandedIn
from pipeline.metrics import Metric
from pipeline.run.run import Run
from pipeline.stages.members import averaged, own_members
from pipeline.stages.submission import ensemble_product, own_ensemble
from pipeline.validation.cross_validation import mean_of


@dataclass(frozen=True)
class Blend:
    """A fitted ensemble, as it lies in its product.

    Attributes:
        folder: of the product.
        fitted: weights, finish and decisions.
        averages: a member -> the models whose mean it is; a member that is not in it is a model of that
            name, or a file from outside.
    """

    folder: Path
    fitted: FittedEnsemble
    averages: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, folder: Path, metric: Metric) -> Blend:
        """Reads an ensemble's product."""
        facts = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
        averages = {name: tuple(parts) for name, parts in facts.get("averages", {}).items()}
        return cls(folder, FittedEnsemble.load(folder / "fitted", metric), averages)

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models, and of the files from outside, without which nothing can be said."""
        return tuple(part for name in self.fitted.needs for part in self.averages.get(name, (name,)))

    def answer(self, said: Mapping[str, np.ndarray]) -> HandedIn:
        """Returns the ensemble's answer.

        Args:
            said: float32 (rows, outputs) by the names in `models`.
        """
        members = {}
        for name in self.fitted.needs:
            parts = self.averages.get(name)
            members[name] = said[name] if parts is None else mean_of([said[part] for part in parts])
        return self.fitted.apply(members)


def blend_of(run: Run) -> Blend:
    """Returns the blend of the submission that lies there where this configuration's models made it.

    Else it is the blend of the run's own members, fitted where that is not done yet, and the person is
    told.
    """
    found = submitted_blend(run)
    if found is not None:
        return found
    path = run.plan.store.root / "submission.csv"
    if path.exists():
        run.progress.warning(
            f"{path} was made with another configuration or other members: rows are predicted by this "
            "configuration's own ensemble."
        )
    return Blend.load(run.made(own_ensemble(run)), run.metric())


def submitted_blend(run: Run) -> Blend | None:
    """Returns the blend of the submission that lies there, None where other models made it.

    The members of a budget's submission are what they were: the mean of a model's seeds, not each of them.
    """
    root = run.plan.store.root
    if not (root / "submission.json").exists():
        return None
    facts = json.loads((root / "submission.json").read_text(encoding="utf-8"))["ensemble"]
    group_of = {part: name for name, parts in facts.get("averages", {}).items() for part in parts}
    members = averaged(own_members(run), group_of)
    product = ensemble_product(run, members) if group_of else own_ensemble(run)
    if str(product.path.relative_to(root)) != facts["folder"]:
        return None
    return Blend.load(run.made(product), run.metric())
