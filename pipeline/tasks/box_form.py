"""Boxes as text: "0.9 12 30 40 20", "car 12 30 52 50", "U+3042 120 88"; told by what cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pipeline.errors import DataError
from pipeline.tasks.answer import number_text
from pipeline.tasks.box_array import corners_of, there

NONE = ("", "-1")  # cells of a picture without a box
SIDES = ("x", "y", "width", "height")
CORNERS = ("x", "y", "right", "bottom")
POINT = ("x", "y")
TRAINING = {4: SIDES, 5: ("label", *SIDES), 3: ("label", *POINT)}  # by words of a box, the likeliest first
ANSWERS = {
    True: {6: ("label", "confidence", *SIDES), 5: ("label", *SIDES), 3: ("label", *POINT)},
    False: {5: ("confidence", *SIDES), 4: SIDES, 3: ("confidence", *POINT), 2: POINT},
}
SLACK = 1.02  # of a picture's side, by which a box may leave it
MANY = 0.01  # of the boxes, that may leave it by more
DIGITS, SHARE_DIGITS, SURE_DIGITS = 2, 5, 4  # after the point: of pixels, of shares, of confidences
BETWEEN = re.compile(r"[\s,;\[\](){}'\"]+")
LOOKED_AT = 1000  # cells

Size = Sequence[int] | np.ndarray


def words_of(cell: str) -> list[str]:
    """Returns the words of a cell: numbers and labels; brackets and commas stand between them."""
    return [] if cell.strip() in NONE else [word for word in BETWEEN.split(cell) if word]


def is_number(word: str) -> bool:
    """Says whether a word is a finite number."""
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


@dataclass(frozen=True)
class BoxForm:
    """Writing of boxes in a cell, one after the other.

    Attributes:
        fields: words of a box in their order: "label", "confidence", "x" and "y" (upper left corner, or
            the middle where there are no sides), "width" and "height", or "right" and "bottom".
        shares: numbers are shares of the picture's sides; otherwise pixels.
        whole: pixels are written without digits after the point.

    Example:
        >>> form = BoxForm(("confidence", "x", "y", "width", "height"))
        >>> labels, corners = form.read("1 10 20 30 40", (100, 200))
        >>> corners.tolist()
        [[0.05, 0.2, 0.2, 0.6]]
    """

    fields: tuple[str, ...] = ("confidence", *SIDES)
    shares: bool = False
    whole: bool = False

    @property
    def labelled(self) -> bool:
        return "label" in self.fields

    @property
    def points(self) -> bool:
        """Whether a box is its middle alone."""
        return "width" not in self.fields and "right" not in self.fields

    def read(self, cell: str, size: Size) -> tuple[list[str], np.ndarray]:
        """Returns the labels of a cell's boxes ("" without), and float64 (n, 4): corners as shares.

        Args:
            cell: of one picture.
            size: its height and width, pixels.

        Raises:
            DataError: the cell holds something else.
        """
        words, step = words_of(cell), len(self.fields)
        if len(words) % step:
            raise DataError(
                f"A box is {step} words ({' '.join(self.fields)}), and the cell has {len(words)}: "
                f"{cell[:80]!r}."
            )
        rows = [words[start : start + step] for start in range(0, len(words), step)]
        at = {name: place for place, name in enumerate(self.fields)}
        numbers = [name for name in self.fields if name not in ("label", "confidence")]
        if wrong := [row[at[name]] for row in rows for name in numbers if not is_number(row[at[name]])]:
            raise DataError(f"{' '.join(self.fields)}: {wrong[0]!r} is no number.")
        values = {name: np.array([float(row[at[name]]) for row in rows]) for name in numbers}
        scale = (1.0, 1.0) if self.shares else (float(max(size[0], 1)), float(max(size[1], 1)))
        low = [values["x"], values["y"]]
        if self.points:
            high = low
        elif "right" in at:
            high = [values["right"], values["bottom"]]
        else:
            high = [low[0] + values["width"], low[1] + values["height"]]
        corners = np.stack([low[0] / scale[1], low[1] / scale[0], high[0] / scale[1], high[1] / scale[0]], 1)
        return [row[at["label"]] if "label" in at else "" for row in rows], corners

    def write(self, row: np.ndarray, size: Size, outputs: Sequence[str], decimals: int | None = None) -> str:
        """Returns the cell of a row's boxes, the most confident first.

        Args:
            row: `BOX` (n,).
            size: height and width of the picture, pixels.
            outputs: names of the classes.
            decimals: digits after the point; None: as many as are worth it.
        """
        boxes = there(row)
        corners = corners_of(boxes)
        if not self.shares:
            corners = corners * [size[1], size[0], size[1], size[0]]
        digits = SHARE_DIGITS if self.shares else 0 if self.whole else DIGITS
        digits = digits if decimals is None else decimals
        if self.whole:
            corners = np.rint(corners)
        left, top, right, bottom = corners.T
        values = {"x": left, "y": top, "right": right, "bottom": bottom}
        values |= {"width": right - left, "height": bottom - top}
        if self.points:
            values |= {"x": (left + right) / 2.0, "y": (top + bottom) / 2.0}
        written = {name: [number_text(one, digits) for one in column] for name, column in values.items()}
        sure = SURE_DIGITS if decimals is None else decimals
        written["confidence"] = [number_text(one, sure) for one in boxes["confidence"]]
        written["label"] = [outputs[int(label)] for label in boxes["label"]]
        return " ".join(" ".join(written[name][place] for name in self.fields) for place in range(len(boxes)))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> BoxForm:
        return cls(tuple(facts["fields"]), facts["shares"], facts["whole"])


def find_form(cells: Iterable[str], sizes: np.ndarray) -> BoxForm:
    """Returns the form of a training table's cells.

    Words that are no numbers are labels; fours are x, y, width and height unless boxes would leave their
    pictures, then they are corners.

    Args:
        cells: of the rows.
        sizes: int64 (rows, 2), height and width of their pictures.

    Raises:
        DataError: no form fits all of them.
    """
    held = [(words_of(cell), size) for cell, size in zip(cells, sizes, strict=True)]
    held = [(words, size) for words, size in held if words][:LOOKED_AT]
    if not held:
        raise DataError("No picture has a box.")
    step = _step([words for words, _ in held], TRAINING)
    if step is None:
        raise DataError(
            "Boxes are read as `x y width height`, `label x y width height` or `label x y`, one after the "
            f"other. Received: {' '.join(held[0][0][:12])!r}."
        )
    return with_scale(BoxForm(TRAINING[step]), [(" ".join(words), size) for words, size in held])


def look_like_boxes(lines: Sequence[str]) -> bool:
    """Says whether lines are boxes and nothing else.

    They are lists of four numbers, fours of numbers in strings of which some hold several, or a label that
    is no number before each four or pair.
    """
    held = [words_of(line) for line in lines]
    step = _step(held, TRAINING) if held else None
    if step is None:
        return False
    if step == 4:
        listed = all(line.lstrip().startswith(("[", "(")) for line in lines)
        return listed or any(len(words) > 4 for words in held)
    return not any(is_number(word) for words in held for word in words[::step])


def ask_for_points(samples: Iterable[str]) -> bool:
    """Says whether a sample's cells are labels, which are no numbers, each with a point: "U+3042 120 88"."""
    held = [words for words in map(words_of, samples) if words]
    pointed = bool(held) and _step(held, {3: ("label", *POINT)}) is not None
    return pointed and not any(is_number(word) for words in held for word in words[::3])


