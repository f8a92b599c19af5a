"""Random changes of spectrograms: moved, stretched, louder, noisier, with times and bands blotted out."""

from __future__ import annotations

import numpy as np

SHIFT = (0.1, 0.02)  # most of the width (time) and of the height (pitch) that a spectrogram moves by
STRETCH = (0.1, 0.04)  # deviation, and most, of the logarithm of its stretch in time and in pitch
GAIN = 12.0  # deviation of the level, of 255: 4 decibels where those are 80
NOISE = 15.0  # most deviation of the noise on each point
FLOOR = 80.0  # highest level of a background that hides what is softer
MASKS, MASKED = 2, 0.1  # most stretches of time, and of bands, and the most that one takes
OFTEN, SOMETIMES = 0.5, 0.3


class SpectrogramAugmenter:
    """Changes spectrograms at random; equal seeds give equal changes in any order and any thread.

    Time runs to the right, pitch upwards, and 0 is silence, which stands where a spectrogram is moved from.
    It is never mirrored. The masks are those of Park et al., "SpecAugment", 2019 (arXiv:1904.08779),
    section 2, each filled with the mean level.
    """

    def __call__(
        self, image: np.ndarray, seed: int, points: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the changed spectrogram, uint8 (height, width, channels); there are no points on one.

        Args:
            image: uint8 (height, width, channels); it is not changed itself.
            seed: of at least 0; everything random follows from it.
            points: None.

        Raises:
            ValueError: points were given.
        """
        if points is not None:
            raise ValueError("A spectrogram has no points that could move with it.")
        rng = np.random.default_rng(seed)
        changed = self._moved(image, rng).astype(np.float32)
        changed += np.float32(rng.normal(0, GAIN))
        if rng.random() < OFTEN:
            changed += _noise(changed.shape, rng.uniform(0, NOISE), rng)
        if rng.random() < SOMETIMES:
            changed = np.maximum(changed, rng.uniform(0, FLOOR) + _noise(changed.shape, NOISE / 2, rng))
        if rng.random() < OFTEN:
            self._mask(changed, rng)
        return np.clip(np.rint(changed), 0, 255).astype(np.uint8), None

    @staticmethod
    def _moved(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        import cv2

        height, width, channels = image.shape
        across, up = np.exp(rng.normal(0, STRETCH[0])), np.exp(rng.uniform(-STRETCH[1], STRETCH[1]))
        right = rng.uniform(-SHIFT[0], SHIFT[0]) * width + (1 - across) * (width - 1) / 2
        down = rng.uniform(-SHIFT[1], SHIFT[1]) * height + (1 - up) * (height - 1) / 2
        affine = np.array([[across, 0, right], [0, up, down]])
        moved = cv2.warpAffine(image, affine, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        return moved.reshape(height, width, channels)

    @staticmethod
    def _mask(image: np.ndarray, rng: np.random.Generator) -> None:
        level = image.mean()
        for axis in (0, 1):
            side = image.shape[axis]
            for _ in range(rng.integers(0, MASKS + 1)):
                length = int(rng.integers(0, max(1, round(MASKED * side)) + 1))
                start = int(rng.integers(0, side - length + 1))
                np.moveaxis(image, axis, 0)[start : start + length] = level


def _noise(shape: tuple[int, ...], deviation: float, rng: np.random.Generator) -> np.ndarray:
    found: np.ndarray = rng.standard_normal(shape, np.float32) * np.float32(deviation)
    return found
