"""Keys of how every network takes its training steps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from pipeline.config.schema import AnytimeConfig
from pipeline.config.section import Section
from pipeline.networks.training.step import BACKEND, StepStructure


class AdversarialConfig(Section):
    """Adversarial training: each batch is learned from as it is, and moved to where the loss is larger."""

    size: float = Field(
        gt=0,
        description="how far: each pixel by so many grey levels (of 0 to 255), each number of a table by so "
        "many deviations; of texts, the table of token embeddings by this length in all",
    )
    share: float = Field(default=0.5, gt=0, le=1, description="of the moved batch in the loss")


class WeightsConfig(Section):
    """Adversarial weight perturbation: the slope is taken where each layer's weights are worse."""

    size: float = Field(default=0.005, gt=0, description="how far, as a share of the length of each matrix")
    begin: int = Field(default=2, ge=1, description="the epoch of a phase with which it begins, from 1")


class NetworkConfig(AnytimeConfig):
    """Keys that every network has."""

    sam: float | None = Field(
        default=None,
        gt=0,
        description="sharpness-aware steps (Foret et al., 2021): the slope is taken so far uphill, 0.05 in "
        "the paper; a step costs two",
    )
    sam_adaptive: bool = Field(
        default=False,
        description="`sam` in the measure of each weight's size (Kwon et al., 2021); 0.5 to 2 is usual",
    )
    adversarial: AdversarialConfig | None = Field(
        default=None,
        description="also learn from inputs moved against it, `{size: 2, share: 0.5}`; a step costs two",
    )
    awp: WeightsConfig | None = Field(
        default=None,
        description="adversarial weight perturbation (Wu et al., 2020), `{size: 0.005, begin: 2}`; a step "
        "costs two",
    )

    def step(self) -> StepStructure:
        """Returns how steps are taken."""
        return StepStructure(
            self.sam,
            self.sam_adaptive,
            self.awp.size if self.awp else None,
            self.awp.begin if self.awp else 1,
            self.adversarial.size if self.adversarial else None,
            self.adversarial.share if self.adversarial else 0.0,
        )

    def problems(self, where: str) -> list[str]:
        """Returns what is wrong with the values together, each naming its key under `where`."""
        return [f"`{where}.{key}`: {text}" for key, text in self.step_problems()]

    def step_problems(self) -> Iterator[tuple[str, str]]:
        """Yields what is wrong with these keys together, as a key and a sentence about it."""
        if self.sam and self.awp:
            yield "awp", "and `sam` both move the weights before the slope is taken: choose one."
        if self.sam_adaptive and not self.sam:
            yield "sam_adaptive", "is a way of `sam`, which is not set."
        chosen = os.environ.get("KERAS_BACKEND", BACKEND)
        given: dict[str, Any] = {"sam": self.sam, "adversarial": self.adversarial, "awp": self.awp}
        for key in (key for key, value in given.items() if value and chosen != BACKEND):
            yield key, f"is there with KERAS_BACKEND={BACKEND} only. Received: KERAS_BACKEND={chosen}."
