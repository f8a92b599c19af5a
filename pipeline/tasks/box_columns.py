"""Boxes whose numbers stand in columns of their own, a row of the file for each box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.errors import DataError, listing
from pipeline.tasks.box_form import BoxForm

NAMES = {
    "x": ("x", "xmin", "x1", "left", "x0"),
    "y": ("y", "ymin", "y1", "top", "y0"),
    "width": ("width", "w", "bboxwidth"),
    "height": ("height", "h", "bboxheight"),
    "right": ("right", "xmax", "x2"),
    "bottom": ("bottom", "ymax", "y2"),
}
"""What columns are called, without their underscores."""


def field_of(name: str) -> str:
    """Returns which number of a box a column holds, by its name; "label" for none of them."""
    bare = name.lower().replace("_", "").replace("-", "").removeprefix("bbox").removeprefix("box")
    return next((field for field, names in NAMES.items() if bare in names), "label")


def are_boxes(fields: Sequence[str]) -> bool:
    """Says whether columns are the numbers of a box, or of a point, each once."""
    whole = ({"x", "y", "width", "height"}, {"x", "y", "right", "bottom"}, {"x", "y"})
    return set(fields) in whole and len(set(fields)) == len(fields)


def cells_of(columns: Mapping[str, Sequence[str]], ids: np.ndarray) -> tuple[list[str], BoxForm]:
    """Returns a cell of all boxes for each picture, and its form.

    Args:
        columns: by name a cell of each picture, a line for each box.
        ids: of the pictures.

    Raises:
        DataError: columns that are no box's, or of which one has other lines than another.
    """
    fields = [field_of(name) for name in columns]
    known = [name for name in fields if name != "label"]
    if not are_boxes(known) or len(fields) > len(known) + 1:
        raise DataError(
            "The columns of a box are x, y, width and height, or the corners' xmin, ymin, xmax and ymax, and "
            f"at most one of its class. `data.target` has: {listing(columns)}."
        )
    if named := [name for name, field in zip(columns, fields, strict=True) if field == "label"]:
        wide = sorted(
            {line for cell in columns[named[0]] for line in cell.split("\n") if " " in line.strip()}
        )
        if wide:
            raise DataError(f"Classes of boxes are words. {named[0]!r} has: {listing(wide)}.")
    found = []
    for place, key in enumerate(ids):
        lines = {
            field: [line for line in cells[place].split("\n") if line.strip()]
            for field, cells in zip(fields, columns.values(), strict=True)
        }
        count = len(lines["x"])
        if any(len(lines[field]) != count for field in (known if count == 0 else fields)):
            raise DataError(
                f"The boxes of {str(key)!r} have not as many cells in each of {listing(columns)}."
            )
        found.append("\n".join(" ".join(lines[field][n] for field in fields) for n in range(count)))
    return found, BoxForm(tuple(fields))
