"""One generated picture: a whale in a pose, in the sea of a day, through a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from competitions.whales.noise import fractal_noise, ramp
from competitions.whales.sea import Sea, Weather, draw_sea
from competitions.whales.whale import (
    BLOWHOLE,
    BONNET,
    RESOLUTION,
    U_RANGE,
    V_RANGE,
    Whale,
    head_outline,
)

SIZES = ((384, 256), (384, 288), (360, 240), (336, 252), (320, 240), (300, 300), (256, 352))  # width, height
AXIS = (0.155, 0.215)  # blowhole to bonnet, in square roots of the picture's area
MARGIN = 4  # pixels between the head's box and the picture's edge
SKIN = (0.085, 0.095, 0.105)  # RGB of a wet whale, 0..1
FOAM = 0.92  # grey of white water, 0..1
VISIBLE = 0.25  # share of its light with which a body still has an outline
REFRACTION = 0.7  # pixels that a wave of usual slope shifts what is seen through it


@dataclass(frozen=True)
class Scene:
    """A picture and what is true of it.

    Attributes:
        pixels: uint8 (height, width, 3), RGB.
        box: x1, y1, x2, y2 in pixels, around the whole head (tip of the jaw to behind the eyes).
        bonnet, blowhole: x, y in pixels.
        outline: bool (height, width): where a whale shows, above the water or through it.
    """

    pixels: np.ndarray
    box: tuple[float, float, float, float]
    bonnet: tuple[float, float]
    blowhole: tuple[float, float]
    outline: np.ndarray


@dataclass(frozen=True)
class Pose:
    """Where a whale lies in the picture and how it bends.

    Attributes:
        linear: (2, 2), from pixels (x, y) to lengths of the axis (u, v), before bending.
        origin: x, y of the blowhole in pixels, before bending.
        bend: curvature of the body behind the head.
        nod: how much shorter (negative) or longer the head looks as it is lifted or lowered.
        sway, phase: amplitude and phase of a small wave along the head.
    """

    linear: np.ndarray
    origin: np.ndarray
    bend: float
    nod: float
    sway: float
    phase: float

    def to_whale(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns (u, v) of pixels."""
        dx, dy = x - np.float32(self.origin[0]), y - np.float32(self.origin[1])
        matrix = self.linear.astype(np.float32)
        return self._bent(matrix[0, 0] * dx + matrix[0, 1] * dy, matrix[1, 0] * dx + matrix[1, 1] * dy)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Returns x, y of points (n, 2) given as (u, v): the inverse, by fixed-point steps."""
        flat = points.astype(np.float64)
        for _ in range(12):
            flat = flat + points - np.column_stack(self._bent(*flat.T))
        return flat @ np.linalg.inv(self.linear).T + self.origin

    def _bent(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        behind = np.minimum(u + 0.3, 0)
        sway = np.float32(self.sway) * np.sin(np.float32(2.5) * u + np.float32(self.phase))
        return u - np.float32(self.nod) * u, v + sway + np.float32(self.bend) * behind * behind


def draw_scene(rng: np.random.Generator, whale: Whale, weather: Weather) -> Scene:
    """Returns a new picture of the whale in that weather."""
    width, height = SIZES[rng.integers(len(SIZES))]
    pose = _draw_pose(rng, width, height)
    sea = draw_sea(rng, weather, (height, width))
    colour, shown = _with_whale(rng, sea, whale, pose, weather)
    points = pose.to_pixels(np.array([BONNET, BLOWHOLE]))
    outline = pose.to_pixels(head_outline())
    box = (*outline.min(axis=0), *outline.max(axis=0))
    pixels = _photograph(rng, colour, weather)
    return Scene(pixels, box, tuple(points[0]), tuple(points[1]), shown > VISIBLE)


def draw_empty(rng: np.random.Generator, weather: Weather) -> np.ndarray:
    """Returns a picture of the sea without a whale, uint8 (height, width, 3)."""
    width, height = SIZES[rng.integers(len(SIZES))]
    return _photograph(rng, draw_sea(rng, weather, (height, width)).colour, weather)


def _draw_pose(rng: np.random.Generator, width: int, height: int) -> Pose:
    """Returns any direction and a size, at a place where the whole head is in the picture."""
    turn, oblique = rng.uniform(0, 2 * np.pi, 2)
    axis = rng.uniform(*AXIS) * np.sqrt(width * height)
    squash = _rotation(oblique) @ np.diag([1.0, rng.uniform(1.0, 1.3)]) @ _rotation(-oblique)
    linear = _rotation(-turn) @ squash / axis
    bend, nod, sway = rng.normal(0, 0.05), rng.uniform(-0.1, 0.1), rng.uniform(0.0, 0.05)
    phase = rng.uniform(0, 2 * np.pi)
    outline = Pose(linear, np.zeros(2), bend, nod, sway, phase).to_pixels(head_outline())
    low = MARGIN - outline.min(axis=0)
    high = np.array([width, height]) - MARGIN - outline.max(axis=0)
    return Pose(linear, rng.uniform(low, np.maximum(low, high)), bend, nod, sway, phase)


def _rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _with_whale(
    rng: np.random.Generator, sea: Sea, whale: Whale, pose: Pose, weather: Weather
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sea with the whale in it, dry above the water line, and how much of it shows, 0..1."""
    import cv2

    height, width = sea.level.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = pose.to_whale(x + REFRACTION * sea.slope[0], y + REFRACTION * sea.slope[1])
    columns, rows = (
        (at - np.float32(low)) * np.float32(RESOLUTION) for at, low in ((u, U_RANGE[0]), (v, V_RANGE[0]))
    )
    looked_up = cv2.remap(whale.texture, columns, rows, cv2.INTER_LINEAR)
    cover, relief = np.ascontiguousarray(looked_up[..., 0]), np.ascontiguousarray(looked_up[..., 1])
    skin = _skin(rng, relief, sea, pose, weather)
    skin = _marked(rng, skin, looked_up[..., 2], looked_up[..., 3], whale)
    depth = _depth(rng, sea, u, relief, weather)
    seen = cover * np.exp(-np.maximum(depth, 0) / np.float32(weather.clearness))
    seen *= np.where(depth > 0, np.float32(0.86), np.float32(1.0))
    colour = sea.colour + (skin - sea.colour) * seen[..., None]
    foam = _wash(rng, cover, depth, u, v)[..., None]
    return colour + (np.float32(FOAM) - colour) * foam, seen


