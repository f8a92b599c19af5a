"""Pictures of the rows: in any folders, names with or without ending, ids as names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.file_pattern import FilePattern
from pipeline.data.source import Source
from pipeline.draft.choice import Choice, words
from pipeline.inputs.images.decoding import image_sizes
from pipeline.inputs.images.names import row_values

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
OTHER_WORDS = {"mask", "masks", "segmentation", "segmentations", "depth", "annotations", "thumbnails"}
PROBED = 5  # rows whose files suggest patterns
LEAST_SHARE = 0.5  # of the rows that must have a picture for a pattern to be meant
MEASURED = 60  # pictures whose size is read


def is_picture(name: str) -> bool:
    """Says whether a file's ending is one of a picture."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


@dataclass(frozen=True)
class PictureFiles:
    """Patterns of the pictures' files, and their usual size.

    Attributes:
        train: pattern of `data.images`.
        test: pattern of `data.test_images`; None where it is the same.
        size: median height and width, pixels.
    """

    train: Choice[str]
    test: Choice[str] | None
    size: tuple[int, int]

    @property
    def section(self) -> dict[str, str]:
        """The keys of `data` that say where they lie."""
        own = {"test_images": self.test.value} if self.test else {}
        return {"images": self.train.value, **own}


def find_pictures(
    source: Source, train: pd.DataFrame, test: pd.DataFrame, key: str, pattern: str | None = None
) -> PictureFiles | None:
    """Returns where the rows' pictures lie, or None where no column names pictures.

    Args:
        source: the competition's files.
        train: training table.
        test: test table.
        key: the id column, which is tried first.
        pattern: of the training pictures, where it is known already.

    Raises:
        DataError: the pictures that are measured cannot be read.
    """
    files = [name for name in source.names() if is_picture(name)]
    if not files:
        return None
    own = Choice(pattern, "the training table is made of these files") if pattern else None
    if own is None:
        found = _best(train, key, files, "train")
        if found is None:
            return None
        own = _said(found, train)
    return PictureFiles(own, _test_pattern(own.value, test, key, files), _median_size(source, files))


def _test_pattern(own: str, test: pd.DataFrame, key: str, files: Sequence[str]) -> Choice[str] | None:
    """Returns the pattern of the test pictures, where the one of training does not lead to them."""
    same = _judge(FilePattern(own), test, files, set(files), False, "test")
    if same.share == 1 and not same.elsewhere:
        return None
    found = _best(test, key, files, "test")
    return None if found is None or found.text == own else _said(found, test)


@dataclass(frozen=True)
class _Candidate:
    """A pattern, the share of rows that get a picture by it, and how plain it is.

    `elsewhere`: its folders are called after the other table, or hold masks.
    """

    text: str
    share: float
    elsewhere: bool = False
    rank: tuple[float, ...] = ()


def _said(candidate: _Candidate, table: pd.DataFrame) -> Choice[str]:
    """Returns the pattern with what it rests on."""
    if candidate.share < 1:
        rows = round((1 - candidate.share) * len(table))
        return Choice(candidate.text, f"{rows} of {len(table)} rows have no such picture")
    fields = " and ".join(FilePattern(candidate.text).fields)
    return Choice(candidate.text, f"{fields}: every row has such a picture")


def _best(table: pd.DataFrame, key: str, files: Sequence[str], side: str) -> _Candidate | None:
    """Returns the pattern that gives most rows a picture, the plainest of equals."""
    known = set(files)
    places = _places(files)
    suggested = {
        text: column for column in _name_columns(table, key) for text in _suggestions(table, column, places)
    }
    found: list[_Candidate] = []
    for text in sorted(suggested, key=lambda text: "*" in text):
        if "*" in text and any(candidate.share == 1 for candidate in found):
            break  # stars are slower, and say less
        found.append(_judge(FilePattern(text), table, files, known, suggested[text] == key, side))
    meant = [candidate for candidate in found if candidate.share >= LEAST_SHARE]
    return max(meant, key=_preference, default=None)


def _preference(candidate: _Candidate) -> tuple[float, bool, tuple[float, ...]]:
    return candidate.share, not candidate.elsewhere, candidate.rank


