"""Reads: what one model takes from another, and of which of its fits.

The scope keeps scores honest. A network's weights and the space of its embedding exist within one
fit only, so they are read from the fit of the same fold. A prediction carries the labels that its
model has learned: whoever trains on predictions takes them, for each scored fold, from fits that
have seen neither that fold nor the row. Pseudo-labels are of test rows, which no fit has seen: those by
the fit of the same fold have not seen what is scored. Coordinates carry annotations and no labels: plain
out-of-fold ones will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.config.schema import ModelConfig
from pipeline.registry import opening

Part = Literal["prediction", "embedding", "weights", "coordinates", "lesson", "pseudo"]
INPUTS = ("prediction", "embedding")  # are seen of a row, when a model learns and when it predicts
LEARNED = ("prediction", "lesson")  # carry labels that their models have learned
Scope = Literal["same_fold", "out_of_fold", "nested"]


@dataclass(frozen=True)
class Read:
    """One edge between two models.

    Attributes:
        name: of the model that is read.
        part: what of it; "lesson": its predictions, which are learned beside the labels and not seen of a
            new row; "pseudo": those of the test rows, which are labels there.
        scope: "same_fold": from the fit of the reader's own fold, for all rows. "out_of_fold": each
            row from the fit that was not trained on its fold. "nested": as that, from fits that were
            not trained on the reader's scored fold either.
    """

    name: str
    part: Part
    scope: Scope

    @property
    def entry(self) -> str:
        """The name that `inputs` gives it."""
        return f"{self.name}.{self.part}"


def reads_of(section: ModelConfig, names: Iterable[str]) -> list[Read]:
    """Returns what a model reads of others; `uses` and `views` may also name files, which are none."""
    known = set(names)
    opens = {entry: opening(entry) for entry in section.inputs if entry != "auto"}
    reads = [read for entry, one in opens.items() if (read := one.read(entry, section.nested))]
    taught = section.distil.of if section.distil else []
    reads += [Read(name, "lesson", "nested") for name in taught if name in known]
    labelled = section.pseudo.of if section.pseudo else []
    reads += [Read(name, "pseudo", "same_fold") for name in labelled if name in known]
    reads += [Read(name, "weights", "same_fold") for name in section.uses() if name in known]
    return reads + [Read(name, "coordinates", "out_of_fold") for name in section.views() if name in known]
