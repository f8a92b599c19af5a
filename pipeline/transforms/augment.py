"""Random changes of training pictures, by albumentations, with the points that lie on them."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.errors import ConfigError
from pipeline.transforms.augment_sets import OF_SOUND
from pipeline.transforms.augment_spec import Spec, albumentations, build
from pipeline.transforms.spectrogram import SpectrogramAugmenter


def make_augmenter(
    spec: Spec, swap: Sequence[tuple[int, int]] = ()
) -> Augmenter | SpectrogramAugmenter | None:
    """Returns what changes training pictures, None where the set is empty.

    Args:
        spec: as for `check_augmentation`.
        swap: as for `Augmenter`.

    Raises:
        ConfigError: the spec is wrong; every mistake is named.
    """
    if spec == "none":
        return None
    return SpectrogramAugmenter() if spec == OF_SOUND else Augmenter(spec, swap)


class Augmenter:
    """Changes pictures at random; equal seeds give equal changes in any order and any thread.

    The picture keeps its size: what a transform crops or turns is stretched back. Boxes travel as
    their corners (`pipeline.transforms.views.box_corners`). Can be pickled and shared by threads.

    Args:
        spec: as for `check_augmentation`.
        swap: pairs of points (left eye, right eye) that change places where the picture comes out
            mirrored. Not meant for transforms that shuffle parts of the picture.
        reflect: False: what comes in at a border is the transform's `fill`, black unless said, and never a
            reflection of the picture: a mirrored object would have no box.

    Raises:
        ConfigError: the spec is wrong; every mistake is named.
    """

    def __init__(self, spec: Spec, swap: Sequence[tuple[int, int]] = (), reflect: bool = True) -> None:
        transforms = _built(spec)
        self.spec = spec
        self.swap = tuple(swap)
        self.reflect = reflect
        self._idle = not transforms
        self._local = threading.local()

    def __call__(
        self, image: np.ndarray, seed: int, points: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the changed picture and points.

        Args:
            image: uint8 (height, width, channels); it is not changed itself.
            seed: of at least 0; everything random follows from it.
            points: (n, 2), x and y in pixels, centres of pixels at whole numbers. Points may lie
                outside; one with NaN stays NaN.

        Returns:
            uint8 of the image's shape, and float64 (n, 2) or None.

        Raises:
            ConfigError: a transform cannot be applied to such a picture, or cannot move points.
        """
        if self._idle:
            return image, None if points is None else np.array(points, np.float64)
        pipe = self._pipe()
        pipe.reseed(seed)
        if points is None:
            return _same_shape(_run(pipe.plain, image=image)["image"], image), None
        return self._with_points(pipe, image, np.asarray(points, np.float64))

    def with_mask(self, image: np.ndarray, mask: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the changed picture, and the mask moved as it was.

        Args:
            image: uint8 (height, width, channels); it is not changed itself.
            mask: uint8 (height, width, layers); its values stay those that it has.
            seed: of at least 0; everything random follows from it.

        Raises:
            ConfigError: a transform cannot be applied to such a picture, or cannot move masks.
        """
        if self._idle:
            return image, mask
        pipe = self._pipe()
        pipe.reseed(seed)
        found = _run(pipe.plain, image=image, mask=mask)
        return _same_shape(found["image"], image), _same_shape(found["mask"], mask, nearest=True)

    def _with_points(
        self, pipe: _Pipe, image: np.ndarray, points: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        known = np.isfinite(points).all(axis=1)
        sent = np.concatenate([points[known], _triangle(image.shape)])
        result = _run(pipe.pointed, image=image, keypoints=sent)
        received = np.asarray(result["keypoints"], np.float64).reshape(-1, 2)
        if len(received) != len(sent):
            raise ConfigError(f"The augmentation lost {len(sent) - len(received)} of {len(sent)} points.")
        scale = np.array([image.shape[1], image.shape[0]]) / np.array(result["image"].shape[1::-1])
        received = (received + 0.5) * scale - 0.5
        moved = np.full(points.shape, np.nan)
        moved[known] = received[:-3]
        if self.swap and _mirrored(received[-3:]):
            for left, right in self.swap:
                moved[[left, right]] = moved[[right, left]]
        return _same_shape(result["image"], image), moved

    def _pipe(self) -> _Pipe:
        """Returns this thread's transforms: those of albumentations cannot be shared."""
        if not hasattr(self._local, "pipe"):
            self._local.pipe = _Pipe(self.spec, self.reflect)
        return self._local.pipe

    def __getstate__(self) -> dict[str, Any]:
        return {"spec": self.spec, "swap": self.swap, "reflect": self.reflect, "_idle": self._idle}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._local = threading.local()


class _Pipe:
    """One thread's transforms, drawing from one pair of generators that is reseeded in place.

    `Compose.set_random_seed` would give each transform a generator of its own with the same seed:
    slower (about 20 us a transform), and their draws would be equal, so that all of p=0.5 happen
    together or not at all.
    """

    def __init__(self, spec: Spec, reflect: bool) -> None:
        self._spec = spec
        self._reflect = reflect
        self._random = random.Random()
        self._bits = np.random.PCG64()
        self._generator = np.random.Generator(self._bits)

    @cached_property
    def plain(self) -> Any:
        """The transforms, for pictures alone."""
        return self._sharing(albumentations().Compose(self._transforms()))

    @cached_property
    def pointed(self) -> Any:
        """The transforms, for pictures with points."""
        library = albumentations()
        kept = library.KeypointParams(format="xy", remove_invisible=False)
        # Without one transform that can move points, Compose warns.
        transforms = [*self._transforms(points=True), library.NoOp(p=0.0)]
        return self._sharing(library.Compose(transforms, keypoint_params=kept))

    def _transforms(self, points: bool = False) -> list[Any]:
        transforms = _built(self._spec, points)
        return transforms if self._reflect else [_filling(transform) for transform in transforms]

    def _sharing(self, compose: Any) -> Any:
        compose.set_random_state(self._generator, self._random)
        return compose

    def reseed(self, seed: int) -> None:
        self._random.seed(seed)
        state: Any = {"state": self._random.getrandbits(128), "inc": self._random.getrandbits(128) | 1}
        self._bits.state = {"bit_generator": "PCG64", "state": state, "has_uint32": 0, "uinteger": 0}


def _built(spec: Spec, points: bool = False) -> list[Any]:
    transforms, messages = build(spec, "augment", points)
    if messages:
        raise ConfigError("The augmentation is refused:\n" + "\n".join(f"  - {m}" for m in messages))
    return transforms


def _filling(transform: Any) -> Any:
    """Returns a transform, or a group of them, that fills what it would show of the picture a second time."""
    for inner in getattr(transform, "transforms", ()):
        _filling(inner)
    if hasattr(transform, "border_mode"):
        transform.border_mode = 0  # cv2.BORDER_CONSTANT
    return transform


def _run(compose: Any, **data: np.ndarray) -> dict[str, Any]:
    """Returns what the transforms make of the data."""
    try:
        return compose(**data)
    except Exception as error:  # the transforms have no error in common
        raise ConfigError(
            f"The augmentation cannot be applied to a picture of shape {data['image'].shape}: {error}"
        ) from error


def _same_shape(result: np.ndarray, image: np.ndarray, nearest: bool = False) -> np.ndarray:
    """Returns the changed picture at the size that it had; `nearest` makes no new values."""
    import cv2

    height, width, channels = image.shape
    if result.ndim == 2:
        result = result[:, :, None]
    if result.dtype != np.uint8 or result.shape[2] != channels:
        raise ConfigError(
            f"The augmentation must keep uint8 and {channels} channels. "
            f"Received: {result.dtype} and {result.shape[2]} channels."
        )
    if result.shape[:2] != (height, width):
        kind = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
        result = cv2.resize(result, (width, height), interpolation=kind)
    return np.ascontiguousarray(result.reshape(height, width, channels))


def _triangle(shape: tuple[int, ...]) -> np.ndarray:
    """Returns three points about the middle; a transform that mirrors changes their turning sense."""
    middle = np.array([(shape[1] - 1) / 2.0, (shape[0] - 1) / 2.0])
    reach = max(1.0, min(shape[:2]) / 4.0)
    return np.stack([middle, middle + np.array([reach, 0.0]), middle + np.array([0.0, reach])])


def _mirrored(triangle: np.ndarray) -> bool:
    (ax, ay), (bx, by) = triangle[1] - triangle[0], triangle[2] - triangle[0]
    return bool(ax * by - ay * bx < 0)
