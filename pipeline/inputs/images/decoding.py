"""Pictures as they come: checked, decoded to RGB or grey, their sizes read from the headers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

import numpy as np

from pipeline.errors import DataError
from pipeline.inputs.images.high_bit_depth import is_deep, to_eight_bits
from pipeline.inputs.images.intensity import Intensity

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 100_000_000  # of one picture that is decoded whole; a PNG of 124 KB can unpack to 2.9 GB
MOST_PIXELS = 2_000_000_000  # of one that is read in parts: 6 GB on disk
MOST_NAMES = 8  # broken pictures named in one error

Channels = Literal[1, 3]
IN_PARTS = ("TIFF", "PNG")  # formats that are
File = bytes | BinaryIO  # a picture's content, or its opened file
Read = Callable[[str], File]
Report = Callable[[float, str], None]
T = TypeVar("T")


def decode(data: File, channels: Channels, name: str, intensity: Intensity | None = None) -> np.ndarray:
    """Returns a picture as uint8 (height, width, channels), RGB or grey; read-only.

    Every format that Pillow reads, the first frame of an animation. Turned upright as its EXIF
    orientation says, transparent parts laid on white, more than 8 bits scaled to 8, colour to
    grey by luma (ITU-R 601).

    Args:
        data: the file's content, or the file.
        channels: 3 for RGB (grey repeated), 1 for grey.
        name: what an error calls the picture.
        intensity: which values become black and white where there are more than 8 bits, see
            `find_intensity`; without, 16 bits keep their upper 8, and 32-bit numbers are refused.

    Raises:
        DataError: no picture, a truncated or damaged one, or more than `MAX_PIXELS` pixels.
    """
    return decode_reduced(data, channels, name, 1, intensity)[0]


def decode_reduced(
    data: File, channels: Channels, name: str, reduction: int, intensity: Intensity | None = None
) -> tuple[np.ndarray, float]:
    """Decodes as `decode` does, a JPEG at a fraction of its size where that saves work.

    Args:
        data, channels, name, intensity: as in `decode`.
        reduction: the most that the sides may shrink by. A JPEG is then decoded at 1/2, 1/4 or
            1/8, each pixel the mean of those that it stands for.

    Returns:
        The picture, and the factor (1, 2, 4 or 8) by which it is smaller.

    Raises:
        DataError: as `decode`.
    """
    with undamaged(name):
        image = open_header(file := as_file(data))
        if image.width * image.height > MAX_PIXELS:
            raise DataError(too_large(image, MAX_PIXELS, "that is decoded whole"))
        turn = orientation(image)
        factor = _reduce(image, reduction, channels, turn)
        picture = _flatten(to_eight_bits(image, file, intensity) if is_deep(image) else image, channels)
        if turn > 1:
            picture = picture.transpose(_turns()[turn])
        pixels = np.asarray(picture)
    return pixels.reshape(*pixels.shape[:2], channels), factor


def image_sizes(
    read: Read, names: Sequence[str], report: Report | None = None, threads: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Reads the headers of pictures, without decoding them.

    Args:
        read: gives a picture's file by its name; called from several threads.
        names: of the pictures.
        report: called with the fraction done and a text.
        threads: how many read at a time.

    Returns:
        int32 (rows, 2), height and width as `decode` will give them, and int8 (rows,): 1 for
        grey pictures, 3 for others.

    Raises:
        DataError: names the pictures that cannot be read, all in one.
    """

    def header(position: int) -> tuple[int, int, int]:
        name = names[position]
        with fetch(read, name) as file, undamaged(name):
            image = open_header(file)
            width, height = image.size
            turned = orientation(image) >= 5
            grey = _is_grey(image)
        return (width, height, grey) if turned else (height, width, grey)

    facts = for_each(header, len(names), report, "reading sizes", threads)
    table = np.array(facts, np.int32).reshape(-1, 3)
    return table[:, :2], table[:, 2].astype(np.int8)


def fetch(read: Read, name: str) -> BinaryIO:
    """Returns a picture's file; raises DataError with its name where it cannot be read."""
    try:
        return as_file(read(name))
    except (OSError, KeyError) as error:
        raise DataError(f"Picture {name!r} cannot be read: {error!r}.") from error


def as_file(data: File) -> BinaryIO:
    """Returns a file to be read in parts."""
    return io.BytesIO(data) if isinstance(data, bytes) else data


@contextmanager
def undamaged(name: str) -> Iterator[None]:
    """Says of a picture, by its name, that it cannot be decoded, where anything goes wrong meanwhile."""
    try:
        yield
    except Exception as error:  # a damaged file makes Pillow raise anything, struct.error included
        raise DataError(f"Picture {name!r} cannot be decoded: {_plain(error)}") from error


