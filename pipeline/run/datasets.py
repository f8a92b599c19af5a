"""The rows that one model sees: table and pictures, read from products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.config.schema import ModelConfig
from pipeline.data.competition import Competition
from pipeline.data.intensity import Intensity, read_intensity, write_intensity
from pipeline.data.rows import Dataset
from pipeline.data.source import Source
from pipeline.errors import ConfigError, listing
from pipeline.networks.view import ViewConfig, make_views
from pipeline.progress import Progress
from pipeline.registry import MODELS
from pipeline.run.plan import Plan
from pipeline.store import Product
from pipeline.transforms.views import Views

Report = Callable[[float, str], None]
Channels = Literal[1, 3]


@dataclass(frozen=True)
class Sides:
    """Training and test rows of one model."""

    train: Dataset
    test: Dataset


def sees(section: ModelConfig) -> set[str]:
    """Returns "table" and "images", whichever the model's inputs name."""
    default = MODELS.get(section.kind).sees
    return {default if entry == "auto" else entry for entry in section.inputs if "." not in entry}


def datasets(plan: Plan, competition: Competition, name: str) -> Sides:
    """Builds both sides for a model; arrays are memory maps of products made before.

    What it reads of other models differs from fold to fold: see `pipeline.run.outputs`.

    Raises:
        ConfigError: the model wants pictures or a table where the competition has none.
    """
    section = plan.config.models[name]
    wanted = sees(section)
    if "table" in wanted and competition.train is None:
        raise ConfigError(f"`models.{name}` reads the table, but the tables have no column for it.")
    if "images" in wanted and not competition.pictures:
        raise ConfigError(f"`models.{name}` reads pictures, but `data.images` does not say where they are.")
    pixels = {}
    if "images" in wanted:
        product = plan.pixels(name)
        pixels = {side: np.load(product.path / f"{side}.npy", mmap_mode="r") for side in ("train", "test")}
    sides = []
    for side, ids, table in (
        ("train", competition.ids, competition.train),
        ("test", competition.test_ids, competition.test),
    ):
        sides.append(
            Dataset(
                ids=ids,
                table=table if "table" in wanted else None,
                pixels=pixels.get(side),
                pixels_key=f"{plan.pixels(name).key}-{side}" if pixels else "",
                target=competition.target if side == "train" else None,
                column_kinds=competition.kinds if table is not None else {},
                features=plan.config.features,
            )
        )
    return Sides(*sides)


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
    from pipeline.data.images import dominant_channels, image_sizes

    names = [*competition.pictures, *competition.test_pictures]
    sizes, grey = image_sizes(source.read, names, report, threads)
    channels, rows = dominant_channels(grey), len(competition.pictures)
    size_of = {"train": sizes[:rows], "test": sizes[rows:]}
    write_intensity(intensity, folder)
    fallen = {}
    for side, pictures in (("train", competition.pictures), ("test", competition.test_pictures)):
        path, at = folder / f"{side}.npy", found[side] if found else None
        views, fallback = write_views(
            path, source, pictures, section, channels, report, threads, at, intensity, size_of[side]
        )
        np.save(folder / f"{side}_affines.npy", views.affines)
        np.save(folder / f"{side}_fallback.npy", fallback)
        fallen[side] = fallback
    return fallen


def intensity_of(
    plan: Plan,
    competition: Competition,
    progress: Progress,
    made: Callable[[Product, Callable[[Path], None]], Path],
) -> Intensity | None:
    """Returns what becomes black and white in pictures of more than 8 bits: stated, or found in training.

    Args:
        plan: names the product.
        competition: names the pictures.
        progress: told of what was found.
        made: returns a product's folder, made by the function where it is missing.

    Raises:
        DataError: training pictures cannot be decoded, or no range fits them.
    """

    def make(folder: Path) -> None:
        from pipeline.data.images import find_intensity

        found: Intensity | None
        if plan.config.data.intensity:
            low, high = plan.config.data.intensity
            found = Intensity(low, high)
        else:
            read, names, threads = plan.source.read, competition.pictures, plan.config.threads
            found = find_intensity(read, names, progress.update, threads)
        write_intensity(found, folder)
        if found:
            progress.message(found.line())

    return read_intensity(made(plan.intensity, make))


def picture_channels(plan: Plan, name: str) -> Channels:
    """Returns how many channels a model's pictures have."""
    return np.load(plan.pixels(name).path / "test.npy", mmap_mode="r").shape[3]


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
) -> tuple[Views, np.ndarray]:
    """Decodes pictures through the view that a model asks for into one .npy file.

    Args:
        path, source, names, section, report, threads: as in `make_pixels`.
        channels: 3 for RGB, 1 for grey.
        found: coordinates in source pixels that the view follows, if any.
        intensity: what becomes black and white in pictures of more than 8 bits.
        sizes: (rows, 2), height and width of each, where they are known already.

    Returns:
        The views, and bool (rows,): True where one fell back to its whole picture.
    """
    from pipeline.data.images import image_sizes
    from pipeline.data.pixels import write_pixels

    if sizes is None:
        sizes, _ = image_sizes(source.read, names, report, threads)
    asked = section.picture()
    size = asked["size"] or _common_size(sizes)
    rule = ViewConfig.model_validate(asked["view"]) if "view" in asked else None
    views, fallback = make_views(rule, found, sizes, (size[0], size[1]))
    write_pixels(path, source.read, names, views, channels, report, threads, intensity=intensity)
    return views, fallback


def _common_size(sizes: np.ndarray) -> list[int]:
    found, counts = np.unique(sizes, axis=0, return_counts=True)
    if len(found) > 1:
        shown = listing(f"{width}x{height}" for height, width in found[np.argsort(-counts)])
        raise ConfigError(f"The pictures have several sizes ({shown}): the network's `size` must say which.")
    return [int(side) for side in found[0]]
