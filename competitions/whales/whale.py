"""The generated whales: one body for all, and on the head the callosities that tell who it is.

Coordinates on a whale are (u, v) in lengths of the head's axis: the blowhole is at (0, 0), the
bonnet at (1, 0), and v grows to the whale's right as the picture shows it (y points down).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from competitions.whales.noise import fractal_noise

BLOWHOLE = (0.0, 0.0)
BONNET = (1.0, 0.0)
HEAD_BACK = -0.6  # u: the head's end, behind the eyes
RESOLUTION = 96  # texture pixels per length of the axis
U_RANGE, V_RANGE = (-4.5, 1.5), (-1.5, 1.5)  # what the texture covers
CANDIDATES = 2  # drawn for each whale; the one least like the earlier whales is kept

# The body from above: (u, half its width). A right whale is about five head axes long.
OUTLINE = (
    (1.16, 0.00), (1.13, 0.08), (1.05, 0.16), (0.90, 0.24), (0.65, 0.33), (0.30, 0.41), (0.00, 0.43),
    (-0.35, 0.42), (-0.60, 0.44), (-1.00, 0.54), (-1.50, 0.61), (-2.00, 0.58), (-2.60, 0.43),
    (-3.10, 0.25), (-3.50, 0.13), (-3.80, 0.09), (-4.10, 0.04), (-4.20, 0.00),
)  # fmt: skip
# The upper jaw, a narrow arch between the lower lips: (u, half its width).
ROSTRUM = ((1.14, 0.0), (1.05, 0.12), (0.80, 0.15), (0.40, 0.17), (0.00, 0.22), (-0.40, 0.34), (-0.70, 0.42))
# How far the middle of the back stands above the body's rim: (u, height).
BACK = (
    (1.2, 0.05),
    (1.0, 0.26),
    (0.5, 0.30),
    (0.0, 0.36),
    (-0.5, 0.36),
    (-1.5, 0.42),
    (-2.6, 0.26),
    (-4.2, 0.02),
)

Island = tuple[tuple[float, float], tuple[float, float]]  # one patch: its middle (u, v), its two radii


@dataclass(frozen=True)
class Whale:
    """One whale, seen from above.

    Attributes:
        texture: float32 (height, width, 4) over (v, u): cover (1 on the body, 0 beside it), relief
            (height above the body's rim, in lengths of the axis), callosity (1 on the light rough
            patches, 0 on skin), blowhole (1 on its grey rim, -1 in its two openings).
        tint: RGB of the callosities in 0..1.
    """

    texture: np.ndarray
    tint: tuple[float, float, float]


def draw_whales(rng: np.random.Generator, number: int) -> list[Whale]:
    """Returns whales whose patterns differ: each is the least known of several candidates."""
    u, v = _grid()
    cover, relief = _body(u, v)
    blowhole = _blowhole(u, v)
    patterns: list[np.ndarray] = []
    for _ in range(number):
        candidates = [_callosities(rng, u, v) for _ in range(CANDIDATES if patterns else 1)]
        patterns.append(min(candidates, key=lambda pattern: _likeness(pattern, patterns)))
    whales = []
    for pattern in patterns:
        callosity = pattern * cover * (blowhole >= 0)
        warm = rng.uniform(0.0, 0.08)
        texture = np.dstack([cover, relief + 0.05 * callosity, callosity, blowhole]).astype(np.float32)
        whales.append(Whale(texture, (0.84, 0.82 - 0.5 * warm, 0.77 - warm)))
    return whales


def head_outline(number: int = 40) -> np.ndarray:
    """Returns points around the head, float64 (2 * number, 2) as (u, v)."""
    u = np.linspace(HEAD_BACK, OUTLINE[0][0], number)
    half = _profile(OUTLINE, u)
    return np.concatenate([np.column_stack([u, half]), np.column_stack([u, -half])])


def _grid() -> tuple[np.ndarray, np.ndarray]:
    u = np.arange(*U_RANGE, 1 / RESOLUTION, dtype=np.float32)
    v = np.arange(*V_RANGE, 1 / RESOLUTION, dtype=np.float32)
    return u[None, :], v[:, None]


def _profile(points: tuple[tuple[float, float], ...], u: np.ndarray) -> np.ndarray:
    """Returns the second number of the points at each u, joined by straight lines."""
    places, values = np.array(points[::-1]).T
    return np.interp(u, places, values, left=0.0, right=0.0).astype(np.float32)


def _dome(u: np.ndarray, v: np.ndarray, outline: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Returns an arch over the outline: 1 on the midline, 0 at the rim and beyond."""
    half = np.maximum(_profile(outline, u), np.float32(1e-3))
    return np.sqrt(np.clip(1 - (v / half) ** 2, 0, 1))


def _blob(
    u: np.ndarray, v: np.ndarray, at: tuple[float, float], radii: tuple[float, float], turn: float
) -> np.ndarray:
    """Returns 1 in the middle of a turned ellipse, 0 on its rim and negative beyond."""
    along = (u - at[0]) * np.float32(np.cos(turn)) + (v - at[1]) * np.float32(np.sin(turn))
    aside = (v - at[1]) * np.float32(np.cos(turn)) - (u - at[0]) * np.float32(np.sin(turn))
    return 1 - np.hypot(along / np.float32(radii[0]), aside / np.float32(radii[1]))


