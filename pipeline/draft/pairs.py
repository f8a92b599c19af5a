"""Paired folders: pictures, and others of the same names and sizes that are their answers."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.config.data_section import DataConfig
from pipeline.data.dialect import find_dialect, open_csv
from pipeline.data.source import Source
from pipeline.draft import pictures as files
from pipeline.draft.choice import words
from pipeline.draft.classes import TEST_FOLDERS
from pipeline.errors import DataError
from pipeline.inputs.images.decoding import image_sizes

PIXEL = re.compile(r"(.+)_(0|[1-9]\d*)_(0|[1-9]\d*)")  # picture, row and column
LOOKED_AT = 500  # rows of the sample
HEAD = 1 << 16  # bytes
MEASURED = 20  # pairs whose sizes are compared
ANSWER_WORDS = {
    *("clean", "cleaned", "target", "targets", "truth", "gt", "label", "labels", "answer", "answers"),
    *("output", "outputs", "expected", "restored", "denoised", "sharp", "hr", "high", "mask", "masks"),
}


@dataclass(frozen=True)
class Pairs:
    """Folders of pictures and their answers, and how the sample names pixels.

    Attributes:
        train: pattern of the training pictures, which take the place of a table.
        answers: pattern of their answers.
        id: the sample's id column.
        value: the sample's other column.
        count: how many pairs there are.
    """

    train: str
    answers: str
    id: str
    value: str
    count: int

    @property
    def reason(self) -> str:
        return f"no training table: {self.count:,} pictures with answers of the same names ({self.answers})"


def find_pairs(source: Source, sample: str, encoding: str = "auto") -> Pairs | None:
    """Returns paired folders where the sample has a row for each pixel of pictures, else None.

    Args:
        source: the competition's files.
        sample: name of the sample submission; no more than its first rows are read.
        encoding: of its text.
    """
    if not sample.lower().endswith((".csv", ".csv.gz")):
        return None
    names, ids = _head(source, sample, encoding)
    pictures = {match[1] for key in ids if (match := PIXEL.fullmatch(key))}
    if len(names) != 2 or not ids or not all(PIXEL.fullmatch(key) for key in ids):
        return None
    folders: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name in source.names():
        if files.is_picture(name):
            path = PurePosixPath(name)
            folders[str(path.parent), path.suffix][path.stem] = name
    asked = [folder for folder, found in folders.items() if pictures <= found.keys() and _of_test(folder)]
    others = {folder: found for folder, found in folders.items() if folder not in asked and len(found) > 1}
    pair = _pair(source, others)
    if pair is None or not any(pictures <= found.keys() for found in folders.values()):
        return None
    field = "{" + names[0] + "}"
    train, answers = ("/".join([*PurePosixPath(one).parts, field + ending]) for one, ending in pair)
    return Pairs(train, answers, names[0], names[1], len(others[pair[0]]))


def _head(source: Source, sample: str, encoding: str) -> tuple[tuple[str, ...], list[str]]:
    """Returns the sample's columns and its first ids."""
    try:
        dialect = find_dialect(source, sample, DataConfig(encoding=encoding))
        with open_csv(source, sample) as file:
            text = file.read(HEAD).decode(dialect.encoding, errors="ignore")
    except (OSError, ValueError, DataError):
        return (), []
    lines = text.splitlines()[dialect.skip + 1 : LOOKED_AT]
    rows = csv.reader(io.StringIO("\n".join(lines[:-1] or lines)), delimiter=dialect.separator)
    return dialect.names, [row[0] for row in rows if row]


def _pair(
    source: Source, folders: Mapping[tuple[str, str], Mapping[str, str]]
) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Returns the folder of the pictures and that of their answers: the most pairs, of the same sizes."""
    found = []
    for seen, names in folders.items():
        for answers, others in folders.items():
            alike = names.keys() <= others.keys() and _rank(answers) > _rank(seen)
            if alike and _same_sizes(source, names, others):
                found.append((len(names), seen, answers))
    return max(found)[1:] if found else None


def _rank(folder: tuple[str, str]) -> tuple[int, int, str]:
    """Ranks folders by how much their names speak for answers."""
    said = [word for part in PurePosixPath(folder[0]).parts for word in words(part)]
    return len(ANSWER_WORDS & set(said)), len(said), folder[0]


def _of_test(folder: tuple[str, str]) -> bool:
    return bool(TEST_FOLDERS & {word for part in PurePosixPath(folder[0]).parts for word in words(part)})


def _same_sizes(source: Source, names: Mapping[str, str], others: Mapping[str, str]) -> bool:
    some: Sequence[str] = sorted(names)[:: max(1, len(names) // MEASURED)]
    sides = [image_sizes(source.open, [where[one] for one in some])[0] for where in (names, others)]
    return bool((sides[0] == sides[1]).all())
