"""Finders: networks that learn what people drew on pictures, and whose finds give others their views."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.data.annotations import Annotations
from pipeline.data.drawn_masks import DrawnMasks
from pipeline.data.folds import Folds
from pipeline.errors import ConfigError
from pipeline.inputs.images.part import Pictures
from pipeline.run.coordinates import Coordinates, Outputs, coordinates_of, to_source, to_view
from pipeline.run.mask_places import places_by_fold, places_in
from pipeline.tasks.base import Task
from pipeline.tasks.coordinates import CoordinateTask
from pipeline.tasks.mask import Mask


class Finder(ABC):
    """Drawings that a network learns, and the places in source pictures where it finds the like."""

    @property
    @abstractmethod
    def task(self) -> Task:
        """Task of its predictions."""

    @abstractmethod
    def target(self, pictures: Pictures) -> np.ndarray:
        """Returns what it learns of the training pictures as it sees them; NaN where nobody drew anything."""

    @abstractmethod
    def found(self, folds: Folds, outputs: Outputs, seen: tuple[Pictures, Pictures]) -> Coordinates:
        """Returns where it finds things, out-of-fold, in pixels of the source.

        Args:
            folds: that it was trained on.
            outputs: of every fold.
            seen: the training and the test pictures as it saw them.
        """

    @abstractmethod
    def places(self, values: np.ndarray, pictures: Pictures) -> np.ndarray:
        """Returns (rows, columns) in pixels of the source, of predictions for pictures as it saw them."""


@dataclass(frozen=True)
class CoordinateFinder(Finder):
    """Boxes or points, learned as fractions of the picture that the network sees.

    Attributes:
        drawn: reads what people drew.
        box: whether they are boxes, not points.
        names: of the coordinates, where they are known without; else ().
    """

    drawn: Callable[[], Annotations]
    box: bool
    names: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        return CoordinateTask(self.names or self.drawn().names, box=self.box)

    def target(self, pictures: Pictures) -> np.ndarray:
        return to_view(self.drawn().values, pictures.through, self.box)

    def found(self, folds: Folds, outputs: Outputs, seen: tuple[Pictures, Pictures]) -> Coordinates:
        views = (seen[0].through, seen[1].through)
        return coordinates_of(self.drawn(), folds, outputs, views, self.box)

    def places(self, values: np.ndarray, pictures: Pictures) -> np.ndarray:
        return to_source(values, pictures.through, self.box)


@dataclass(frozen=True)
class MaskFinder(Finder):
    """Masks: the boxes and long axes of what is drawn.

    Attributes:
        mask: what the network predicts.
        drawn: what people drew beside the answer; None where masks are the answer.
    """

    mask: Mask
    drawn: DrawnMasks | None = None

    @property
    def task(self) -> Task:
        return self.mask

    def target(self, pictures: Pictures) -> np.ndarray:
        if self.drawn is None:
            raise ValueError("Masks that are the answer are the competition's target.")
        return self.drawn.target

    def found(self, folds: Folds, outputs: Outputs, seen: tuple[Pictures, Pictures]) -> Coordinates:
        sizes = (seen[0].known_sizes, seen[1].known_sizes)
        return places_by_fold(self.mask, folds, outputs, sizes, self.drawn)

    def places(self, values: np.ndarray, pictures: Pictures) -> np.ndarray:
        return places_in(self.mask, values, pictures.known_sizes)


def drawn_finder(drawn: DrawnMasks) -> Finder:
    """Returns the finder of a network that learns masks beside the answer."""
    return MaskFinder(drawn.task, drawn)


def answering(task: Task, name: str) -> Finder:
    """Returns the finder of a model that answers the competition: with masks.

    Raises:
        ConfigError: its answers are nothing that a view could follow.
    """
    if not isinstance(task, Mask):
        raise ConfigError(f"`view.by`: {name!r} draws no masks: this is a task of {task.kind}.")
    return MaskFinder(task)
