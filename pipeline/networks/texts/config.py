"""The section of the YAML for a pretrained encoder of texts: every key, its default, what goes together."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline.inputs.text import ALONE
from pipeline.networks.brought import weights_at
from pipeline.networks.config import NET_INSTEAD
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts.augment import TextNetworkConfig
from pipeline.tasks.base import Task, general_kinds
from pipeline.tasks.span import Span

FINE = (  # keys that a frozen encoder has no use for
    *("epochs", "batch_size", "learning_rate", "layer_decay", "warmup", "weight_decay", "clip", "patience"),
    *("dropout", "dropout_samples", "reinit", "accumulate", "mixed_precision", "loss"),
    *("sam", "sam_adaptive", "adversarial", "awp", "augment", "tta"),
)
LEARNED_POOLING = ("attention", "layers")
WINDOWS = 4  # of a text that is answered as a whole, unless `max_windows` says otherwise
OF_TEXTS = ("pair", "pooling", "dropout_samples", "loss", "augment", "tta")  # keys that spans have no use for
FROZEN = (
    "a linear model on what an encoder says that learns nothing is of whole texts, and points at no word; "
    "set `finetune: all`, or a number of layers"
)


class TransformerConfig(TextNetworkConfig):
    """A pretrained encoder of texts, frozen or fine-tuned."""

    weights: str | None = Field(
        default=None,
        description="folder of the pretrained encoder, in Hugging Face's form: config.json, tokenizer.json, "
        "*.safetensors",
    )
    columns: list[str] | None = Field(
        default=None, min_length=1, description="text columns that it reads; default: all that are text"
    )
    pair: bool = Field(
        default=False, description="whether its two columns are read as one, as a question and its answer"
    )
    pooling: Literal["mean", "cls", "attention", "layers"] = Field(
        default="mean",
        description="of the tokens: their mean, or the first one; fine-tuned also their mean by learned "
        "`attention`, or the mean of the last four `layers` in learned parts",
    )
    max_length: int = Field(default=128, ge=8, description="tokens of a window")
    stride: int = Field(default=16, ge=0, description="tokens that two windows of a long text share")
    max_windows: int | None = Field(
        default=None,
        ge=1,
        description=f"windows of a text, from its beginning; default: {WINDOWS}, of spans all",
    )

    # fine-tuning
    finetune: Literal["none", "all"] | int = Field(
        default="none",
        description="layers that learn: none (features computed once, a linear model on them), all, or the "
        "top N",
    )
    epochs: int = Field(default=3, ge=1, description="fine-tuned: how often it sees the texts, at most")
    batch_size: int = Field(default=16, ge=1, description="fine-tuned: windows of a step, of like length")
    accumulate: int = Field(
        default=1, ge=1, description="fine-tuned: steps whose gradients make one change of the weights"
    )
    learning_rate: float = Field(
        default=1e-4, gt=0, description="fine-tuned: of AdamW at its highest; it falls by a cosine to 0"
    )
    layer_decay: float = Field(
        default=1.0, gt=0, le=1, description="fine-tuned: factor of the rate per layer downwards"
    )
    warmup: float = Field(
        default=0.1, ge=0, lt=1, description="fine-tuned: share of the steps with a rising rate"
    )
    weight_decay: float = Field(
        default=0.01, ge=0, description="fine-tuned: decoupled; not on biases and norms"
    )
    clip: float | None = Field(default=1.0, gt=0, description="fine-tuned: largest norm of the gradient")
    patience: int | None = Field(
        default=None,
        ge=1,
        description="fine-tuned: stop after so many epochs without a better inner score, and keep the best; "
        "null: no inner split",
    )
    dropout: float = Field(default=0.1, ge=0, lt=1, description="fine-tuned: dropout before the last layer")
    dropout_samples: int = Field(
        default=1, ge=1, description="fine-tuned: draws of that dropout for each text, their losses averaged"
    )
    reinit: int = Field(
        default=0, ge=0, description="fine-tuned: top layers that begin at random, not pretrained"
    )
    mixed_precision: bool = Field(
        default=False, description="fine-tuned: compute in float16 (fast on GPUs only)"
    )
    loss: Literal["mse", "mae", "huber"] = Field(default="mse", description="fine-tuned: loss of values")

    instead: ClassVar[Mapping[str, str]] = NET_INSTEAD
    reasons: ClassVar[Mapping[str, str]] = {"finetune": FROZEN}

    @property
    def weights_kind(self) -> Literal["folder", "none"]:
        """The kind of thing that `weights` names; it is read again when rows are predicted."""
        return "none" if self.weights is None else "folder"

    @property
    def fine_tuned(self) -> bool:
        """Whether layers of the encoder learn."""
        return self.finetune != "none"

    def most_windows(self, task: Task) -> int:
        """Returns how many windows of a text are looked at, at most."""
        return self.max_windows or (sys.maxsize if isinstance(task, Span) else WINDOWS)

    def needs_task(self) -> dict[str, tuple[str, ...]]:
        """Returns key -> the kinds of task that can be done with what it says."""
        fields = type(self).model_fields
        asked = [key for key in OF_TEXTS if getattr(self, key) != fields[key].default]
        return dict.fromkeys(asked if self.fine_tuned else [*asked, "finetune"], general_kinds())

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes: of a frozen encoder only how it is read."""
        if not self.fine_tuned:
            return {"pooling": {"choice": ["mean", "cls"]}, "max_length": {"choice": [64, 128, 256]}}
        return {
            "learning_rate": {"float": [1e-5, 3e-4], "log": True},
            "layer_decay": {"choice": [0.8, 0.9, 1.0]},
            "epochs": {"int": [1, 5]},
            "pooling": {"choice": ["mean", "cls", "attention", "layers"]},
            "reinit": {"int": [0, 2]},
            "dropout_samples": {"choice": [1, 5]},
        }

    def problems(self, where: str) -> list[str]:
        """Returns what is wrong, and what is missing, before any work starts."""
        if not self.enabled or (self.weights is not None and weights_at(self.weights) is None):
            return []
        if not encoders.installed():
            return [f"`{where}.kind: transformer` {encoders.HOW_TO_INSTALL}"]
        return [f"`{where}.{key}`{text}" for key, text in [*self._read(), *self._learned()]]

    def _read(self) -> Iterator[tuple[str, str]]:
        if self.weights is None:
            yield "weights", " must be the folder of a pretrained encoder."
        elif problem := encoders.misfit(weights_at(self.weights) or Path(self.weights)):
            yield "weights", f": {problem}."
        if self.pair and self.columns is not None and len(self.columns) != 2:
            yield "pair", f" needs two `columns`. Received: {self.columns}."
        if self.stride * 2 > self.max_length:
            yield (
                "stride",
                f" must be at most half of `max_length`, {self.max_length}. Received: {self.stride}.",
            )
        if set(self.inputs) - {"auto", *ALONE}:
            yield "inputs", f": it reads texts alone. Received: {self.inputs}."

    def _learned(self) -> Iterator[tuple[str, str]]:
        """Yields what does not go with a frozen encoder, or with one of which so many layers learn."""
        if self.fine_tuned:
            if isinstance(self.finetune, int) and self.finetune < 1:
                yield (
                    "finetune",
                    f" must be `none`, `all` or a number of layers above 0. Received: {self.finetune}.",
                )
            elif isinstance(self.finetune, int) and self.reinit > self.finetune:
                yield "reinit", f" must be at most `finetune`, {self.finetune}. Received: {self.reinit}."
            if self.adversarial and self.finetune != "all":
                yield (
                    "adversarial",
                    f" needs `finetune: all`. Received: {self.finetune}.",
                )
            yield from ((key, f" {text}") for key, text in self.step_problems())
            yield from self.augment_problems()
            return
        if self.pooling in LEARNED_POOLING:
            yield "pooling", f": a frozen encoder has mean or cls. Received: {self.pooling}."
        fields = type(self).model_fields
        for key in FINE:
            if getattr(self, key) != fields[key].default:
                yield (
                    key,
                    f" is for an encoder that learns: `finetune: all`, or a number of layers. "
                    f"Received: {getattr(self, key)}.",
                )
