"""Rows of the data as a person sees them: small pictures, texts, and values with those that are unusual."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import StoreError
from pipeline.inputs.base import Shown
from pipeline.registry import INPUTS, locating
from pipeline.reports.blocks import Block, Folded, Picture, Quote, Values, data_uri
from pipeline.reports.material import Material

if TYPE_CHECKING:
    import pandas as pd

Mark = Callable[[int, np.ndarray], np.ndarray]

SIDE = 160  # pixels of the longer side of a small picture
SMALL = 48  # a picture with fewer is drawn larger, with square pixels
QUALITY = 80
LONGEST_TEXT, LONGEST_VALUE = 420, 60  # letters
MOST_VALUES = 8  # of a row that has more columns, those that are unusual first
ODD = 2.5  # robust standard deviations from the median, beyond which a number is unusual
RARE = 0.02  # share of the rows, below which a category is


def shown_rows(material: Material, rows: Sequence[int], mark: Mark | None = None) -> list[list[Block]]:
    """Returns what a person sees of training rows: blocks, a list for each row.

    Args:
        material: of the run.
        rows: positions.
        mark: draws on a row's picture what was found in it.
    """
    run, found = material.run, [[] for _ in rows]  # type: ignore[var-annotated]
    shop = run.workshop(next(iter(run.plan.models)))
    pictured = any(one.there(run.competition) for one in locating())
    for name in INPUTS:
        one = INPUTS.get(name)()
        if not one.there(run.competition):
            continue
        for place, shown in enumerate(one.shown(shop, rows)):
            if mark and shown.picture is not None:
                shown = replace(shown, picture=mark(rows[place], shown.picture))
            found[place] += _blocks(material, shown, pictured)
    return found


def thumbnail(picture: np.ndarray, side: int = SIDE) -> str:
    """Returns a small copy of a picture uint8 (height, width, 1 or 3) as a data URI, WebP."""
    import cv2

    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    picture = picture.reshape(*picture.shape[:2], -1)
    shown = picture[..., ::-1] if picture.shape[2] == 3 else picture
    exact = max(picture.shape[:2]) < SMALL
    kind, options = (".png", []) if exact else (".webp", [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    _, data = cv2.imencode(kind, np.ascontiguousarray(shown), options)
    return data_uri(data.tobytes(), f"image/{kind[1:]}")


def _blocks(material: Material, shown: Shown, beside_picture: bool) -> list[Block]:
    found: list[Block] = []
    if shown.picture is not None:
        small = max(shown.picture.shape[:2]) < SMALL
        found.append(Picture(thumbnail(shown.picture), "the row's picture", crisp=small))
    found += [Quote(name, cut(text, LONGEST_TEXT)) for name, text in shown.texts.items() if text]
    if shown.values:
        values = Values(_values(material, shown.values))
        found.append(Folded("values", [values]) if beside_picture else values)
    return found


def _values(material: Material, values: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Returns name, value and whether it is unusual; the unusual ones first where there are too many."""
    odd = {name: _oddness(material, name, value) for name, value in values.items()}
    names = list(values)
    if len(names) > MOST_VALUES:
        names = sorted(names, key=lambda name: -odd[name])[:MOST_VALUES]
    return [(name, cut(_text(values[name]), LONGEST_VALUE), odd[name] >= ODD) for name in names]


def _oddness(material: Material, name: str, value: Any) -> float:
    """Returns how far a value is from the usual, in robust deviations; of a category by how rare it is."""
    frame = material.run.competition.train
    if frame is None:
        return 0.0
    if name not in material.usual:
        material.usual[name] = _usual(frame[name])
    usual = material.usual[name]
    if isinstance(usual, tuple):
        middle, spread = usual
        return abs(float(value) - middle) / spread if spread > 0 and np.isfinite(float(value)) else 0.0
    share = usual.get(value, 0.0)
    return ODD + 1 - share if 0 < share < RARE else 0.0


def _usual(column: pd.Series) -> tuple[float, float] | dict[Any, float]:
    """Returns median and robust deviation of numbers; the shares of categories, none of names."""
    if column.dtype.kind in "fiu":
        numbers = column.to_numpy(float)
        known = numbers[np.isfinite(numbers)]
        if not len(known):
            return 0.0, 0.0
        middle = float(np.median(known))
        return middle, float(1.4826 * np.median(np.abs(known - middle)) or known.std())
    shares = column.value_counts(normalize=True, dropna=True)
    return dict(shares) if len(shares) < len(column) / 2 else {}


def _text(value: Any) -> str:
    if value is None or value != value:
        return "missing"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def cut(text: str, most: int) -> str:
    """Returns a text in one line, of so many letters at most."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def shrunk(path: Path, widest: int) -> str:
    """Returns a picture's file as a data URI: WebP, no wider than so many pixels."""
    import cv2

    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise StoreError(f"{path} is no picture any more: delete it, or run again.")
    return thumbnail(picture[..., ::-1], max(widest, 1))