def _body(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns cover and relief of the body with its flippers and flukes."""
    import cv2

    back = _profile(BACK, u)
    trunk = _dome(u, v, OUTLINE)
    lips = 0.62 * trunk * back
    relief = np.where(u < HEAD_BACK, trunk * back, np.maximum(lips, _dome(u, v, ROSTRUM) * back))
    limbs = np.full(relief.shape, -1.0, np.float32)
    for side in (-1, 1):
        limbs = np.maximum(limbs, _blob(u, v, (-1.0, side * 0.72), (0.42, 0.17), side * 2.2))
        limbs = np.maximum(limbs, _blob(u, v, (-4.0, side * 0.42), (0.5, 0.15), side * 1.85))
    cover = np.maximum(trunk > 0, limbs > 0).astype(np.float32)
    relief = np.where(trunk > 0, relief, -0.22 * cover).astype(np.float32)
    return cv2.GaussianBlur(cover, (0, 0), 1.5), cv2.GaussianBlur(relief, (0, 0), 2.5)


def _blowhole(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Returns two slits that meet toward the front like a V (-1), on a paler swelling (1)."""
    slits = [_blob(u, v, (0.0, side * 0.06), (0.10, 0.034), side * 2.7) for side in (-1, 1)]
    rim = np.clip(_blob(u, v, BLOWHOLE, (0.20, 0.17), 0.0) * 2.5, 0, 1)
    opening = np.clip(np.maximum(*slits) * 2.5, 0, 1)
    return rim - (1 + rim) * opening


def _callosities(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Returns the light patches of a new whale, 0..1, where right whales have them."""
    islands = [*_bonnet(rng), *_ridge(rng), *_brows(rng)]
    for side in (-1, 1):
        islands += _lip(rng, side)
    head = u[0] > HEAD_BACK - 0.1
    u = u[:, head]
    field = np.full((v.shape[0], u.shape[1]), -9.0, np.float32)
    for at, radii in islands:
        field = np.maximum(field, _blob(u, v, at, radii, rng.normal(0, 0.35)) * np.float32(min(radii)))
    rough = fractal_noise(rng, field.shape, RESOLUTION * 0.07, octaves=2)
    pattern = np.zeros((v.shape[0], head.size), np.float32)
    pattern[:, head] = np.clip((field + 0.011 * rough) * RESOLUTION * 0.45 + 0.5, 0, 1)
    return pattern


def _bonnet(rng: np.random.Generator) -> Iterator[Island]:
    """The large patch at the tip, with a lobe."""
    length, width = rng.uniform(0.09, 0.17), rng.uniform(0.075, 0.13)
    yield (1.01 - 0.3 * length, 0.0), (length, width)
    yield (0.98 - length, rng.uniform(-0.06, 0.06)), (rng.uniform(0.04, 0.10), rng.uniform(0.03, 0.07))


def _ridge(rng: np.random.Generator) -> Iterator[Island]:
    """Islands along the middle between bonnet and blowhole, and some behind."""
    if rng.random() < 0.35:  # a continuous pattern: one long patch
        start, stop = np.sort(rng.uniform(0.2, 0.8, 2))
        yield ((start + stop) / 2, rng.normal(0, 0.02)), ((stop - start) / 2 + 0.08, rng.uniform(0.04, 0.09))
    for _ in range(rng.integers(0, 4)):
        yield (rng.uniform(0.2, 0.78), rng.normal(0, 0.06)), tuple(rng.uniform(0.035, 0.10, 2))
    for _ in range(rng.integers(0, 3)):
        yield (rng.uniform(-0.45, -0.2), rng.uniform(-0.15, 0.15)), tuple(rng.uniform(0.035, 0.09, 2))


def _lip(rng: np.random.Generator, side: int) -> Iterator[Island]:
    """Patches along the edge of one lower lip."""
    for _ in range(rng.integers(0, 4)):
        u = rng.uniform(0.0, 0.85)
        v = side * float(_profile(OUTLINE, np.array(u))) * rng.uniform(0.66, 0.86)
        yield (u, v), (rng.uniform(0.05, 0.14), rng.uniform(0.03, 0.06))


def _brows(rng: np.random.Generator) -> Iterator[Island]:
    """Patches above the eyes, often on one side only."""
    for side in (-1, 1):
        if rng.random() < 0.6:
            yield (
                (rng.uniform(-0.35, -0.05), side * rng.uniform(0.27, 0.34)),
                tuple(rng.uniform(0.04, 0.10, 2)),
            )


def _likeness(pattern: np.ndarray, others: list[np.ndarray]) -> float:
    """Returns the largest overlap (intersection over union) with the other patterns."""
    overlaps = [np.minimum(pattern, other).sum() / np.maximum(pattern, other).sum() for other in others]
    return max(overlaps, default=0.0)
