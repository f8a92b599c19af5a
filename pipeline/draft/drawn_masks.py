"""Masks that somebody drew on the training pictures of a contest of other answers: files, or run lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from pipeline.data.columns import as_text
from pipeline.data.competition import Competition
from pipeline.data.drawn_masks import read_drawn_masks
from pipeline.data.file_pattern import FilePattern
from pipeline.data.mask_files import HALF
from pipeline.data.source import Source
from pipeline.data.tables import read_table
from pipeline.draft.choice import Choice
from pipeline.draft.masks import ENDING, is_mask
from pipeline.errors import DataError
from pipeline.inputs.images.decoding import decode, image_sizes
from pipeline.inputs.images.names import is_picture
from pipeline.tasks.mask_cells import LARGEST_SIDE, holds_masks

FEWEST = 10  # training pictures that must have a mask
LOOKED_AT = 20  # files whose pixels are looked at
EDGE = 32  # of 255: greys as far from black and from the brightest are those of a mask's border
PLAIN = 0.95  # of a mask's pixels that are black or the brightest
MOST = 0.9  # of a picture that masks cover on average: more is no place to look at


@dataclass(frozen=True)
class MaskNotes:
    """Masks of the training pictures, beside the answer.

    Attributes:
        where: what `annotations` says, and why.
        rows: how many training pictures have one.
        crop: median height and width of the boxes around them, pixels.
    """

    where: Choice[str]
    rows: int
    crop: tuple[int, int]


def find_mask_notes(source: Source, tables: Sequence[str], competition: Competition) -> MaskNotes | None:
    """Returns masks that lie beside a contest's pictures; None where nothing is surely one.

    Files are in a folder, or have names, that say so, are called as pictures of training, have their sizes
    and hold two colours: some are looked at. A table has the id and one column of run lengths.

    Args:
        source: the competition's files.
        tables: names of those that nothing else reads.
        competition: the training pictures.
    """
    found = _in_files(source, competition)
    for name in sorted(tables):
        found = found or _in_table(source, competition, name)
    return found


def _in_files(source: Source, competition: Competition) -> MaskNotes | None:
    seen = {*competition.picture_files().values(), *competition.picture_files(test=True).values()}
    masks = [name for name in source.names() if is_picture(name) and name not in seen]
    masks = [name for name in masks if is_mask(PurePosixPath(name))]
    stems = {PurePosixPath(key).stem for key in competition.ids.tolist()} | set(competition.ids.tolist())
    patterns = Counter(one for name in masks if (one := _of_one(name, stems, "{" + competition.id + "}")))
    picture_of = _pictures(competition)
    for pattern, count in patterns.most_common():
        if count < FEWEST:
            break
        matching = FilePattern(pattern).matches(masks)
        pairs = [(name, picture_of[key]) for name, (key,) in matching if key in picture_of]
        sides = _sides_of_files(source, pairs)
        if notes := _notes(pattern, len({picture for _, picture in pairs}), sides, competition):
            return notes
    return None


def _in_table(source: Source, competition: Competition, name: str) -> MaskNotes | None:
    if not _holds_masks(source, name, competition.id):
        return None
    try:
        drawn = read_drawn_masks(source, name, competition, LARGEST_SIDE, threads=1)
    except DataError:
        return None
    some = np.flatnonzero(drawn.known)[:LOOKED_AT].tolist()
    sides = [_sides(drawn.task.known.labels(row)) for row in some if drawn.task.known.count(row)]
    return _notes(name, int(drawn.known.sum()), sides, competition)


def _notes(
    annotations: str, rows: int, sides: Sequence[tuple[int, int]], competition: Competition
) -> MaskNotes | None:
    """Returns what is known of masks; None where they are few, or show nothing."""
    if rows < FEWEST or not sides:
        return None
    height, width = np.median(np.array(sides), axis=0)
    reason = f"{rows:,} of {len(competition.ids):,} training pictures have a mask"
    return MaskNotes(Choice(annotations, reason), rows, (int(height), int(width)))


def _sides(mask: np.ndarray) -> tuple[int, int]:
    """Returns height and width of the box around what a mask shows, which is something."""
    down, across = np.nonzero(mask)
    return int(np.ptp(down)) + 1, int(np.ptp(across)) + 1


def _of_one(name: str, stems: set[str], field: str) -> str | None:
    """Returns the pattern of a mask that is called as a picture, or lies in a folder called so."""
    path = PurePosixPath(name)
    stem = ENDING.sub("", path.stem)
    if stem in stems:
        return str(path.with_name(field + path.name.removeprefix(stem)))
    for place, part in enumerate(path.parts[:-1]):
        if part in stems:
            return "/".join([*path.parts[:place], field, *path.parts[place + 1 : -1], f"*{path.suffix}"])
    return None


def _sides_of_files(source: Source, pairs: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Returns the sides of boxes around some masks; none where some file is no mask of its picture.

    A mask has two colours and its picture's size, and masks do not cover all of their pictures.

    Args:
        source: the competition's files.
        pairs: a mask's file, and its picture's.
    """
    if not pairs:
        return []
    some = [pairs[at] for at in np.unique(np.linspace(0, len(pairs) - 1, LOOKED_AT).astype(int))]
    try:
        masks = [decode(source.read(name), 1, name)[:, :, 0] for name, _ in some]
        sizes, _ = image_sizes(source.open, [picture for _, picture in some])
    except DataError:
        return []
    same = [mask.shape for mask in masks] == [tuple(size) for size in sizes.tolist()]
    covered = np.mean([_covered(mask) for mask in masks])
    if not same or not 0.0 < covered < MOST:  # a NaN is neither
        return []
    return [_sides(mask > HALF * (mask.max() > 1)) for mask in masks if mask.any()]


def _pictures(competition: Competition) -> Mapping[str, str]:
    """Returns id, and id without its ending, -> the file of a training picture."""
    files = competition.picture_files()
    return {PurePosixPath(key).stem: file for key, file in files.items()} | files


def _covered(mask: np.ndarray) -> float:
    """Returns the share of a picture that is bright; NaN where it has more than two colours."""
    top = int(mask.max())
    edge = EDGE * top / 255 if top > 2 * EDGE else 0
    bright, dark = mask >= top - edge, mask <= edge
    return float((bright & ~dark).mean()) if (bright | dark).mean() >= PLAIN else float("nan")


def _holds_masks(source: Source, name: str, key: str) -> bool:
    """Says whether a table is an id and run lengths."""
    try:
        table = read_table(source, name, (key,))
    except DataError:
        return False
    others = [column for column in table.columns if column != key]
    return key in table.columns and len(others) == 1 and holds_masks(as_text(table[others[0]]).tolist())