def dominant_channels(channels: np.ndarray) -> Channels:
    """Returns 1 where every picture is grey, else 3, from the channels of `image_sizes`."""
    return 1 if len(channels) and (np.asarray(channels) == 1).all() else 3


def for_each(
    function: Callable[[int], T],
    count: int,
    report: Report | None,
    text: str,
    threads: int,
    noun: str = "pictures",
    key: str = "broken_pictures",
) -> list[T]:
    """Calls the function with 0 to count - 1 from several threads and collects what is broken.

    Args:
        function: of a position.
        count: of the positions.
        report: called with the fraction done and a text.
        text: of the report.
        threads: how many calls run at a time.
        noun: what an error calls the things at the positions.
        key: of `data`, which goes on without broken ones.

    Raises:
        DataError: one for all things whose call raised a DataError: how many, the first few.
    """

    def attempt(position: int) -> T | DataError:
        try:
            return function(position)
        except DataError as error:
            return error

    done: list[T] = []
    broken: list[str] = []
    pool = ThreadPoolExecutor(max(1, threads))
    try:
        for number, result in enumerate(pool.map(attempt, range(count)), start=1):
            if isinstance(result, DataError):
                broken.append(str(result))
            else:
                done.append(result)
            if report and (number % 64 == 0 or number == count):
                report(number / count, f"{text} {number}/{count}")
    finally:  # after an error or Ctrl-C the calls still waiting are dropped
        pool.shutdown(wait=True, cancel_futures=True)
    if broken:
        more = f"\n  - and {len(broken) - MOST_NAMES} more" if len(broken) > MOST_NAMES else ""
        lines = "\n".join(f"  - {message}" for message in broken[:MOST_NAMES])
        way_on = f"(`data.{key}: leave_out` goes on without them)"
        raise DataError(f"{len(broken)} of {count} {noun} cannot be used {way_on}:\n{lines}{more}")
    return done


def open_header(file: BinaryIO) -> Image:
    """Reads a picture's header; refuses one that is too large before a pixel is decoded."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS  # Pillow itself warns above it and refuses above twice as many
    file.seek(0)
    if not file.read(1):
        raise DataError("the file is empty.")
    file.seek(0)
    image = Image.open(file)
    if image.width * image.height > (most := MOST_PIXELS if image.format in IN_PARTS else MAX_PIXELS):
        raise DataError(too_large(image, most, f"of the format {image.format}"))
    return image


def too_large(image: Image, most: int, what: str) -> str:
    """Returns why a picture is refused: one of that kind may have no more pixels."""
    text = f"{image.width} x {image.height} pixels are more than the {most:,} allowed of a picture {what}."
    if most == MAX_PIXELS:
        text += " TIFFs of strips or tiles, and PNGs that are not interlaced, may have more."
    return text


def orientation(image: Image) -> int:
    """Returns the EXIF orientation still to be applied, 1 to 8."""
    from PIL import ExifTags, Image

    if image.format == "TIFF":  # Pillow turns these itself, and their size says so from the start
        return 1
    # The subclass for PNG decodes the whole picture to find EXIF behind it; the base does not.
    turn = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    return turn if turn in range(1, 9) else 1


def _turns() -> dict[int, Any]:
    """Returns what undoes each EXIF orientation."""
    from PIL.Image import Transpose

    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }


def _reduce(image: Image, reduction: int, channels: Channels, turn: int) -> float:
    """Tells a JPEG to decode itself smaller, and returns the factor by which it will be."""
    width, height = image.size
    # A turned picture whose sides 8 does not divide would be shifted by the part that is left over.
    whole = turn == 1 or (width % 8 == 0 and height % 8 == 0)
    if image.format != "JPEG" or reduction < 2 or not whole or image.mode not in ("RGB", "L"):
        return 1.0
    mode = "L" if channels == 1 else image.mode
    drafted = image.draft(mode, (max(1, width // reduction), max(1, height // reduction)))
    return width / drafted[1][2] if drafted else 1.0


def _flatten(image: Image, channels: Channels) -> Image:
    """Returns a picture of 8 bits, decoded, in mode L or RGB."""
    from PIL import Image

    mode = "L" if channels == 1 else "RGB"
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours)
    image.load()
    return image if image.mode == mode else image.convert(mode)


def _is_grey(image: Image) -> int:
    """Returns 1 for a grey picture, 3 for others, from its header."""
    if image.mode in ("P", "PA"):
        palette = np.array(image.getpalette("RGB") or [0, 0, 0]).reshape(-1, 3)
        return 1 if (palette == palette[:, :1]).all() else 3
    return 1 if image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I") else 3


def _plain(error: Exception) -> str:
    """Returns why a picture is refused, in plain words."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return "it is not a picture of a format that Pillow knows."
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than the {MOST_PIXELS:,} pixels allowed."
    return f"{error or type(error).__name__}."