def with_scale(form: BoxForm, cells: Sequence[tuple[str, np.ndarray]]) -> BoxForm:
    """Returns the form with what numbers alone tell: shares or pixels, sides or corners, whole or not.

    Args:
        form: whose fields are known.
        cells: with height and width of each picture.
    """
    read = [replace(form, shares=True).read(cell, size)[1] for cell, size in cells]
    sizes = np.repeat(np.array([size for _, size in cells]), [len(one) for one in read], axis=0)
    values = np.concatenate(read)  # as they stand, sides added
    form = replace(form, shares=bool(values[:, :2].max() <= 1.0 and (sizes > 2).all()))
    sides = np.ones((len(sizes), 2)) if form.shares else sizes[:, ::-1]
    last = values[:, 2:] - values[:, :2]  # as it stands
    if "width" in form.fields:
        leave = (values[:, 2:] > SLACK * sides).any(axis=1).mean()
        ordered = (last > values[:, :2]).all(axis=1).mean()
        if leave > MANY and ordered > 1.0 - MANY:
            form = replace(
                form, fields=tuple({"width": "right", "height": "bottom"}.get(n, n) for n in form.fields)
            )
    whole = bool((values == np.rint(values)).all()) and not form.shares
    return replace(form, whole=whole)


def answer_form(trained: BoxForm, samples: Sequence[str], outputs: Sequence[str]) -> BoxForm:
    """Returns the form of a submission's cells: as the sample shows, in the numbers of the training table.

    Where the sample shows nothing it is the confidence before the box, and the label before that.

    Args:
        trained: form of the training table.
        samples: the sample's cells, each text once.
        outputs: names of the classes.
    """
    held = [words for words in map(words_of, samples) if words]
    known = ANSWERS[trained.labelled]
    step = _step(held, known) if held else None
    fields = known[step or (6 if trained.labelled else 5)]
    if step is None and trained.points:
        fields = ("label", *POINT) if trained.labelled else ("confidence", *POINT)
    if "label" in fields and "confidence" in fields and held:
        first, second = held[0][:2]
        if first not in outputs and second in outputs:
            fields = ("confidence", "label", *fields[2:])
    if "right" in trained.fields:
        fields = tuple({"width": "right", "height": "bottom"}.get(name, name) for name in fields)
    return BoxForm(fields, trained.shares, trained.whole)


def empty_cell(form: BoxForm, samples: Sequence[str], outputs: Sequence[str]) -> str:
    """Returns the cell of a picture without a box: the sample's, where it names a class that no box has."""
    cells = {sample.strip() for sample in samples}
    words = words_of(next(iter(cells))) if len(cells) == 1 else []
    if form.labelled and len(words) == len(form.fields) and words[form.fields.index("label")] not in outputs:
        return next(iter(cells))
    return ""


def _step(held: Sequence[Sequence[str]], known: dict[int, tuple[str, ...]]) -> int | None:
    """Returns how many words a box has; None where none of those that are known fits."""
    for step, fields in known.items():
        label = fields.index("label") if "label" in fields else None
        if all(len(words) % step == 0 for words in held) and all(
            place % step == label or is_number(word) for words in held for place, word in enumerate(words)
        ):
            return step
    return None
