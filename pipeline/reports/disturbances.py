"""Disturbances of pictures: what a test picture may have more of than those that a network learned from.

After Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", ICLR 2019; the last is Goodfellow, Shlens and Szegedy, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.transforms.warp import warp

WHITE = 255.0


@dataclass(frozen=True)
class Disturbance:
    """One way in which rows are disturbed, in several strengths.

    Attributes:
        name: in words.
        strengths: from weak to strong, in the unit that a person reads.
        unit: of the strengths, with a place for the number.
        change: takes what is disturbed, the strength, a generator of random numbers and what else is known
            of it; returns it disturbed. Of pictures, uint8 (n, height, width, channels), these are the signs
            of the loss's slope by each pixel, int8 of the same shape; of rows of a table the columns'
            deviations (`disturbed_tables.deviations`).
        remedy: the augmentation to try where it costs much, "" for none: a table is not augmented.
    """

    name: str
    strengths: tuple[float, ...]
    unit: str
    change: Callable[[Any, float, np.random.Generator, Any], Any]
    remedy: str = ""

    def said(self, strength: float) -> str:
        """Returns a strength as a person reads it."""
        return self.unit.format(f"{strength:g}")


def noisy(
    pictures: np.ndarray, percent: float, random: np.random.Generator, slopes: np.ndarray
) -> np.ndarray:
    """Adds Gaussian noise, its deviation in percent of the distance from black to white."""
    noise = random.normal(0.0, percent / 100 * WHITE, pictures.shape)
    return _pixels(pictures + noise)


def blurred(
    pictures: np.ndarray, percent: float, random: np.random.Generator, slopes: np.ndarray
) -> np.ndarray:
    """Blurs by a Gaussian, its deviation in percent of the longer side."""
    import cv2

    deviation = percent / 100 * max(pictures.shape[1:3])
    border = cv2.BORDER_REFLECT_101
    soft = [cv2.GaussianBlur(one, (0, 0), deviation, borderType=border) for one in pictures]
    return np.stack(soft).reshape(pictures.shape)


def turned(
    pictures: np.ndarray, degrees: float, random: np.random.Generator, slopes: np.ndarray
) -> np.ndarray:
    """Turns each picture about its middle, to a side that is drawn; what comes in is the picture mirrored."""
    height, width = pictures.shape[1:3]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    found = np.empty_like(pictures)
    for row, side in enumerate(random.choice((-1.0, 1.0), len(pictures))):
        angle = np.deg2rad(side * degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        found[row] = warp(pictures[row], np.column_stack([turn, middle - turn @ middle]), (height, width))
    return found


def flattened(
    pictures: np.ndarray, percent: float, random: np.random.Generator, slopes: np.ndarray
) -> np.ndarray:
    """Leaves so much less contrast, in percent, about each picture's own mean."""
    mean = pictures.mean(axis=(1, 2, 3), keepdims=True)
    return _pixels(mean + (1 - percent / 100) * (pictures - mean))


def attacked(
    pictures: np.ndarray, steps: float, random: np.random.Generator, slopes: np.ndarray
) -> np.ndarray:
    """Moves every pixel by so many of 255 steps, each the way in which the network's loss grows (FGSM)."""
    return _pixels(pictures + steps * slopes.astype(np.float32))


def _pixels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, WHITE).astype(np.uint8)


DISTURBANCES = (
    Disturbance("noise", (5, 10, 20), "{} % of the range", noisy, "GaussNoise"),
    Disturbance("blur", (1, 2, 4), "{} % of the side", blurred, "GaussianBlur"),
    Disturbance("turns", (5, 10, 20), "{} degrees", turned, "Affine: {rotate: ...}"),
    Disturbance("less contrast", (25, 50, 75), "{} % less", flattened, "RandomBrightnessContrast"),
    Disturbance("attack", (2, 4, 8), "{}/255, FGSM", attacked),
)
