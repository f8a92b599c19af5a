"""Networks in a chain: one finds boxes or points, the next sees each picture through them.

A coordinate network learns and predicts fractions of its own picture. They go back to pixels of the
source through the inverse of the view that it saw the picture by, and only then decide what the next
network sees: of a training picture by the fold model that was not trained on it, of a test picture
by the mean of all fold models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.annotations import Annotations, read_annotations
from pipeline.data.competition import Competition
from pipeline.data.folds import Fold, Folds
from pipeline.data.source import Source
from pipeline.networks.config import CNNConfig, finds_boxes
from pipeline.networks.coordinates import to_fractions, to_points
from pipeline.tasks.coordinates import CoordinateTask
from pipeline.transforms.views import Views, box_corners, corners_box
from pipeline.validation.cross_validation import out_of_fold
from pipeline.validation.fold_output import FoldOutput

Outputs = Iterable[tuple[Fold, FoldOutput]]


@dataclass(frozen=True)
class Coordinates:
    """Coordinates that a network finds in every picture, out-of-fold, in pixels of the source.

    Attributes:
        names: of the columns.
        train: float64 (rows, columns); of each row by models that were not trained on its fold.
        test: float64 (test rows, columns).
        error: distances to the annotations in pixels: median and 90th percentile over the points (or
            corners) of annotated rows that a fold scores, and the number of these rows.
    """

    names: tuple[str, ...]
    train: np.ndarray
    test: np.ndarray
    error: tuple[float, float, int]

    def line(self, name: str) -> str:
        """Says how far it is off."""
        median, most, rows = self.error
        return f"{name}: off by {median:.1f} px in the median (90 %: {most:.1f}), {rows} annotated pictures"

    def save(self, folder: Path) -> None:
        np.save(folder / "train.npy", self.train)
        np.save(folder / "test.npy", self.test)
        facts = {"names": self.names, "error": self.error}
        (folder / "coordinates.json").write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Coordinates:
        facts = json.loads((folder / "coordinates.json").read_text(encoding="utf-8"))
        train, test = (np.load(folder / f"{side}.npy", allow_pickle=False) for side in ("train", "test"))
        return cls(tuple(facts["names"]), train, test, tuple(facts["error"]))


def annotations_of(source: Source, competition: Competition, name: str, section: ModelConfig) -> Annotations:
    """Reads what people drew for a coordinate network.

    Raises:
        DataError: the file does not fit the competition.
    """
    if not isinstance(section, CNNConfig) or section.annotations is None:
        raise ValueError(f"Model {name!r} has no annotations to learn from.")
    return read_annotations(
        source,
        section.annotations,
        competition.id,
        competition.ids.tolist(),
        [*competition.test_ids, *(key for ids in competition.left_out.values() for key in ids)],
        finds_boxes(section),
    )


def coordinates_of(
    annotations: Annotations, folds: Folds, outputs: Outputs, seen: tuple[Views, Views], box: bool
) -> Coordinates:
    """Brings what the fold models of a coordinate network found back to the source pictures.

    Args:
        annotations: that it has learned from.
        folds: that it was trained on.
        outputs: of every fold: fractions of the pictures that it saw.
        seen: through which it saw the training and the test pictures.
        box: whether it finds boxes, not points.
    """
    rows = folds.assignment.shape[1]
    train, test = (
        to_source(values, views, box)
        for values, views in zip(out_of_fold(rows, folds, outputs), seen, strict=True)
    )
    scored = np.ones(rows, bool)
    scored[folds.pinned] = False
    return Coordinates(annotations.names, train, test, error_of(train, annotations, scored))


def to_view(values: np.ndarray, views: Views, box: bool) -> np.ndarray:
    """Returns coordinates in source pixels as fractions of the pictures that a network sees.

    Args:
        values: (rows, columns): boxes x1, y1, x2, y2, or x and y of each point. NaN stays NaN.
        views: of the same rows.
        box: whether they are boxes; of a turned one the upright box around it is taken.
    """
    points = box_corners(values) if box else values.reshape(len(values), -1, 2)
    return to_fractions(views.apply(points), views.size, box)


def to_source(fractions: np.ndarray, views: Views, box: bool) -> np.ndarray:
    """Returns float64 (rows, columns) in source pixels; the inverse of `to_view` for upright views."""
    points = views.invert(to_points(fractions, views.size, box))
    return corners_box(points) if box else points.reshape(len(points), -1)


def error_of(found: np.ndarray, annotations: Annotations, scored: np.ndarray) -> tuple[float, float, int]:
    """Returns how far points, or two corners of boxes, are off: median and 90th percentile in pixels.

    Args:
        found: (all rows, columns) in source pixels.
        annotations: of the same rows.
        scored: bool (all rows,), the rows that a fold scores.

    Returns:
        The two distances, and the number of rows that they are of.
    """
    counted = scored & annotations.known
    return CoordinateTask.distances(annotations.values[counted], found[counted])
