"""Files of pictures: decoded once through a network's view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.competition import Competition
from pipeline.data.source import Source
from pipeline.errors import ConfigError, listing
from pipeline.inputs.images.intensity import Intensity, write_intensity
from pipeline.inputs.images.view import ViewConfig, make_views
from pipeline.transforms.views import Views, upper_left

Report = Callable[[float, str], None]
Channels = Literal[1, 3]


def make_pixels(
    competition: Competition,
    source: Source,
    section: ModelConfig,
    folder: Path,
    report: Report,
    threads: int,
    found: Mapping[str, np.ndarray] | None = None,
    intensity: Intensity | None = None,
) -> dict[str, np.ndarray]:
    """Decodes every picture once, through the view that the model asks for, into train.npy and test.npy.

    Grey pictures stay grey: where all of them are, the arrays have one channel. Beside them lie the
    views (`SIDE_affines.npy`, source to network pixels), who fell back to the whole picture
    (`SIDE_fallback.npy`) and what became black and white (`intensity.json`).

    Args:
        competition: names the pictures.
        source: holds them.
        section: of the model.
        folder: receives the files.
        report: told of the progress.
        threads: how many decode at a time.
        found: "train" and "test" -> coordinates in source pixels that the view follows, if any.
        intensity: what becomes black and white in pictures of more than 8 bits.

    Returns:
        "train" and "test" -> bool (rows,): True where a picture fell back.
    """
    from pipeline.inputs.images.decoding import dominant_channels, image_sizes

    names = [*competition.pictures, *competition.test_pictures]
    sizes, grey = image_sizes(source.open, names, report, threads)
    channels, rows = dominant_channels(grey), len(competition.pictures)
    size_of = {"train": sizes[:rows], "test": sizes[rows:]}
    canvas = tuple(sizes.max(axis=0).tolist())
    write_intensity(intensity, folder)
    fallen = {}
    for side, pictures in (("train", competition.pictures), ("test", competition.test_pictures)):
        path, at = folder / f"{side}.npy", found[side] if found else None
        views, fallback = write_views(
            path, source, pictures, section, channels, report, threads, at, intensity, size_of[side], canvas
        )
        np.save(folder / f"{side}_affines.npy", views.affines)
        np.save(folder / f"{side}_fallback.npy", fallback)
        np.save(folder / f"{side}_sources.npy", size_of[side])
        if section.picture().get("canvas"):
            np.save(folder / f"{side}_extents.npy", extents_of(views, size_of[side]))
        fallen[side] = fallback
    return fallen


def picture_channels(folder: Path) -> Channels:
    """Returns how many channels the pictures of a product have."""
    return np.load(folder / "test.npy", mmap_mode="r").shape[3]


def canvas_of(folder: Path) -> tuple[int, int]:
    """Returns height and width of the pictures of a product."""
    height, width = np.load(folder / "test.npy", mmap_mode="r").shape[1:3]
    return int(height), int(width)


def seen_by(folder: Path, side: str) -> Views:
    """Returns the views through which the pictures of a product were made ("train" or "test")."""
    height, width = np.load(folder / f"{side}.npy", mmap_mode="r").shape[1:3]
    return Views(np.load(folder / f"{side}_affines.npy", allow_pickle=False), (height, width))


def extents_of(views: Views, sizes: np.ndarray) -> np.ndarray:
    """Returns int64 (rows, 2): height and width of pictures of these sizes on their canvas."""
    scaled = np.rint(np.asarray(sizes) * views.affines[:, 0, :1]).astype(np.int64)
    return np.clip(scaled, 1, np.array(views.size))


def read_noted(folder: Path, side: str, what: str) -> np.ndarray | None:
    """Returns what `make_pixels` noted of pictures, "extents" on a canvas or "sources"; None: it did not."""
    path = folder / f"{side}_{what}.npy"
    return np.load(path, allow_pickle=False) if path.exists() else None


def fallback_lines(section: ModelConfig, name: str, fallen: Mapping[str, np.ndarray]) -> list[str]:
    """Says in how many pictures a model sees the whole, for want of a usable box or axis.

    Args:
        section: of the model.
        name: its own.
        fallen: "train" and "test" -> bool (rows,).
    """
    lines = []
    for _ in section.views():
        what = "axis" if section.picture()["view"].get("axis") else "box"
        for side, rows in fallen.items():
            note = ": the whole picture is used" if rows.any() else ""
            lines.append(f"{name}: {rows.sum()} of {len(rows)} {side} pictures have no usable {what}{note}")
    return lines


def shrunk_line(section: ModelConfig, name: str, names: Sequence[str], views: Views) -> str:
    """Says which new pictures are larger than the canvas that held all of the contest; "" where none is."""
    small = np.flatnonzero(views.affines[:, 0, 0] < 1.0)
    if not len(small) or not section.picture().get("canvas"):
        return ""
    height, width = views.size
    return (
        f"{name}: {len(small)} pictures are larger than all of the contest ({width}x{height}): "
        f"they are shrunk, and their answers enlarged: {listing(names[row] for row in small.tolist())}."
    )


def write_views(
    path: Path,
    source: Source,
    names: Sequence[str],
    section: ModelConfig,
    channels: Channels,
    report: Report,
    threads: int,
    found: np.ndarray | None = None,
    intensity: Intensity | None = None,
    sizes: np.ndarray | None = None,
    canvas: tuple[int, int] | None = None,
) -> tuple[Views, np.ndarray]:
    """Decodes pictures through the view that a model asks for into one .npy file.

    Args:
        path, source, names, section, report, threads: as in `make_pixels`.
        channels: 3 for RGB, 1 for grey.
        found: coordinates in source pixels that the view follows, if any.
        intensity: what becomes black and white in pictures of more than 8 bits.
        sizes: (rows, 2), height and width of each, where they are known already.
        canvas: height and width of what holds every picture of the contest, where the section asks for one;
            a new picture that is larger is shrunk onto it.

    Returns:
        The views, and bool (rows,): True where one fell back to its whole picture.
    """
    from pipeline.inputs.images.canvas import write_canvas
    from pipeline.inputs.images.decoding import image_sizes
    from pipeline.inputs.images.pixels import write_pixels

    if sizes is None:
        sizes, _ = image_sizes(source.open, names, report, threads)
    asked = section.picture()
    if asked.get("canvas") and canvas:
        views = upper_left(sizes, canvas)
        write_canvas(path, source.open, names, views, sizes, channels, report, threads, intensity)
        return views, np.zeros(len(names), bool)
    size = asked["size"] or _common_size(sizes)
    rule = ViewConfig.model_validate(asked["view"]) if "view" in asked else None
    views, fallback = make_views(rule, found, sizes, (size[0], size[1]))
    write_pixels(path, source.open, names, views, channels, report, threads, intensity=intensity)
    return views, fallback


def _common_size(sizes: np.ndarray) -> list[int]:
    found, counts = np.unique(sizes, axis=0, return_counts=True)
    if len(found) > 1:
        shown = listing(f"{width}x{height}" for height, width in found[np.argsort(-counts)])
        raise ConfigError(f"The pictures have several sizes ({shown}): the network's `size` must say which.")
    return [int(side) for side in found[0]]
