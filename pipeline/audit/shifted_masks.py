"""Masks that do not lie where their pictures say: all moved by some pixels, flipped, or lying across.

Where masks fit, pictures change across their outlines. How much they do is measured with the masks as they
are, and with all of them moved or turned in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.audit.finding import Finding
from pipeline.inputs.images.bands import decode_shrunk
from pipeline.inputs.images.decoding import Read, fetch, for_each
from pipeline.inputs.images.intensity import Intensity
from pipeline.tasks.base import Task
from pipeline.tasks.mask import Mask

PICTURES, PIXELS = 80, 400_000_000  # looked at, at most
FEWEST = 12  # pictures with an outline, below which nothing is said
SIDE = 320  # pixels of the longer side of most, as they are looked at
REACH = 16  # of these, as far as masks are moved
LEAST = 2  # of these, by which they must be moved
POINTS = 200  # of an outline
STRONGEST = 10.0  # times the mean of the picture: what counts of an edge at most
SURE = 4.0  # standard errors
PLAIN = 1.15  # times the mean of the picture: an outline with less follows no edges
BETTER = 1.2  # times as far above the mean as where the masks lie now

Turn = Callable[[np.ndarray], np.ndarray]
TURNS: dict[str, Turn] = {
    "flipped left to right": lambda mask: mask[:, ::-1],
    "flipped upside down": lambda mask: mask[::-1],
    "turned by half": lambda mask: mask[::-1, ::-1],
    "transposed (rows for columns)": lambda mask: mask.T,
    "turned by a quarter": lambda mask: np.rot90(mask),
    "turned by a quarter the other way": lambda mask: np.rot90(mask, 3),
    "transposed and turned by half": lambda mask: mask.T[::-1, ::-1],
}
STEPS = [(y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)]


@dataclass(frozen=True)
class Edges:
    """Change of pictures across the outlines of their masks, in means of each picture.

    Attributes:
        moved: (pictures, steps of STEPS).
        turned: (pictures, ways of TURNS); NaN where a way does not fit the picture's shape.
    """

    moved: np.ndarray
    turned: np.ndarray

    @property
    def every(self) -> np.ndarray:
        """Both, (pictures, steps and ways)."""
        return np.concatenate([self.moved, self.turned], axis=1)


def shifted_masks(
    task: Task,
    target: np.ndarray,
    names: Sequence[str],
    read: Read,
    threads: int,
    seed: int,
    intensity: Intensity | None = None,
) -> list[Finding]:
    """Says whether masks lie elsewhere than where their pictures show them; nothing where nothing is sure.

    Args:
        task: kind of the target.
        target: of the training rows.
        names: of their pictures.
        read: gives a picture's file by its name.
        threads: how many are looked at at a time.
        seed: of the pictures that are looked at, and of the halves.
        intensity: what becomes black and white in pictures of more than 8 bits.

    Raises:
        DataError: names the pictures that cannot be decoded.
    """
    if not isinstance(task, Mask) or len(names) != len(target):
        return []
    rows = target[:, 0].astype(np.int64)
    random = np.random.default_rng(seed)
    filled = random.permutation(np.flatnonzero(task.compared(target)[:, 0] > 0))
    within = np.cumsum(task.sizes[rows[filled]].prod(axis=1)) <= PIXELS
    looked = filled[: min(PICTURES, int(within.sum()))]
    if len(looked) < FEWEST:
        return []
    scale = max(1.0, float(np.median(task.sizes[rows[looked]].max(axis=1))) / SIDE)

    def measured(place: int) -> tuple[np.ndarray, np.ndarray] | None:
        at = int(looked[place])
        size = task.sizes[rows[at]]
        height, width = np.maximum(1, np.rint(size / scale)).astype(int).tolist()
        with fetch(read, names[at]) as file:
            picture = decode_shrunk(file, 1, names[at], max(1, int(scale)), intensity)[0]
        shrunk = [single.known.shrunk(int(rows[at]), (height, width)) for single in task.singles]
        masks = [(labels > 0).astype(np.uint8) for labels in shrunk]
        return along(_change(picture, (height, width)), masks, np.random.default_rng([seed, at]))

    found = for_each(measured, len(looked), None, "", threads)
    known = [one for one in found if one is not None]
    if len(known) < FEWEST:
        return []
    moved, turned = (np.stack(values) for values in zip(*known, strict=True))
    return judged(Edges(moved, turned), scale)


def along(
    change: np.ndarray, masks: Sequence[np.ndarray], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns (steps,) and (ways,): how strong a picture's edges are across the outlines of masks.

    Args:
        change: (height, width, 2), across and down, from `_change`.
        masks: uint8 (height, width) of 0 and 1.
        random: draws some pixels of the outlines.

    Returns:
        None where there is no outline.
    """
    points, normals = _outlines(masks)
    if not len(points):
        return None
    drawn = random.permutation(len(points))[:POINTS]
    moved = _moved(change, points[drawn], normals[drawn])
    turned = [[way(mask) for mask in masks] for way in TURNS.values()]
    fits = [ways[0].shape == change.shape[:2] for ways in turned]
    other = [
        _strength(change, *_outlines(ways)) if fit else np.nan for ways, fit in zip(turned, fits, strict=True)
    ]
    return moved, np.array(other)


