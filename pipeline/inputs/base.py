"""The contract of an input: something that a model can see of a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.config.reads import Read
from pipeline.config.schema import Config, ModelConfig
from pipeline.data.competition import Competition
from pipeline.data.rows import InputPart
from pipeline.data.source import Source
from pipeline.errors import Problems
from pipeline.progress import Progress
from pipeline.registry import MODELS, opening

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.inputs.images.intensity import Intensity


@dataclass(frozen=True)
class InputFiles:
    """Files that an input is read from, made once and shared by every model that asks for the same.

    Attributes:
        label: of the product.
        material: what decides them, beside the competition's files.
        reads: what they take from other models.
    """

    label: str
    material: Mapping[str, Any]
    reads: tuple[Read, ...] = ()


@dataclass(frozen=True)
class Workshop:
    """Competition, source and section that an input opens rows with, or makes its files of.

    Attributes:
        config: of the run.
        name: of the model that asks.
        competition: whose rows are seen; new rows stand in the place of the test rows.
        source: where their files lie.
        progress: who is told.
        found: side -> what `InputFiles.reads` says of its rows, if it reads anything.
        intensity: returns what becomes black and white in pictures of more than 8 bits.
    """

    config: Config
    name: str
    competition: Competition
    source: Source
    progress: Progress
    found: Mapping[str, np.ndarray] | None = None
    intensity: Callable[[], Intensity | None] = lambda: None

    @property
    def section(self) -> ModelConfig:
        return self.config.models[self.name]


@dataclass(frozen=True)
class Shown:
    """A training row as a person sees it, through one input.

    Attributes:
        picture: uint8 (height, width, 1 or 3), or None.
        texts: name of a column -> what it says.
        values: name of a column -> its value, as it stands in the table.
    """

    picture: np.ndarray | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


class Input(ABC):
    """Something that can be seen of a row. A subclass is registered under the name that `inputs` gives it.

    Attributes:
        keys: those of `data` that say where it lies and how it is read.
        lacking: what a model is told that asks for it in vain, after its name.
        located: the field of a competition that holds the names of its files, "" where a row has none;
            "test_" and that name those of the test rows.
        of_fold: whether it differs from fold to fold: it is put together from other models' fits.

    Example:
        >>> from types import SimpleNamespace as Stub
        >>> from pipeline.inputs.outputs import Values
        >>> class Lengths(Input):
        ...     def there(self, competition):
        ...         return True
        ...     def open(self, shop, side, folder, key):
        ...         ids = shop.competition.ids if side == "train" else shop.competition.test_ids
        ...         return Values(np.char.str_len(ids))
        >>> shop = Stub(competition=Stub(ids=np.array(["a", "bcd"]), test_ids=np.array(["ef"])))
        >>> Lengths().open(shop, "train", None, "").take(np.array([1])).tolist()
        [3]
    """

    keys: ClassVar[tuple[str, ...]] = ()
    lacking: ClassVar[str] = ""
    located: ClassVar[str] = ""
    of_fold: ClassVar[bool] = False

    @abstractmethod
    def there(self, competition: Competition) -> bool:
        """Says whether a competition's rows have it."""

    def key(self, config: Config, section: ModelConfig) -> dict[str, Any]:
        """Returns what it adds to the key of a fit, beside the model's own section."""
        return {}

    def problem(
        self, entry: str, reader: str, models: Mapping[str, ModelConfig | None], data: DataConfig
    ) -> str:
        """Returns what is wrong with an entry of a model's `inputs`, or ""."""
        return ""

    def read(self, entry: str, nested: bool) -> Read | None:
        """Returns what an entry of `inputs` takes from another model, if anything."""
        return None

    def patterns(self, data: DataConfig) -> list[str]:
        """Returns the patterns by which it finds its files: the columns that they name are no features."""
        return []

    def skips(self, data: DataConfig) -> bool:
        """Says whether rows whose file is not there or cannot be decoded are left out."""
        return False

    def locate(
        self, table: pd.DataFrame, data: DataConfig, side: str, where: str, source: Source, problems: Problems
    ) -> tuple[str, ...]:
        """Returns the file of every row, () where the configuration names none.

        Args:
            table: the rows.
            data: says where the files lie, and whether those that are not there are a problem.
            side: "train", or "test" for test rows and new ones.
            where: what a problem calls the table.
            source: where the files lie.
            problems: told of what is missing.
        """
        return ()

    def usable(self, names: Sequence[str], data: DataConfig, source: Source, threads: int) -> np.ndarray:
        """Returns bool (files,): whether each is there and can be decoded."""
        return np.ones(len(names), bool)

    def unpackable(self, data: DataConfig) -> str:
        """Returns why a package cannot bring the files of some rows, or ""."""
        return ""

    def files(self, config: Config, section: ModelConfig) -> InputFiles | None:
        """Returns the files that it is read from beside the competition's tables, or None."""
        return None

    def make(self, shop: Workshop, folder: Path) -> None:
        """Makes its files in an empty folder."""
        raise NotImplementedError

    @abstractmethod
    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> InputPart:
        """Returns the part of a dataset: all rows of a side ("train" or "test").

        Args:
            shop: the model that asks, and the competition's rows.
            side: which rows.
            folder: its files, where it has any.
            key: names their content.
        """

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        """Returns what a person sees of training rows, one for each; [] where that is nothing.

        Args:
            shop: the competition's rows, and where their files lie; the model that asks does not matter.
            rows: positions.
        """
        return []

    def carry(self, folder: Path, into: Path) -> None:
        """Copies what `open_new` reads of its files into an empty folder: nothing of the run's own rows."""
        return

    def open_new(self, shop: Workshop, folder: Path | None, scratch: Path) -> InputPart:
        """Returns the part of rows at prediction, which stand in the place of the test rows.

        Args:
            shop: the model that asks, and the new rows.
            folder: its files of the run's own rows, where it has any.
            scratch: an empty folder for files of the new rows.
        """
        return self.open(shop, "test", folder, f"new-{shop.name}")


def expanded(entries: Iterable[str], sees: tuple[str, ...]) -> tuple[str, ...]:
    """Returns entries of `inputs`, `auto` replaced by what a kind of model sees, each once."""
    return tuple(dict.fromkeys(one for entry in entries for one in (sees if entry == "auto" else (entry,))))


def entries_of(section: ModelConfig) -> tuple[str, ...]:
    """Returns the entries of a model's `inputs` without `auto`."""
    return expanded(section.inputs, MODELS.get(section.kind).sees)


def misread(section: ModelConfig, reader: str, pictured: bool, what: str, other: str) -> str:
    """Returns why a model cannot read an input, "" where it can.

    Args:
        section: of the model.
        reader: its name.
        pictured: whether the input is for those that look at pictures, and not for those that read columns.
        what: a model of the wrong kind sees or does not see.
        other: the input that is for it.
    """
    if MODELS.get(section.kind).looks == pictured:
        return ""
    return f"`models.{reader}.inputs`: a model of kind {section.kind!r} {what}; `{other}` is for it."


def opened(section: ModelConfig) -> dict[str, Input]:
    """Returns the inputs that a model opens, by their entries, without what differs from fold to fold."""
    found = {entry: opening(entry) for entry in entries_of(section)}
    return {entry: one for entry, one in found.items() if not one.of_fold}


def reads_fold(section: ModelConfig) -> bool:
    """Says whether a model sees anything that differs from fold to fold."""
    return any(opening(entry).of_fold for entry in entries_of(section))
