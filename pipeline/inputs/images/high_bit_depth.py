"""Pictures of more than 8 bits: told by their header, and read with the values that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from pipeline.errors import DataError
from pipeline.inputs.images.intensity import Intensity

if TYPE_CHECKING:
    from PIL.Image import Image


def is_deep(image: Image) -> bool:
    """Says from the header whether a picture holds more than 8 bits per channel."""
    if image.mode.startswith("I") or image.mode == "F":
        return True
    # Pillow reads 16-bit colour as 8-bit colour, and only the layout of the file's tiles tells it.
    tiles = getattr(image, "tile", ()) if image.format in ("PNG", "TIFF") else ()
    return any(";16" in str(tile.args) for tile in tiles)


def deep_values(image: Image, file: BinaryIO) -> np.ndarray:
    """Returns the values of a deep picture, (height, width) or (height, width, 3 or 4) as RGB(A).

    Args:
        image: the opened picture, not decoded yet.
        file: that it was opened from.

    Raises:
        DataError: OpenCV, which reads 16-bit colour, cannot read it.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return np.asarray(image)
    import cv2

    image.load()  # raises for a truncated file, of which OpenCV would return the upper part
    file.seek(0)
    values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise DataError("it has 16 bits per channel in a form that OpenCV does not know.")
    if values.ndim == 2:
        return values
    return cv2.cvtColor(values, cv2.COLOR_BGRA2RGBA if values.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def to_eight_bits(image: Image, file: BinaryIO, intensity: Intensity | None) -> Image:
    """Decodes a deep picture and returns it with 8 bits per channel: mode L, RGB or RGBA.

    Args:
        image: the opened picture.
        file: that it was opened from.
        intensity: what becomes black and white; without, 16 bits keep their upper 8.

    Raises:
        DataError: its 32-bit numbers have no known range.
    """
    from PIL import Image

    if intensity is None and image.mode in ("I", "F"):
        raise DataError(
            f"its pixels are 32-bit numbers (mode {image.mode}) of no known range, and no training picture "
            "has such. `data.intensity: [LOW, HIGH]` says which values become black and white."
        )
    values = deep_values(image, file)
    shown = intensity.eight_bits(values) if intensity else (values >> 8).astype(np.uint8)
    if _has_alpha(values):
        shown[..., 3] = values[..., 3] >> 8
    return Image.fromarray(shown)


def opaque_values(values: np.ndarray) -> np.ndarray:
    """Returns the values that can be seen: those of pixels that are not wholly transparent."""
    return values[..., :3][values[..., 3] > 0] if _has_alpha(values) else values


def _has_alpha(values: np.ndarray) -> bool:
    return values.ndim == 3 and values.shape[2] == 4
