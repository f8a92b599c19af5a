"""Augmentation of texts: words left out, words that change places, translations there and back."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from pydantic import Field

from pipeline.config.section import Section
from pipeline.data.source import FolderSource
from pipeline.data.tables import read_table
from pipeline.errors import DataError, ModelError, listing
from pipeline.networks.brought import weights_at
from pipeline.networks.training.config import NetworkConfig
from pipeline.tasks.words import word_places

ID = "id"  # of a file of translations

Translations = Mapping[str, Sequence[Sequence[str]]]  # id -> translations of its row, texts by column each


class TextAugmentConfig(Section):
    """Changes of training texts, others in every epoch."""

    word_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="share of the words that are left out; one always stays"
    )
    word_swap: float = Field(
        default=0.0, ge=0, lt=1, description="share of the words that change places with the next"
    )
    translations: str | None = Field(
        default=None,
        description="CSV or Parquet file of translations there and back: a column `id`, and one for each "
        "text column by its name; of an id any number of rows",
    )
    translated: float = Field(
        default=0.5, gt=0, le=1, description="share of the texts that are one of their translations"
    )


class TextNetworkConfig(NetworkConfig):
    """Keys that every network of texts has."""

    augment: TextAugmentConfig | None = Field(
        default=None,
        description="changes of the training texts, `{word_dropout: 0.1, word_swap: 0.1}`; null: none",
    )
    tta: int = Field(
        default=0,
        ge=0,
        description="test-time augmentation: answers to so many readings changed as `augment` says, without "
        "its translations, are averaged with that to the text as it is",
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Files that fits read beside weights, and predictions do not."""
        return (self.augment.translations,) if self.augment and self.augment.translations else ()

    def augment_problems(self) -> Iterator[tuple[str, str]]:
        """Yields what is wrong with these keys, as a key and a sentence about it."""
        augment = self.augment
        if self.tta and not (augment and (augment.word_dropout or augment.word_swap)):
            yield "tta", f" needs `augment.word_dropout` or `augment.word_swap`. Received: {self.tta}."
        if augment and not (augment.word_dropout or augment.word_swap or augment.translations):
            yield "augment", " changes nothing: set `word_dropout`, `word_swap` or `translations`."
        for said in self.files:
            place = weights_at(said)
            if place is not None and not place.is_file():
                yield "augment.translations", f": there is no file {said!r} ({place.absolute()})."


@dataclass(frozen=True)
class TextAugmenter:
    """Changer of the texts of rows; equal seeds give equal changes.

    Attributes:
        dropout: share of the words that are left out.
        swap: share of the words that change places with the next.
        translated: share of the texts that are one of their translations.
        translations: by id; of rows without an id there is none.
    """

    dropout: float
    swap: float
    translated: float = 0.0
    translations: Translations = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, config: TextAugmentConfig, columns: Sequence[str] | None = None) -> TextAugmenter:
        """Returns what a section asks for.

        Args:
            config: the section.
            columns: names of the text columns, whose translations are read; None: none are.
        """
        found: Translations = {}
        if columns is not None and config.translations is not None:
            place = weights_at(config.translations)
            found = read_translations(place or Path(config.translations), columns)
        return cls(config.word_dropout, config.word_swap, config.translated, found)

    def changed(
        self, columns: Sequence[Sequence[str]], ids: Sequence[str] | None, seeds: Sequence[int]
    ) -> list[list[str]]:
        """Returns changed texts of rows, a list for each column.

        Args:
            columns: the texts, likewise.
            ids: of the rows, by which translations are found; None: there are none.
            seeds: of the rows.
        """
        found: list[list[str]] = [[] for _ in columns]
        rows = zip(*columns, strict=True)
        for number, (texts, seed) in enumerate(zip(rows, seeds, strict=True)):
            random = np.random.default_rng(int(seed))
            others = self.translations.get(ids[number], ()) if ids is not None else ()
            if others and random.random() < self.translated:
                texts = tuple(others[int(random.integers(len(others)))])
            for column, text in zip(found, texts, strict=True):
                column.append(self._text(text, random))
        return found

    def digest(self, ids: Sequence[str]) -> np.ndarray:
        """Returns what the translations of rows are hashed to, int64 (rows,)."""
        told = (repr(self.translations.get(key, ())).encode() for key in ids)
        return np.array([zlib.crc32(one) for one in told], np.int64)

    def _text(self, text: str, random: np.random.Generator) -> str:
        """Returns one text changed; what stands between words stays."""
        places = word_places(text)
        if not len(places) or not (self.dropout or self.swap):
            return text
        words: list[str] = [text[begin:end] for begin, end in places.tolist()]
        real = [place for place, word in enumerate(words) if word[0].isalnum()]  # marks stay where they are
        for first, second in pairwise(real):
            if random.random() < self.swap:
                words[first], words[second] = words[second], words[first]
        kept = random.random(len(words)) >= self.dropout
        kept[int(random.integers(len(words)))] = True
        between = [text[: places[0, 0]]]
        between += [text[a:b] for a, b in zip(places[:-1, 1], places[1:, 0], strict=True)]
        parts = [
            gap + (word if there else " ") for gap, word, there in zip(between, words, kept, strict=True)
        ]
        return "".join([*parts, text[places[-1, 1] :]])


def seeds_of(columns: Sequence[Sequence[str]], reading: int) -> list[int]:
    """Returns seeds of rows by their own texts, so that no answer depends on the rows beside it.

    Args:
        columns: texts of the rows, a list for each column.
        reading: its number.
    """
    rows = zip(*columns, strict=True)
    return [zlib.crc32("\n".join(texts).encode("utf-8", "surrogatepass"), reading + 1) for texts in rows]


def readings(
    config: TextNetworkConfig, columns: Sequence[Sequence[str]]
) -> Iterator[Sequence[Sequence[str]]]:
    """Yields texts as they are, then changed as often as `tta` says.

    Args:
        config: a network's section.
        columns: texts of the rows, a list for each column.
    """
    yield columns
    if config.augment:
        augmenter = TextAugmenter.of(config.augment)
        for reading in range(config.tta):
            yield augmenter.changed(columns, None, seeds_of(columns, reading))


def read_translations(path: Path, columns: Sequence[str]) -> dict[str, list[list[str]]]:
    """Returns by id the translations of a row, each its texts in the order of the columns.

    Args:
        path: a table, as a competition's are.
        columns: names of the text columns.

    Raises:
        ModelError: the file cannot be read, or lacks a column; names it.
    """
    try:
        table = read_table(FolderSource(path.parent), path.name, (ID, *columns))
    except (OSError, DataError) as error:
        raise ModelError(f"augment.translations: {path} cannot be read: {error}") from error
    if lacking := [name for name in (ID, *columns) if name not in table]:
        raise ModelError(
            f"augment.translations: {path} lacks the columns {listing(lacking)}. It has: "
            f"{listing(table.columns)}."
        )
    found: dict[str, list[list[str]]] = {}
    for key, *texts in table[[ID, *columns]].fillna("").astype(str).itertuples(index=False):
        found.setdefault(key, []).append(texts)
    return found