def _moved(change: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Returns (steps,): the mean change of a picture in given directions at pixels that are moved.

    What leaves the picture does not count; NaN where all does.
    """
    wide = change.shape[1] + 2 * REACH
    base = (points[:, 0] + REACH) * wide + points[:, 1] + REACH
    at = np.add.outer(np.array([y * wide + x for y, x in STEPS]), base)
    frame = ((REACH, REACH), (REACH, REACH), (0, 0))
    framed = np.pad(change.astype(np.float32), frame, constant_values=np.nan)
    (across, down), directions = framed.reshape(-1, 2).T, normals.astype(np.float32).T
    found = np.abs(across[at] * directions[0] + down[at] * directions[1])
    inside = np.isfinite(found)
    total = np.where(inside, np.minimum(found, STRONGEST), 0.0).sum(axis=1, dtype=np.float64)
    count = inside.sum(axis=1)
    return np.where(count, total / np.maximum(count, 1), np.nan)


def _outlines(masks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Returns int64 (points, 2), y and x of pixels on either side of outlines, and the directions across."""
    import cv2

    found = []
    for mask in masks:
        beside = cv2.morphologyEx(np.ascontiguousarray(mask), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        points = np.argwhere(beside)
        across = _slope(cv2.GaussianBlur(mask.astype(np.float64), (0, 0), 2.0))[points[:, 0], points[:, 1]]
        found.append((points, across / np.maximum(np.hypot(*across.T), 1e-9)[:, None]))
    return np.concatenate([points for points, _ in found]), np.concatenate([normals for _, normals in found])


def _strength(change: np.ndarray, points: np.ndarray, normals: np.ndarray) -> float:
    """Returns the mean change of a picture in given directions at some of its pixels."""
    across = np.abs((change[points[:, 0], points[:, 1]] * normals).sum(axis=1))
    return float(np.minimum(across, STRONGEST).mean())


def judged(edges: Edges, scale: float) -> list[Finding]:
    """Returns what the edges say: a way is chosen by one half of the pictures, and tried on the other.

    Args:
        edges: of pictures, whose order was drawn at random.
        scale: pixels of the source that a pixel looked at stands for.
    """
    every, still = edges.every, STEPS.index((0, 0))
    usable = np.isfinite(every).all(axis=0)
    usable[: len(STEPS)] &= [step == (0, 0) or max(map(abs, step)) >= LEAST for step in STEPS]
    half = len(every) // 2
    best = int(np.where(usable, every[:half].mean(axis=0), -np.inf).argmax())
    if best == still:
        return []
    tried = every[half:]
    now = tried[:, still]
    if best < len(STEPS):  # outlines drawn too wide gain by every step, and as much by its opposite
        now = np.maximum(now, tried[:, len(STEPS) - 1 - best])
    gain, there = tried[:, best] - now, float(tried[:, best].mean())
    error = SURE * float(gain.std(ddof=1)) / len(gain) ** 0.5
    lower, upper = float(gain.mean()) - error, float(gain.mean()) + error
    if lower <= 0 or there < PLAIN or there - 1 < BETTER * max(0.0, float(now.mean()) - 1):
        return []
    text = (
        f"Masks fit their pictures better {_said(best, scale)}: pictures then change {there:.2f} times as "
        f"much across the outlines as elsewhere, now {tried[:, still].mean():.2f} times ({len(gain)} "
        f"pictures; gain {lower:.2f} to {upper:.2f}). Are they read in another way than they are written?"
    )
    return [Finding("shifted-masks", "warn", text)]


def _said(best: int, scale: float) -> str:
    """Returns in words what is done to the masks."""
    if best >= len(STEPS):
        return list(TURNS)[best - len(STEPS)]
    (y, x), about = STEPS[best], "" if scale == 1 else "about "
    parts = [(y, "up", "down"), (x, "left", "right")]
    words = [f"{abs(step) * scale:.0f} px {less if step < 0 else more}" for step, less, more in parts if step]
    return f"moved {about}{' and '.join(words)}"


def _change(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns float64 (height, width, 2): how a picture changes across and down, 1 in the mean."""
    import cv2

    small = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float64)
    change = _slope(cv2.GaussianBlur(small, (0, 0), 0.7))
    return change / max(float(np.abs(change).mean()), 1e-9)


def _slope(values: np.ndarray) -> np.ndarray:
    """Returns (height, width, 2): how values change across and down."""
    import cv2

    return np.dstack([cv2.Sobel(values, cv2.CV_64F, 1, 0), cv2.Sobel(values, cv2.CV_64F, 0, 1)])
