"""A contact sheet: pictures with what was found in them, what a network saw and what it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import StoreError

HEIGHT = 150  # of a tile, pixels
GAP, TITLE = 8, 22
COLOURS = ((255, 196, 0), (0, 220, 255), (255, 90, 90), (120, 255, 120))  # RGB, of outlines and points
STRONGEST = 0.65  # opacity of the map where the evidence is greatest


@dataclass(frozen=True)
class Entry:
    """One picture of the sheet.

    Attributes:
        title: a line of ASCII above it.
        picture: uint8 (height, width, 3), RGB.
        outlines: polygons (corners, 2), x and y in pixels of the picture.
        points: (n, 2) in the same pixels.
        seen: uint8 (height, width, 1 or 3), what the network saw of it.
        evidence: float32 (down, across), as `evidence.occlusion_maps` gives it.
    """

    title: str
    picture: np.ndarray
    outlines: Sequence[np.ndarray]
    points: np.ndarray
    seen: np.ndarray
    evidence: np.ndarray


def write_sheet(entries: Sequence[Entry], path: Path, columns: int = 2) -> None:
    """Draws the entries, each as picture, crop and map side by side, into a PNG.

    Raises:
        StoreError: OpenCV cannot encode it.
    """
    import cv2

    drawn = [_entry(entry) for entry in entries]
    width = max(tile.shape[1] for tile in drawn)
    rows = []
    for start in range(0, len(drawn), columns):
        row = drawn[start : start + columns]
        row += [np.full((1, 1, 3), 255, np.uint8)] * (columns - len(row))
        rows.append(np.hstack([_padded(tile, HEIGHT + TITLE + GAP, width + 2 * GAP) for tile in row]))
    written, data = cv2.imencode(".png", np.vstack(rows)[..., ::-1])
    if not written:
        raise StoreError(f"{path} cannot be written: OpenCV cannot encode the sheet.")
    path.write_bytes(data.tobytes())


def _entry(entry: Entry) -> np.ndarray:
    import cv2

    crop = _tile(entry.seen if entry.seen.shape[2] == 3 else np.repeat(entry.seen, 3, axis=2))
    tiles = [_marked(entry), crop, _heated(crop, entry.evidence)]
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    line = np.hstack([part for tile in tiles for part in (tile, gap)])
    title = np.full((TITLE, line.shape[1], 3), 255, np.uint8)
    cv2.putText(title, entry.title, (2, TITLE - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([title, line])


def _marked(entry: Entry) -> np.ndarray:
    """Returns the picture with its outlines and points."""
    import cv2

    tile, scale = _tile(entry.picture), HEIGHT / entry.picture.shape[0]
    for number, outline in enumerate(entry.outlines):
        corners = _scaled(outline, scale).round().astype(np.int32)
        cv2.polylines(tile, [corners], True, COLOURS[number % len(COLOURS)], 1, cv2.LINE_AA)
    for number, (x, y) in enumerate(_scaled(entry.points, scale).round().astype(int).tolist()):
        cv2.circle(tile, (x, y), 3, COLOURS[(number + 2) % len(COLOURS)], -1, cv2.LINE_AA)
    return tile


def _heated(tile: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Returns the tile under red where the evidence is."""
    import cv2

    strength = evidence / max(float(evidence.max()), 1e-9) * STRONGEST
    share = cv2.resize(strength, tile.shape[1::-1], interpolation=cv2.INTER_NEAREST)[..., None]
    return (tile * (1.0 - share) + np.array([255.0, 30.0, 0.0]) * share).astype(np.uint8)


def _tile(picture: np.ndarray) -> np.ndarray:
    """Returns the picture at the height of a tile, never wider than three times that."""
    import cv2

    width = max(1, min(3 * HEIGHT, round(picture.shape[1] * HEIGHT / picture.shape[0])))
    return cv2.resize(np.ascontiguousarray(picture), (width, HEIGHT), interpolation=cv2.INTER_AREA)


def _scaled(points: np.ndarray, scale: float) -> np.ndarray:
    return np.clip((np.asarray(points, np.float64) + 0.5) * scale - 0.5, -(2**14), 2**14)


def _padded(tile: np.ndarray, height: int, width: int) -> np.ndarray:
    room = np.full((height, width, 3), 255, np.uint8)
    room[: tile.shape[0], : tile.shape[1]] = tile
    return room
