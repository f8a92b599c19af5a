"""A folder per class instead of a training table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.data.source import Source
from pipeline.draft.decision import words
from pipeline.draft.pictures import is_picture
from pipeline.errors import DataError, listing


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
    source: Source, key: str, asked_ids: Sequence[str], answers: Sequence[str]
) -> FolderPerClass:
    """Returns the pattern of training pictures that lie in a folder per class.

    Args:
        source: the competition's files.
        key: the sample's id column.
        asked_ids: the sample's ids: pictures that are named so are test pictures.
        answers: the sample's other columns: the classes, or a name for them.

    Raises:
        DataError: no folders hold what the classes could be.
    """
    wanted = set(asked_ids)
    files = [PurePosixPath(name) for name in source.names() if is_picture(name)]
    train = [
        path for path in files if "test" not in {word for part in path.parts[:-1] for word in words(part)}
    ]
    if not any({"train", "training"} & set(words(str(path.parent))) for path in train):
        train = [path for path in train if not {path.name, path.stem, str(path)} & wanted]
    usual = _usual_depth(train)
    train = [path for path in train if len(path.parts) == usual]
    depth = _class_depth(train, answers)
    if depth is None:
        raise DataError(
            f"{source.root} holds no training table: no table has a target, and its {len(files)} pictures do "
            f"not lie in a folder per class. Name the table with TRAIN=file (--train). "
            f"It holds: {listing(sorted(source.names()))}."
        )
    label = answers[0] if len(answers) == 1 else "label"
    return FolderPerClass(*_pattern(train, depth, key, label, wanted), _reason(train, depth))


def _usual_depth(paths: Sequence[PurePosixPath]) -> int:
    return Counter(len(path.parts) for path in paths).most_common(1)[0][0] if paths else 0


def _class_depth(paths: Sequence[PurePosixPath], answers: Sequence[str]) -> int | None:
    """Returns which part of the paths is the class: called like the answers, or the first that varies."""
    levels = range(len(paths[0].parts) - 1) if paths else range(0)
    folders = {level: {path.parts[level] for path in paths} for level in levels}
    varying = [level for level in levels if len(folders[level]) > 1]
    named = [level for level in varying if len(answers) > 1 and folders[level] <= set(answers)]
    return next(iter(named or varying), None)


def _pattern(
    paths: Sequence[PurePosixPath], depth: int, key: str, label: str, wanted: set[str]
) -> tuple[str, str]:
    """Returns the pattern and the label's field; ids where the names tell the pictures apart."""
    endings = {path.suffix for path in paths}
    stems = [path.stem for path in paths]
    whole = len(endings) > 1 or all(is_picture(name) for name in wanted)
    ids = [path.name for path in paths] if whole else stems
    ending = "" if whole else next(iter(endings))
    apart = len(set(ids)) == len(ids) and not wanted & set(ids)
    parts = []
    for level, part in enumerate(paths[0].parts[:-1]):
        varies = len({path.parts[level] for path in paths}) > 1
        parts.append(f"{{{label}}}" if level == depth else f"{{folder{level}}}" if varies else part)
    return "/".join([*parts, f"{{{key if apart else 'name'}}}{ending}"]), label


def _reason(paths: Sequence[PurePosixPath], depth: int) -> str:
    classes = {path.parts[depth] for path in paths}
    return f"no training table: {len(paths):,} pictures in {len(classes)} folders, one per class"
