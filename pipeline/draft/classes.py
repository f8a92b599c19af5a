"""A folder per class instead of a training table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.data.file_pattern import NOT
from pipeline.data.source import Source
from pipeline.draft.choice import words
from pipeline.draft.files import is_row_file, is_table, not_read
from pipeline.draft.sounds import is_clip
from pipeline.errors import DataError, listing
from pipeline.inputs.images.names import is_picture

TRAIN_FOLDERS = {"train", "training"}
TEST_FOLDERS = {"test", "testing"}


@dataclass(frozen=True)
class FolderPerClass:
    """Training pictures sorted into folders.

    Attributes:
        pattern: of the files, "train/{species}/{id}.jpg": the `data.train` of the configuration.
        label: its field that holds the class.
        reason: what it rests on.
    """

    pattern: str
    label: str
    reason: str


def find_folders(
    source: Source,
    key: str,
    asked_ids: Sequence[str],
    answers: Sequence[str],
    row_tables: Collection[str] = (),
) -> FolderPerClass:
    """Returns the pattern of training pictures, clips or arrays that lie in a folder per class.

    Args:
        source: the competition's files.
        key: the sample's id column.
        asked_ids: the sample's ids: pictures that are named so are test pictures.
        answers: the sample's other columns: the classes, or a name for them.
        row_tables: tables of which each is one row.

    Raises:
        DataError: no folders hold what the classes could be.
    """
    wanted = set(asked_ids)
    files = [PurePosixPath(name) for name in source.names() if is_row_file(name) or name in row_tables]
    train = _of_training([path for path in files if not TEST_FOLDERS & _folder_words(path)], wanted)
    usual = _usual_depth(train)
    train = [path for path in train if len(path.parts) == usual]
    depth = _class_depth(train, answers)
    label = answers[0] if len(answers) == 1 else "label"
    if depth is None and (separator := _class_in_name(train)):
        text = f"{_folders(train)}{{{label}}}{separator}{{name}}{train[0].suffix}"
        return FolderPerClass(text, label, f"no training table: {_counted(train)} named by their class")
    if depth is None:
        raise DataError(
            f"{source.root} holds no training table: no table has a target, and its {_counted(files)} do "
            f"not lie in a folder per class. Name the table with TRAIN=file (--train). "
            f"It holds: {listing(sorted(source.names()))}.{not_read(source)}"
        )
    text, others = _pattern(train, depth, key, label, wanted), _others(files, train, depth)
    if others:
        text = text.replace(f"{{{label}}}", f"{{{label}:{NOT}{','.join(others)}}}", 1)
    return FolderPerClass(text, label, _reason(train, depth))


def _folder_words(path: PurePosixPath) -> set[str]:
    return {word for part in path.parts[:-1] for word in words(part)}


def _of_training(paths: list[PurePosixPath], wanted: set[str]) -> list[PurePosixPath]:
    """Returns those in a folder called train where there is one, else those that the sample does not name."""
    named = [path for path in paths if TRAIN_FOLDERS & _folder_words(path)]
    return named or [path for path in paths if not {path.name, path.stem, str(path)} & wanted]


def _others(files: list[PurePosixPath], train: list[PurePosixPath], depth: int) -> list[str]:
    """Returns the folders beside those of the classes that hold other pictures: "Test"."""
    before = {path.parts[:depth] for path in train}
    beside = {
        path.parts[depth] for path in files if path.parts[:depth] in before and len(path.parts) > depth + 1
    }
    return sorted(beside - {path.parts[depth] for path in train})


def _usual_depth(paths: Sequence[PurePosixPath]) -> int:
    return Counter(len(path.parts) for path in paths).most_common(1)[0][0] if paths else 0


def _class_depth(paths: Sequence[PurePosixPath], answers: Sequence[str]) -> int | None:
    """Returns which part of the paths is the class: called like the answers, or the first that varies."""
    levels = range(len(paths[0].parts) - 1) if paths else range(0)
    folders = {level: {path.parts[level] for path in paths} for level in levels}
    varying = [
        level
        for level in levels
        if len(folders[level]) > 1 and not all(TRAIN_FOLDERS & set(words(name)) for name in folders[level])
    ]
    named = [level for level in varying if len(answers) > 1 and folders[level] <= set(answers)]
    return next(iter(named or varying), None)


def _pattern(paths: Sequence[PurePosixPath], depth: int, key: str, label: str, wanted: set[str]) -> str:
    """Returns the pattern; ids where the names tell the pictures apart."""
    endings = {path.suffix for path in paths}
    stems = [path.stem for path in paths]
    whole = len(endings) > 1 or all(is_row_file(name) or is_table(name) for name in wanted)
    ids = [path.name for path in paths] if whole else stems
    ending = "" if whole else next(iter(endings))
    apart = len(set(ids)) == len(ids) and not wanted & set(ids)
    return f"{_folders(paths, depth, label)}{{{key if apart else 'name'}}}{ending}"


def _folders(paths: Sequence[PurePosixPath], depth: int = -1, label: str = "") -> str:
    """Returns the folders of a pattern: the class's as a field of that name, others that differ as well."""
    parts = []
    for level, part in enumerate(paths[0].parts[:-1]):
        varies = len({path.parts[level] for path in paths}) > 1
        parts.append(f"{{{label}}}" if level == depth else f"{{folder{level}}}" if varies else part)
    return "".join(f"{part}/" for part in parts)


def _class_in_name(paths: Sequence[PurePosixPath]) -> str:
    """Returns what stands between class and number in every name ("." in "cat.7.jpg"), or ""."""
    if len({path.suffix for path in paths}) != 1:
        return ""
    for separator in "._-":
        split = [path.stem.rpartition(separator) for path in paths]
        classes = {before for before, _, _ in split}
        if all(before and number.isdigit() for before, _, number in split):
            return separator if 2 <= len(classes) <= len(paths) / 2 else ""
    return ""


def _reason(paths: Sequence[PurePosixPath], depth: int) -> str:
    classes = {path.parts[depth] for path in paths}
    return f"no training table: {_counted(paths)} in {len(classes)} folders, one per class"


def _counted(paths: Sequence[PurePosixPath]) -> str:
    clips = sum(is_clip(str(path)) for path in paths)
    shown = sum(is_picture(str(path)) for path in paths)
    others = "clips" if clips > len(paths) / 2 else "arrays"
    return f"{len(paths):,} {'pictures' if shown >= len(paths) / 2 else others}"
