"""Arrays as an input: what a network of pictures sees, series as pictures that are one high."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.config.arrays_section import READING, SHAPING
from pipeline.config.data_section import DataConfig
from pipeline.config.schema import Config, ModelConfig
from pipeline.inputs.arrays.reading import Reader, arrays_of, reader_of
from pipeline.inputs.arrays.rows import ArrayRows, location_key, sides_of, write_arrays
from pipeline.inputs.arrays.shape import Shape, fitted, stored, stored_type
from pipeline.inputs.base import InputFiles, Shown, Workshop, misread
from pipeline.inputs.images.part import Pictures
from pipeline.registry import INPUTS

VERSION = 1  # raise it when the same array would become another one
CHANNELS = "channels.json"
MOST_LINES, BAND, WIDE = 6, 32, 256  # channels that are drawn; pixels of each


@INPUTS.register("arrays")
class ArraysInput(ArrayRows):
    """The array of a row: numbers as they are (height, width, channels), or a picture of 8 bits of them."""

    def problem(
        self, entry: str, reader: str, models: Mapping[str, ModelConfig | None], data: DataConfig
    ) -> str:
        section = models.get(reader)
        if section is None:
            return ""
        if wrong := misread(section, reader, True, "sees no arrays", "array_statistics"):
            return wrong
        if "view" in section.picture() or not section.answers():
            return f"`models.{reader}`: an array has neither `view` nor boxes or points."
        if getattr(section, "size", None) is not None:
            return f"`models.{reader}.size` is for pictures; arrays get theirs from `data.arrays`."
        eight_bits = data.arrays is None or data.arrays.range is not None
        return "" if eight_bits else _of_pictures(section, f"models.{reader}")

    def files(self, config: Config, section: ModelConfig) -> InputFiles:
        """The arrays at one shape: one product, shared by models."""
        arrays = arrays_of(config.data)
        settings = arrays.model_dump(include=READING | SHAPING)
        material = {"arrays": settings, "of": location_key(arrays), "made": VERSION}
        return InputFiles("arrays", material)

    def make(self, shop: Workshop, folder: Path) -> None:
        config = arrays_of(shop.config.data)
        read = reader_of(shop)
        shape = fitted(read(shop.competition.arrays[0]), config).shape
        for side, names in sides_of(shop.competition):
            _write(folder / f"{side}.npy", shop, read, names, shape)
        (folder / CHANNELS).write_text(json.dumps(read.channels), encoding="utf-8")

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Pictures:
        if folder is None:
            raise ValueError("Arrays are opened from a folder.")
        return Pictures(np.load(folder / f"{side}.npy", mmap_mode="r"), f"{key}-{side}")

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        """Returns pictures: lines of the first channels of a series, of others the middle slice in grey."""
        read, found = reader_of(shop), []
        for row in rows:
            values = (array := read(shop.competition.arrays[row])).values
            picture = _lines(values[0]) if array.is_series else _in_grey(values[:, :, values.shape[2] // 2])
            found.append(Shown(picture))
        return found

    def carry(self, folder: Path, into: Path) -> None:
        """Writes an empty array of the shape of the others, and the names of their channels."""
        stored = np.load(folder / "test.npy", mmap_mode="r")
        np.save(into / "test.npy", np.zeros((1, *stored.shape[1:]), stored.dtype))
        (into / CHANNELS).write_bytes((folder / CHANNELS).read_bytes())

    def open_new(self, shop: Workshop, folder: Path | None, scratch: Path) -> Pictures:
        if folder is None:
            raise ValueError("Arrays of new rows take the shape of the run's own.")
        channels = json.loads((folder / CHANNELS).read_text(encoding="utf-8"))
        shape = np.load(folder / "test.npy", mmap_mode="r").shape[1:]
        path, read = scratch / "new.npy", reader_of(shop, channels)
        _write(path, shop, read, shop.competition.test_arrays, shape)
        return Pictures(np.load(path, mmap_mode="r"), f"new-{shop.name}")


def _of_pictures(section: ModelConfig, where: str) -> str:
    """Returns what a section asks for that only pictures of 8 bits have, or ""."""
    plain = {"augment": ("auto", "none"), "tta": ("none",), "generate": (None,), "stylize": (None,)}
    strange = [key for key, values in plain.items() if getattr(section, key, values[0]) not in values]
    if getattr(getattr(section, "pretrain", None), "method", "") == "simclr":
        return f"`{where}.pretrain.method`: simclr changes pictures of 8 bits. Numbers as they are: `masked`."
    if not getattr(section, "from_scratch", False):
        strange = ["backbone" if hasattr(section, "from_scratch") else "kind"]
    if not strange:
        return ""
    said = getattr(section, strange[0])
    return (
        f"`{where}.{strange[0]}`: {said} is for pictures of 8 bits: `data.arrays.range: [low, high]` "
        "makes them of arrays. Numbers as they are want a network written in layers, without augmentation."
    )


def _write(path: Path, shop: Workshop, read: Reader, names: Sequence[str], shape: Shape) -> None:
    config = arrays_of(shop.config.data)
    write_arrays(
        path,
        read,
        names,
        shape,
        stored_type(config),
        lambda array, name: stored(fitted(array, config), name, shape, config),
        shop.progress,
        shop.config.threads,
    )


def _lines(series: np.ndarray) -> np.ndarray:
    """Returns a series (steps, channels) as lines, one below the other, each over its own range."""
    import cv2

    shown = series[:, :MOST_LINES].T
    picture = np.full((BAND * len(shown), WIDE), 255, np.uint8)
    across = np.linspace(0, WIDE - 1, len(series))
    for place, line in enumerate(shown):
        share = (line - line.min()) / max(float(np.ptp(line)), 1e-30)
        points = np.stack([across, BAND * place + 1 + (BAND - 3) * (1 - share)], axis=1)
        cv2.polylines(picture, [np.rint(points).astype(np.int32)], False, 0)
    return picture[:, :, None]


def _in_grey(values: np.ndarray) -> np.ndarray:
    """Returns values as a picture of their own range, uint8 (height, width, 1)."""
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255.0 / max(high - low, 1e-30))).astype(np.uint8)[:, :, None]
