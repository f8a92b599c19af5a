"""Masks that people drew on training pictures, beside the answer: files, or a CSV of run lengths."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.data.annotations import check_ids
from pipeline.data.columns import as_text
from pipeline.data.competition import Competition
from pipeline.data.file_pattern import FilePattern
from pipeline.data.located import album_of
from pipeline.data.mask_files import cell_of
from pipeline.data.source import Source
from pipeline.data.tables import read_table
from pipeline.errors import DataError, Problems, listing
from pipeline.tasks.mask import Mask
from pipeline.tasks.mask_cells import grid_of, read_truth, truth_of
from pipeline.tasks.mask_truth import MaskTruth
from pipeline.tasks.rle import NONE, RunLengths, is_rle

FACTS, KNOWN = "drawn.json", "drawn_known.npy"
OUTPUTS = ("mask",)

Cells = dict[str, list[str]]  # id of a picture -> run lengths, a line for each object; none: not annotated


@dataclass(frozen=True)
class DrawnMasks:
    """Masks of training pictures that are no answers.

    Attributes:
        task: what a network of them learns; it knows the masks of the training rows.
        known: bool (rows,), the pictures that somebody looked at; their mask may be empty.
    """

    task: Mask
    known: np.ndarray

    @property
    def target(self) -> np.ndarray:
        """Float64 (rows, 1): the number by which the task knows each row; NaN where nobody annotated."""
        return np.where(self.known, np.arange(len(self.known)), np.nan)[:, None]

    def save(self, folder: Path) -> None:
        self.save_grid(folder)
        self.task.save(folder)
        np.save(folder / KNOWN, self.known)

    def save_grid(self, folder: Path) -> None:
        """Writes what predicting needs, and no mask."""
        facts = {"height": self.task.height, "width": self.task.width}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> DrawnMasks:
        """Reads what `save` or `save_grid` wrote; the folder's name tells its masks from others."""
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        task = Mask(OUTPUTS, **facts, beside=folder.name)
        if not (folder / KNOWN).exists():
            return cls(task, np.zeros(0, bool))
        known = np.load(folder / KNOWN, allow_pickle=False)
        return cls(task.with_truth(MaskTruth.load(folder)), known)


def read_drawn_masks(
    source: Source, annotations: str, competition: Competition, largest: int, threads: int
) -> DrawnMasks:
    """Reads masks and puts them into the order of the training rows.

    Args:
        source: the competition's files.
        annotations: a pattern of files, "masks/{id}.png" or "masks/{id}/*.png", one for each object; or the
            name of a CSV of the id and run lengths, a row for each picture or each object.
        competition: has the training pictures.
        largest: pixels of a side of the grid, at most.
        threads: that read the pictures' headers.

    Raises:
        DataError: no training picture has a mask, none shows anything, a file is no picture, ids or cells
            that do not fit.
    """
    where = f"{source.root}: {annotations}"
    album = album_of({"pictures": tuple(competition.picture_files().values())}, "train", source, threads)
    in_files = "{" in annotations
    cells = (_of_files if in_files else _of_table)(source, annotations, competition)
    known = np.array([key in cells for key in competition.ids.tolist()], bool)
    rows = [cells.get(key, []) for key in competition.ids.tolist()]
    if not known.any():
        raise DataError(f"{where} has the mask of no training picture.")
    if not any(rows):
        raise DataError(f"{where}: the masks of all {int(known.sum())} annotated pictures are empty.")
    ids = lambda: competition.ids  # noqa: E731
    try:
        truth = (
            truth_of(RunLengths(), album.sizes(), ids, rows) if in_files else read_truth(album, ids, rows)[1]
        )
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    height, width = grid_of(truth.sizes[known], largest)
    return DrawnMasks(Mask(OUTPUTS, height, width, truth=truth), known)


def _of_files(source: Source, annotations: str, competition: Competition) -> Cells:
    pattern = FilePattern(annotations)
    if pattern.fields != [competition.id]:
        raise DataError(
            f"`annotations`: {annotations!r} must name the id column in braces, {{{competition.id}}}, and no "
            f"other. Received: {listing(pattern.fields) or 'none'}."
        )
    found, cells = pattern.index(source.names()), Cells()
    for key, picture in competition.picture_files().items():
        names = found.get((key,)) or found.get((PurePosixPath(key).stem,))  # an id may be a file's name
        if names:
            cells[key] = [line for name in sorted(names) if (line := cell_of(source, name, picture))]
    return cells


def _of_table(source: Source, annotations: str, competition: Competition) -> Cells:
    key, where = competition.id, f"{source.root}: {annotations} holds no masks:"
    table = read_table(source, annotations, (key,))
    others = [str(name) for name in table.columns if name != key]
    problems = Problems()
    if key not in table.columns:
        problems.add(f"no id column {key!r}. It has: {listing(table.columns)}.")
    if len(others) != 1:
        problems.add(f"run lengths stand in one column beside the id. Received: {listing(others) or 'none'}.")
    problems.raise_if_any(DataError, where)
    given = table[key].to_numpy(str)
    unseen = [*competition.test_ids, *(one for ids in competition.left_out.values() for one in ids)]
    check_ids(given, competition.ids.tolist(), unseen, problems)
    cells = Cells()
    for name, cell in zip(given.tolist(), as_text(table[others[0]]).tolist(), strict=True):
        lines = [line for line in cell.split("\n") if line.strip() not in NONE]
        cells.setdefault(name, []).extend(lines)
    if wrong := [name for name, lines in cells.items() if not all(map(is_rle, lines))]:
        problems.add(f"cells of {others[0]!r} that are no run lengths that rise: {listing(wrong)}.")
    problems.raise_if_any(DataError, where)
    return cells
