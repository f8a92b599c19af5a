"""Axes of arrays by their shapes, and the shape that all of them get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.inputs.arrays.medical import MEDICAL, NIFTI
from pipeline.inputs.arrays.shape import BY_NUMBER, SERIES, VOLUMES

MOST_CHANNELS = 64  # of a series
LONG = 4  # times as many steps as channels, of a series whose arrays all have one shape
MOST_COLOURS = 4  # values of each pixel, as in a photograph
MOST_PLANES = 16  # pictures of one array, beyond which they are slices of a volume
LONGEST, WIDEST, DEEPEST = 1024, 64, 16  # steps, pixels and slices that a network sees
USUAL = 0.95  # of the series are no longer than what is kept of each


def usual_dimensions(shapes: Sequence[tuple[int, ...]]) -> int:
    """Returns how many axes most of the arrays have."""
    return Counter(map(len, shapes)).most_common(1)[0][0]


def guess_axes(shapes: Sequence[tuple[int, ...]], name: str = "") -> str:
    """Returns what the axes are (see `data.arrays.axes`), "" where there are more than three.

    Medical files hold pictures and volumes, and say in which order. Of others the shapes tell.

    The axis whose length differs is that of steps or slices; else the longer one is, if it is much longer.

    Args:
        shapes: of arrays that have as many axes.
        name: of one of the files.
    """
    sizes = np.array(shapes)
    if name.lower().endswith(MEDICAL) and sizes.shape[1] in (2, 3):
        flat = sizes.shape[1] == 2 or int(sizes[:, -1].max()) <= MOST_COLOURS
        volume = "HWD" if name.lower().endswith(NIFTI) else "DHW"
        return ("HW", "HWC")[sizes.shape[1] - 2] if flat else volume
    if sizes.shape[1] == 2:
        return _of_two(sizes)
    if sizes.shape[1] == 3:
        return _of_three(sizes)
    return BY_NUMBER.get(sizes.shape[1], "")


def shaping(axes: str, shapes: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    """Returns the keys of `data.arrays` by which arrays become alike, and no larger than they need be.

    They stand there too where all that were looked at are alike: others may not be.

    Args:
        axes: of the arrays.
        shapes: of some of them.
    """
    sizes = np.array(shapes)
    if axes in SERIES:
        long = int(np.ceil(np.quantile(sizes[:, axes.index("T")], USUAL)))
        return {"length": long} if long <= LONGEST else {"length": LONGEST, "fit": "resize"}
    height, width = (float(np.median(sizes[:, axes.index(axis)])) for axis in "HW")
    smaller = min(1.0, WIDEST / max(height, width))
    found: dict[str, Any] = {"size": [max(1, round(height * smaller)), max(1, round(width * smaller))]}
    if axes in VOLUMES:
        found["slices"] = min(DEEPEST, int(np.median(sizes[:, axes.index("D")])))
    return found


def channel_counts(axes: str, shapes: Sequence[tuple[int, ...]]) -> set[int]:
    """Returns how many channels arrays of these shapes have, the slices of a volume among them."""
    axis = next((name for name in "CD" if name in axes), "")
    return {shape[axes.index(axis)] for shape in shapes} if axis else {1}


def _of_two(sizes: np.ndarray) -> str:
    first, last = (bool(np.ptp(sizes[:, axis])) for axis in (0, 1))
    rows, columns = (int(np.median(sizes[:, axis])) for axis in (0, 1))
    if columns <= MOST_CHANNELS and not last and (first or rows >= LONG * columns):
        return "TC"
    if rows <= MOST_CHANNELS and not first and (last or columns >= LONG * rows):
        return "CT"
    return "HW"


def _of_three(sizes: np.ndarray) -> str:
    first, _, last = (bool(np.ptp(sizes[:, axis])) for axis in range(3))
    front, middle, back = (int(np.median(sizes[:, axis])) for axis in range(3))
    if back <= MOST_COLOURS and not last and min(front, middle) > back:
        return "HWC"
    if front <= MOST_PLANES and not first and min(middle, back) >= 2 * front:
        return "CHW"
    if back <= MOST_PLANES and not last and min(front, middle) >= 2 * back:
        return "HWC"
    return "HWD" if (last and not first) or 2 * back <= min(front, middle) else "DHW"
