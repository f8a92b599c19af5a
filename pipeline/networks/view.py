"""How a network sees pictures through the boxes or points that another one found."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from pipeline.config.section import Section
from pipeline.errors import ConfigError
from pipeline.transforms.views import Views, from_axis, from_boxes, whole


class ViewConfig(Section):
    """A crop by another network's coordinates; with `axis` by its points, else by its boxes."""

    by: str = Field(description="the network whose boxes or points it follows (its `target`)")
    margin: float = Field(default=0.1, ge=0, description="boxes: added on every side, a share of the box")
    keep_aspect: bool = Field(default=True, description="boxes: grow the box to the proportions of `size`")
    axis: list[int] | None = Field(
        default=None, description="points: the two, by number from 0, that lie level; the second to the right"
    )
    along: float = Field(default=0.5, description="points: the crop's middle, from 0 (first) to 1 (second)")
    width: float = Field(default=2.0, gt=0, description="points: of the crop, in distances of the two")
    height: float = Field(default=1.0, gt=0, description="points: of the crop, in distances of the two")


def make_views(
    config: ViewConfig | None, coordinates: np.ndarray | None, sizes: np.ndarray, size: tuple[int, int]
) -> tuple[Views, np.ndarray]:
    """Returns the views of pictures, and bool (rows,): True where one fell back to its whole picture.

    Args:
        config: the rule of the crop, or None for whole pictures.
        coordinates: (rows, 4) boxes or (rows, 2n) points in source pixels; None without a rule.
        sizes: (rows, 2), height and width of each picture in pixels.
        size: (height, width) of the network's picture.

    Raises:
        ConfigError: the axis names a point that the other network does not find.
    """
    if config is None or coordinates is None:
        return whole(sizes, size), np.zeros(len(sizes), bool)
    if config.axis is None:
        return from_boxes(coordinates, sizes, size, config.margin, config.keep_aspect)
    points = coordinates.reshape(len(coordinates), -1, 2)
    if max(config.axis) >= points.shape[1]:
        raise ConfigError(
            f"`view.axis` names points of {config.by!r}, which finds {points.shape[1]}, counted from 0. "
            f"Received: {config.axis}."
        )
    return from_axis(points[:, config.axis], sizes, size, config.along, config.width, config.height)