def _name_columns(table: pd.DataFrame, key: str) -> list[str]:
    """Returns the columns that may name pictures: the id, then text, then numbers called so."""
    from pandas.api import types

    hints = {"image", "images", "img", "picture", "photo", "file", "filename", "path"}
    names = [key] if key in table.columns else []
    for name in map(str, table.columns):
        if name == key or table[name].nunique() < 0.3 * len(table):
            continue
        if not types.is_numeric_dtype(table[name].dtype) or hints & set(words(name)):
            names.append(name)
    return names


def _places(files: Sequence[str]) -> dict[str, list[str]]:
    """Returns name, stem, folder or path -> files: all by which a column may name a picture."""
    places: dict[str, list[str]] = defaultdict(list)
    for file in files:
        path = PurePosixPath(file)
        tails = {"/".join(path.parts[start:]) for start in range(len(path.parts))}
        for word in {*tails, *(tail.removesuffix(path.suffix) for tail in tails), *path.parts[:-1]}:
            if len(places[word]) < 8:
                places[word].append(file)
    return places


def _suggestions(table: pd.DataFrame, column: str, places: dict[str, list[str]]) -> Iterator[str]:
    """Yields patterns that lead from values of the column to files that hold them."""
    positions = np.unique(np.linspace(0, len(table) - 1, PROBED).astype(int))
    for position in positions:
        row = table.iloc[position]
        value = str(row[column])
        for file in places.get(value, ()):
            yield from _patterns(file, value, column, row)


def _patterns(file: str, value: str, column: str, row: pd.Series) -> Iterator[str]:
    """Yields the ways to write one file's name by the values of its row."""
    path = PurePosixPath(file)
    ending = path.suffix
    field = "{" + column + "}"
    for tail, wild in ((value, value), (value + ending, field + ".*")):
        if file == tail or file.endswith("/" + tail):
            before = _plain(file.removesuffix(tail))
            after = field if tail == value else field + ending
            yield from (folders + after for folders in _folders(before, row, column))
            top = before.split("/")[0] + "/**/" if before.count("/") > 1 else "**/"
            yield from (top + after, "**/" + after)
            if tail != value:
                yield from (folders + wild for folders in (before, top, "**/"))
    if value in path.parts[:-1]:  # a folder per row
        parts = [field if part == value else _plain(part) for part in path.parts[:-1]]
        stem = field if path.stem == value else _plain(path.stem)
        yield "/".join([*parts, stem + ending])


def _folders(before: str, row: pd.Series, column: str) -> Iterator[str]:
    """Yields the folders as they are, and with those replaced that another column names."""
    yield before
    of = {str(row[name]): "{" + str(name) + "}" for name in row.index if name != column}
    named = "/".join(of.get(part, part) if part else part for part in before.split("/"))
    if named != before:
        yield named


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _judge(
    pattern: FilePattern, table: pd.DataFrame, files: Sequence[str], known: set[str], is_id: bool, side: str
) -> _Candidate:
    """Measures the share of rows that get one picture; ranks equals by how plain the pattern is."""
    if not set(pattern.fields) <= set(table.columns):
        return _Candidate(pattern.text, 0.0)
    rows = row_values(table, pattern.fields)
    if pattern.wild:
        counts = {values: len(names) for values, names in pattern.index(files).items()}
        got = [counts.get(values) == 1 for values in rows]
    else:
        got = [pattern.name(values) in known for values in rows]
    repeated = Counter(rows).most_common(1)[0][1]
    folders = set(words(pattern.text.rpartition("/")[0]))
    other = {"train": {"test"}, "test": {"train", "training"}}[side]
    elsewhere = bool(folders & (other | OTHER_WORDS))
    rank = (is_id, not pattern.wild, side in folders, -len(pattern.fields), -repeated, -len(pattern.text))
    return _Candidate(pattern.text, float(np.mean(got)), elsewhere, tuple(map(float, rank)))


def _median_size(source: Source, files: Sequence[str]) -> tuple[int, int]:
    own = [file for file in files if not OTHER_WORDS & set(words(file.rpartition("/")[0]))]
    files = own or files
    chosen = [files[position] for position in np.unique(np.linspace(0, len(files) - 1, MEASURED).astype(int))]
    sizes, _ = image_sizes(source.read, chosen)
    height, width = np.median(sizes, axis=0)
    return int(height), int(width)
