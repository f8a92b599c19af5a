"""Boxes, points and masks that somebody drew on the training pictures: found beside the tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from pipeline.data.annotations import Annotations, read_annotations
from pipeline.data.competition import Competition
from pipeline.data.source import Source
from pipeline.data.tables import read_table
from pipeline.draft.choice import Choice, words
from pipeline.draft.drawn_masks import MaskNotes, find_mask_notes
from pipeline.errors import DataError

BOX_WORDS = {"box", "boxes", "bbox", "bboxes", "bounding", "crop", "crops"}
CORNER = re.compile(r"[xy]_?(\d|min|max)|(left|top|right|bottom)")


@dataclass(frozen=True)
class Drawn:
    """Coordinates of the training pictures.

    Attributes:
        boxes: the file of boxes, and what it holds; None where there is none.
        points: the file of points.
        names: of the points' columns.
        masks: masks, where there are neither boxes nor two points.
        crop: median height and width, pixels, of what a network behind them sees of a picture.
    """

    boxes: Choice[str] | None = None
    points: Choice[str] | None = None
    names: tuple[str, ...] = ()
    masks: MaskNotes | None = None
    crop: tuple[int, int] | None = None

    @property
    def files(self) -> list[str]:
        masks = self.masks.where if self.masks else None
        return [found.value for found in (self.boxes, self.points, masks) if found]

    @property
    def axis(self) -> bool:
        """Whether there are two points, by which a picture can be turned."""
        return len(self.names) >= 4


def find_drawn(source: Source, tables: Sequence[str], competition: Competition) -> Drawn:
    """Looks for coordinates of the training pictures among tables that nothing else reads.

    Args:
        source: the competition's files.
        tables: their names.
        competition: the pictures' ids.
    """
    boxes = points = None
    names: tuple[str, ...] = ()
    crop = None
    for name in sorted(tables, key=lambda name: (name.count("/"), len(name), name)):
        found = _read(source, name, competition)
        if found is None:
            continue
        is_box, read = found
        reason = f"{int(read.known.sum()):,} of {len(read.known):,} training pictures have their coordinates"
        if is_box and boxes is None:
            boxes = Choice(name, reason)
            crop = crop or _sides(read.values)
        elif not is_box and points is None:
            points, names = Choice(name, reason), read.names
            crop = _distance(read.values) or crop
    drawn = Drawn(boxes, points, names, crop=crop)
    if boxes or drawn.axis or not (masks := find_mask_notes(source, tables, competition)):
        return drawn
    return replace(drawn, masks=masks, crop=masks.crop)


def _read(source: Source, name: str, competition: Competition) -> tuple[bool, Annotations] | None:
    """Returns whether a table holds boxes, and its coordinates; None where it holds none."""
    try:
        columns = [str(column) for column in read_table(source, name, (competition.id,)).columns]
        coordinates = [column for column in columns if column != competition.id]
        if competition.id not in columns or not _alternate(coordinates):
            return None
        is_box = len(coordinates) == 4 and (
            bool(BOX_WORDS & set(words(PurePosixPath(name).name)))
            or all(CORNER.fullmatch(column.lower()) for column in coordinates)
        )
        ids, others = competition.ids.tolist(), competition.test_ids.tolist()
        return is_box, read_annotations(source, name, competition.id, ids, others, is_box)
    except DataError:
        return None  # some other table


def _alternate(columns: list[str]) -> bool:
    """Says whether columns are x, y, x, y, ...: "x1", "y_min", "left", "nose_y"."""
    axes = [_axis(column.lower()) for column in columns]
    return len(axes) >= 2 and len(axes) % 2 == 0 and axes == ["x", "y"] * (len(axes) // 2)


def _axis(column: str) -> str:
    if column in ("left", "right"):
        return "x"
    if column in ("top", "bottom"):
        return "y"
    match = re.fullmatch(r"(?:.*[_ .-])?([xy])(?:[_ .-]?(?:\d+|min|max))?", column)
    return match[1] if match else ""


def _sides(values: np.ndarray) -> tuple[int, int]:
    width, height = np.nanmedian(values[:, 2:] - values[:, :2], axis=0)
    return int(height), int(width)


def _distance(values: np.ndarray) -> tuple[int, int] | None:
    """Returns twice the median distance of the first two points, both ways; None for one point."""
    if values.shape[1] < 4:
        return None
    side = 2 * np.nanmedian(np.hypot(*(values[:, 2:4] - values[:, :2]).T))
    return int(side), int(side)