def _depth(
    rng: np.random.Generator, sea: Sea, u: np.ndarray, relief: np.ndarray, weather: Weather
) -> np.ndarray:
    """Returns how far below the surface the skin is, in lengths of the axis; negative above it."""
    tail = np.maximum(-0.4 - u, 0)
    sunk = np.float32(rng.uniform(0.0, 0.12)) * tail + np.float32(rng.uniform(0.0, 0.07)) * tail * tail
    surface = np.float32(rng.uniform(0.02, 0.20)) + np.float32(0.022 * weather.chop) * sea.level
    return surface + sunk - relief


def _skin(rng: np.random.Generator, relief: np.ndarray, sea: Sea, pose: Pose, weather: Weather) -> np.ndarray:
    """Returns the colour of the wet, lit body, float32 (height, width, 3)."""
    import cv2

    scale = 1 / np.sqrt(np.linalg.det(pose.linear))  # pixels per length of the axis
    rise = [cv2.Sobel(relief, cv2.CV_32F, 1 - axis, axis, scale=scale / 8) for axis in (0, 1)]
    lit = -(rise[0] * np.float32(np.cos(weather.sun)) + rise[1] * np.float32(np.sin(weather.sun)))
    rough = fractal_noise(rng, relief.shape, 5.0, octaves=2)
    light = np.clip(0.95 + 0.6 * lit, 0.4, 1.6) * (1 + 0.10 * rough)
    sheen = ramp(lit + 0.10 * rough + 0.05 * sea.level, 0.2, 1.6)
    sheen *= np.float32(0.25 + 0.3 * weather.glare)
    return np.array(SKIN, np.float32) * light[..., None] + sheen[..., None]


def _marked(
    rng: np.random.Generator, skin: np.ndarray, callosity: np.ndarray, blowhole: np.ndarray, whale: Whale
) -> np.ndarray:
    """Returns the skin with blowhole and callosities, lit as the skin around them is."""
    skin = skin + (0.14 * np.maximum(blowhole, 0))[..., None]
    skin *= (1 - 0.9 * np.maximum(-blowhole, 0))[..., None]
    light = np.clip(0.62 + 2.2 * skin[..., 1], 0.7, 1.08) + 0.06 * fractal_noise(rng, callosity.shape, 4.0, 2)
    return skin + (np.array(whale.tint, np.float32) * light[..., None] - skin) * callosity[..., None]


def _wash(
    rng: np.random.Generator, cover: np.ndarray, depth: np.ndarray, u: np.ndarray, v: np.ndarray
) -> np.ndarray:
    """Returns white water, 0..1: a broken line where the body meets the surface, and a wake."""
    broken = fractal_noise(rng, cover.shape, 18.0, octaves=4)
    line = np.exp(-((depth - 0.02) ** 2) * np.float32(1 / (2 * 0.02**2))) * ramp(broken, 0.2, 1.6)
    middle, aside = np.float32(rng.uniform(-0.2, 1.0)), np.float32(rng.normal(0, 0.3))
    beside = np.exp(-((u - middle) ** 2) * np.float32(1.1) - (v - aside) ** 2 * np.float32(3.0))
    beside *= 1 - 0.4 * cover  # less of it on the back than around it
    wake = ramp(broken, -0.6, 2.2) * ramp(beside, 0.15, 0.9) * np.float32(rng.uniform(0.1, 1.8))
    return np.clip(0.8 * line * ramp(cover, 0.3, 0.6) + wake, 0, 0.93)


def _photograph(rng: np.random.Generator, colour: np.ndarray, weather: Weather) -> np.ndarray:
    """Returns what the camera makes of it: blur, haze, white balance, exposure and grain."""
    import cv2

    colour = cv2.GaussianBlur(colour, (0, 0), 0.45 + rng.uniform() ** 2 * 1.4)
    balance = np.array([1 + 0.05 * weather.warmth, 1.0, 1 - 0.05 * weather.warmth])
    gain = (balance * weather.exposure * rng.uniform(0.93, 1.07)).astype(np.float32)
    colour = (colour * np.float32(1 - weather.haze) + np.float32(0.6 * weather.haze)) * gain
    colour += rng.standard_normal(colour.shape[:2], dtype=np.float32)[..., None] * np.float32(
        rng.uniform(0.005, 0.02)
    )
    return (np.clip(colour, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
