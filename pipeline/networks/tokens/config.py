"""The section of the YAML for a network of texts from scratch: every key, its default, what goes together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline.errors import ConfigError, ModelError
from pipeline.inputs.text import ALONE
from pipeline.networks.brought import weights_at
from pipeline.networks.config import NET_INSTEAD
from pipeline.networks.notation import Token
from pipeline.networks.texts.augment import TextNetworkConfig
from pipeline.networks.tokens.notation import FORMS, is_pointing, parse
from pipeline.networks.tokens.vectors import width_of
from pipeline.networks.tokens.vocabulary import Reader, Reading
from pipeline.tasks.base import Task, general_kinds
from pipeline.tasks.span import Span

USUAL: dict[Reader, str] = {"word": "E64 GA", "subword": "E64 GA"}
POINTING: dict[Reader, str] = {"word": "E64 D0.2 C64k5 G32"}
LONGEST = 8  # run of characters


class TextNetConfig(TextNetworkConfig):
    """A network of texts from scratch."""

    columns: list[str] | None = Field(
        default=None, min_length=1, description="text columns that it reads; default: all that are text"
    )
    layers: dict[Reader, str] = Field(
        default=USUAL,
        min_length=1,
        description="layers by what is read: `word` (and punctuation marks), `char`, `subword` (runs of "
        "characters within words); what they say is joined. Of spans `word` alone, without GM, GA or AT: "
        f"its default there is `{POINTING['word']}`. Layers: "
        f"{', '.join(f'`{form}`' for form in FORMS)}",
    )
    max_length: int = Field(
        default=256,
        ge=1,
        description="words that are read of each column's text, from its beginning; of spans words of a "
        "window, by which the whole text is read",
    )
    lowercase: bool = Field(default=True, description="whether case is lost")
    vocabulary: int = Field(
        default=30_000, ge=1, description="most words, characters or runs with a vector, the most frequent"
    )
    min_count: int = Field(
        default=2, ge=1, description="times that one must occur in the training texts; rarer ones share one"
    )
    subwords: list[int] = Field(
        default=[2, 5], description=f"shortest and longest run of `subword`, from 1 to {LONGEST}"
    )
    vectors: str | None = Field(
        default=None,
        description="file of pretrained vectors of words that `word` begins with, as GloVe or fastText write "
        "it: a word and its numbers a line",
    )
    dropout: float = Field(default=0.2, ge=0, lt=1, description="dropout before the last layer")
    epochs: int = Field(default=10, ge=1, description="how often it sees the texts, at most")
    batch_size: int = Field(default=64, ge=1, description="texts of a step, of like length")
    learning_rate: float = Field(
        default=0.004, gt=0, description="of AdamW at its highest; it falls by a cosine to 0"
    )
    warmup: float = Field(default=0.05, ge=0, lt=1, description="share of the steps with a rising rate")
    weight_decay: float = Field(default=0.01, ge=0, description="decoupled; not on biases and norms")
    clip: float | None = Field(default=1.0, gt=0, description="largest norm of the gradient")
    averaging: Literal["none", "ema", "swa"] = Field(default="none", description="of the weights")
    patience: int | None = Field(
        default=None,
        ge=1,
        description="stop after so many epochs without a better inner score, and keep the best; null: no "
        "inner split",
    )
    loss: Literal["mse", "mae", "huber"] = Field(default="mse", description="loss of values")

    instead: ClassVar[Mapping[str, str]] = NET_INSTEAD

    @property
    def weights(self) -> str | None:
        """The file of weights that it begins with, by the name that other networks have it by."""
        return self.vectors

    @property
    def weights_kind(self) -> Literal["file", "none"]:
        """The kind of thing that `weights` names; what is read of it is saved with each fit."""
        return "none" if self.vectors is None else "file"

    @property
    def vectors_file(self) -> Path:
        """The file of pretrained vectors, where it lies now."""
        return weights_at(self.vectors or "") or Path(self.vectors or "")

    def layers_for(self, task: Task) -> dict[Reader, str]:
        """Returns the layers by what is read: their default depends on the task."""
        return POINTING if isinstance(task, Span) and self.layers == USUAL else self.layers

    def readings(self, task: Task) -> list[Reading]:
        """Returns what is read, in the order of the layers."""
        span = (self.subwords[0], self.subwords[1])
        longest = task.width if isinstance(task, Span) else self.max_length
        return [Reading(name, self.lowercase, longest, span) for name in self.layers_for(task)]

    def needs_task(self) -> dict[str, tuple[str, ...]]:
        """Returns key -> the kinds of task that can be done with what it says."""
        found = {"augment": general_kinds()} if self.augment else {}
        if self.layers == USUAL:
            return found
        points = any(map(is_pointing, self.layers.values()))
        return {**found, "layers": (Span.kind,) if points else general_kinds()}

    def space(self) -> dict[str, dict[str, Any]]:
        """Returns what a search changes."""
        return {
            "learning_rate": {"float": [3e-4, 1e-2], "log": True},
            "epochs": {"int": [4, 20]},
            "dropout": {"float": [0.0, 0.6]},
            "weight_decay": {"float": [1e-4, 1e-1], "log": True},
            "min_count": {"int": [1, 4]},
            "lowercase": {"choice": [True, False]},
        }

    def problems(self, where: str) -> list[str]:
        """Returns what is wrong, each naming its key under `where`, before any work starts."""
        return [f"`{where}.{key}`{text}" for key, text in self._problems()] if self.enabled else []

    def _problems(self) -> Iterator[tuple[str, str]]:
        parsed: dict[Reader, list[Token]] = {}
        for name, text in self.layers.items():
            try:
                parsed[name] = parse(text, is_pointing(text))
            except ConfigError as error:
                yield f"layers.{name}", f": {str(error).partition(': ')[2]}"
        if any(map(is_pointing, self.layers.values())) and list(self.layers) != ["word"]:
            yield (
                "layers",
                ": without GM, GA or AT a word is pointed at, of a span: by `word` alone. Received: "
                f"{self.layers}.",
            )
        span = self.subwords
        if len(span) != 2 or not 1 <= span[0] <= span[1] <= LONGEST:
            yield (
                "subwords",
                f" must be two numbers, from 1 to {LONGEST}, the shortest first. Received: {span}.",
            )
        yield from ((key, f": {text}") for key, text in self.step_problems())
        yield from self.augment_problems()
        if set(self.inputs) - {"auto", *ALONE}:
            yield "inputs", f": it reads texts alone. Received: {self.inputs}."
        if self.vectors is not None and weights_at(self.vectors) is not None:
            yield from self._misfits(parsed)

    def _misfits(self, parsed: Mapping[Reader, list[Token]]) -> Iterator[tuple[str, str]]:
        """Yields what does not go with the file of vectors."""
        if "word" not in self.layers:
            yield "vectors", f": vectors are of words, and `layers` reads none. Received: {self.layers}."
            return
        try:
            width = width_of(self.vectors_file)
        except ModelError as error:
            yield "vectors", f": {str(error).partition(': ')[2]}"
            return
        if "word" in parsed and parsed["word"][0].number(0) != width:
            yield (
                "layers.word",
                f": the words of {self.vectors} have {width} numbers, so that the first layer must be "
                f"E{width}. Received: {self.layers['word']!r}.",
            )
