"""Files of the rows, pictures, sound or arrays: in any folders, with or without ending, ids as names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.file_pattern import FilePattern
from pipeline.draft.choice import Choice, words
from pipeline.inputs.images.names import row_values

if TYPE_CHECKING:
    import pandas as pd

OTHER_WORDS = {"mask", "masks", "segmentation", "segmentations", "depth", "annotations", "thumbnails"}
PROBED = 5  # rows whose files suggest patterns
LEAST_SHARE = 0.5  # of the rows that must have a file for a pattern to be meant


@dataclass(frozen=True)
class RowFiles:
    """Patterns of the rows' files.

    Attributes:
        train: of the training rows.
        test: of the test rows; None where it is the same.
        complete: whether every row has its file.
    """

    train: Choice[str]
    test: Choice[str] | None
    complete: bool = True


def find_row_files(
    files: Sequence[str],
    train: pd.DataFrame,
    test: pd.DataFrame,
    key: str,
    noun: str,
    pattern: str | None = None,
) -> RowFiles | None:
    """Returns where the rows' files lie, or None where no column names them.

    Args:
        files: all that may be meant.
        train: training table.
        test: test table.
        key: the id column, which is tried first.
        noun: what a reason calls a file ("picture").
        pattern: of the training files, where it is known already.
    """
    own, share = Choice(pattern or "", "the training table is made of these files"), 1.0
    if not pattern:
        found = _best(train, key, files, "train")
        if found is None:
            return None
        own, share = _said(found, train, noun), found.share
    same = _judge(FilePattern(own.value), test, files, set(files), False, "test")
    if same.share == 1 and not same.elsewhere:
        return RowFiles(own, None, share == 1)
    found = _best(test, key, files, "test")
    if found is None or found.text == own.value:
        return RowFiles(own, None, share == same.share == 1)
    return RowFiles(own, _said(found, test, noun), share == found.share == 1)


def files_of(pattern: str, table: pd.DataFrame, files: Sequence[str]) -> list[str]:
    """Returns the files of a table's rows by a pattern, as far as they are there."""
    wanted = FilePattern(pattern)
    rows = row_values(table, wanted.fields)
    if wanted.wild:
        index = wanted.index(files)
        return [index[values][0] for values in rows if values in index]
    known = set(files)
    return [name for name in map(wanted.name, rows) if name in known]


@dataclass(frozen=True)
class _Candidate:
    """A pattern, the share of rows that get a file by it, and how plain it is.

    `elsewhere`: its folders are called after the other table, or hold masks.
    """

    text: str
    share: float
    elsewhere: bool = False
    rank: tuple[float, ...] = ()


def _said(candidate: _Candidate, table: pd.DataFrame, noun: str) -> Choice[str]:
    """Returns the pattern with what it rests on."""
    if candidate.share < 1:
        rows = round((1 - candidate.share) * len(table))
        return Choice(candidate.text, f"{rows} of {len(table)} rows have no such {noun}")
    fields = " and ".join(FilePattern(candidate.text).fields)
    article = "an" if noun[0] in "aeiou" else "a"
    return Choice(candidate.text, f"{fields}: every row has such {article} {noun}")


def _best(table: pd.DataFrame, key: str, files: Sequence[str], side: str) -> _Candidate | None:
    """Returns the pattern that gives most rows a file, the plainest of equals."""
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
    """Returns the columns that may name files: the id, then text, then numbers called so."""
    from pandas.api import types

    hints = {"image", "images", "img", "picture", "photo", "file", "filename", "path", "clip", "audio", "wav"}
    names = [key] if key in table.columns else []
    for name in map(str, table.columns):
        if name == key or table[name].nunique() < 0.3 * len(table):
            continue
        if not types.is_numeric_dtype(table[name].dtype) or hints & set(words(name)):
            names.append(name)
    return names


def _places(files: Sequence[str]) -> dict[str, list[str]]:
    """Returns name, stem, folder or path -> files: all by which a column may name it."""
    places: dict[str, list[str]] = defaultdict(list)
    for file in files:
        path = PurePosixPath(file)
        tails = {"/".join(path.parts[start:]) for start in range(len(path.parts))}
        folders = {part.rpartition("=")[2] for part in path.parts[:-1]} | set(path.parts[:-1])
        for word in {*tails, *(tail.removesuffix(path.suffix) for tail in tails), *folders}:
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
    if value in {part.rpartition("=")[2] for part in path.parts[:-1]}:  # a folder per row: "7", "id=7"
        parts = [_folder(part, value, field) for part in path.parts[:-1]]
        stem = field if path.stem == value else _plain(path.stem)
        yield "/".join([*parts, stem + ending])


def _folder(part: str, value: str, field: str) -> str:
    """Returns a folder's name with the row's value as a field."""
    name, between, held = part.rpartition("=")
    return _plain(name + between) + field if held == value else _plain(part)


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
    """Measures the share of rows that get one file; ranks equals by how plain the pattern is."""
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
