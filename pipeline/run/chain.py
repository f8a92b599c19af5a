"""Networks in a chain: one finds boxes or points, the next sees each picture through them.

A coordinate network learns and predicts fractions of its own picture. They go back to pixels of the
source through the inverse of the view that it saw the picture by, and only then decide what the next
network sees: of a training picture by the fold model that was not trained on it, of a test picture
by the mean of all fold models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.annotations import Annotations, read_annotations
from pipeline.data.competition import Competition
from pipeline.data.folds import Fold, Folds
from pipeline.data.rows import Dataset
from pipeline.networks.config import CNNConfig
from pipeline.networks.coordinates import to_fractions, to_points
from pipeline.run.plan import Plan
from pipeline.tasks.base import Task
from pipeline.transforms.views import Views, box_corners, corners_box
from pipeline.validation.cross_validation import out_of_fold
from pipeline.validation.fold_output import FoldOutput

Outputs = Iterable[tuple[Fold, FoldOutput]]


@dataclass(frozen=True)
class Coordinates:
    """Where a network finds something in every picture, in pixels of the source.

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


def finds_boxes(section: ModelConfig) -> bool:
    """Says whether a coordinate network finds boxes, not points."""
    return isinstance(section, CNNConfig) and section.target == "box"


def annotations_of(plan: Plan, competition: Competition, name: str) -> Annotations:
    """Reads what people drew for a coordinate network.

    Raises:
        DataError: the file does not fit the competition.
    """
    section = plan.config.models[name]
    if not isinstance(section, CNNConfig) or section.annotations is None:
        raise ValueError(f"Model {name!r} has no annotations to learn from.")
    return read_annotations(
        plan.source,
        section.annotations,
        competition.id,
        competition.ids.tolist(),
        [*competition.test_ids, *(key for ids in competition.left_out.values() for key in ids)],
        finds_boxes(section),
    )


def task_of(plan: Plan, competition: Competition, name: str) -> Task:
    """Returns what a model predicts: the competition's answer, or a value per coordinate."""
    if plan.config.models[name].answers():
        return competition.task
    return Task("regression", annotations_of(plan, competition, name).names)


def with_target(plan: Plan, competition: Competition, name: str, train: Dataset) -> Dataset:
    """Returns the training rows with what a model learns of them: see `task_of`.

    A coordinate network learns fractions of the picture that it sees; NaN where nobody annotated.
    """
    section = plan.config.models[name]
    if section.answers():
        return train
    values = annotations_of(plan, competition, name).values
    return replace(train, target=to_view(values, seen_by(plan, name, "train"), finds_boxes(section)))


def coordinates_of(
    plan: Plan, competition: Competition, folds: Folds, name: str, outputs: Outputs
) -> Coordinates:
    """Brings what the fold models of a coordinate network found back to the source pictures.

    Args:
        plan: where its pictures are.
        competition: its rows.
        folds: that it was trained on.
        name: of the network.
        outputs: of every fold: fractions of the pictures that it saw.
    """
    box, annotations = finds_boxes(plan.config.models[name]), annotations_of(plan, competition, name)
    fractions = out_of_fold(len(competition.ids), folds, outputs)
    train, test = (
        to_source(values, seen_by(plan, name, side), box)
        for side, values in zip(("train", "test"), fractions, strict=True)
    )
    scored = np.ones(len(train), bool)
    scored[folds.pinned] = False
    return Coordinates(annotations.names, train, test, error_of(train, annotations, scored))


def seen_by(plan: Plan, name: str, side: str) -> Views:
    """Returns the views through which a model's pictures were made ("train" or "test")."""
    folder = plan.pixels(name).path
    height, width = np.load(folder / f"{side}.npy", mmap_mode="r").shape[1:3]
    return Views(np.load(folder / f"{side}_affines.npy", allow_pickle=False), (height, width))


def fallback_lines(plan: Plan, name: str, fallen: Mapping[str, np.ndarray]) -> list[str]:
    """Says in how many pictures a model sees the whole, for want of a usable box or axis.

    Args:
        plan: names what its view follows.
        name: of the model.
        fallen: "train" and "test" -> bool (rows,).
    """
    lines = []
    for other in plan.config.models[name].views():
        what = "box" if finds_boxes(plan.config.models[other]) else "axis"
        for side, rows in fallen.items():
            note = ": the whole picture is used" if rows.any() else ""
            lines.append(f"{name}: {rows.sum()} of {len(rows)} {side} pictures have no usable {what}{note}")
    return lines


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
    off = (found - annotations.values)[counted].reshape(-1, 2)
    if not len(off):
        return float("nan"), float("nan"), 0
    median, most = np.percentile(np.hypot(off[:, 0], off[:, 1]), [50, 90])
    return float(median), float(most), int(counted.sum())
