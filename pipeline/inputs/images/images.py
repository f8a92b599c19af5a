"""Pictures as an input: decoded once through a network's view, into files that its rows are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.config.reads import Read
from pipeline.config.schema import Config, ModelConfig
from pipeline.data.competition import Competition
from pipeline.data.source import Source
from pipeline.errors import Problems
from pipeline.inputs.base import Input, InputFiles, Shown, Workshop
from pipeline.inputs.images.album import LOOKED_AT, Album
from pipeline.inputs.images.broken import usable_pictures
from pipeline.inputs.images.files import (
    canvas_of,
    extents_of,
    fallback_lines,
    make_pixels,
    picture_channels,
    read_noted,
    seen_by,
    shrunk_line,
    write_views,
)
from pipeline.inputs.images.intensity import intensity_key, read_intensity, write_intensity
from pipeline.inputs.images.names import picture_names
from pipeline.inputs.images.part import Pictures
from pipeline.registry import INPUTS

if TYPE_CHECKING:
    import pandas as pd


@INPUTS.register("images")
class ImagesInput(Input):
    """The picture of a row, uint8 (height, width, channels)."""

    keys = ("images", "test_images", "intensity", "broken_pictures")
    lacking = "reads pictures, but `data.images` does not say where they are."

    located = "pictures"

    def there(self, competition: Competition) -> bool:
        return bool(competition.pictures)

    def patterns(self, data: DataConfig) -> list[str]:
        return [pattern for pattern in (data.images, data.test_images) if pattern]

    def skips(self, data: DataConfig) -> bool:
        return data.broken_pictures == "leave_out"

    def locate(
        self, table: pd.DataFrame, data: DataConfig, side: str, where: str, source: Source, problems: Problems
    ) -> tuple[str, ...]:
        """Returns the file of every row's picture, () where the configuration names none.

        Args:
            table: the rows.
            data: says where pictures lie, and whether those that are not there are a problem.
            side: "train", or "test" for test rows and new ones.
            where: what a problem calls the table.
            source: where the pictures lie.
            problems: told of what is missing.
        """
        pattern = data.images if side == "train" else data.test_images or data.images
        skip = self.skips(data)
        return picture_names(table, pattern, source, problems, where, skip) if pattern else ()

    def album(self, files: Mapping[str, Sequence[str]], side: str, source: Source, threads: int) -> Album:
        """Returns what can be asked of pictures before any model sees them.

        Args:
            files: names by field of the competition, as `locate_files` returns them.
            side: "train" or "test".
            source: where they lie.
            threads: that read headers.
        """
        return Album(
            tuple(files.get("pictures" if side == "train" else "test_pictures", ())), source, threads
        )

    def usable(self, names: Sequence[str], data: DataConfig, source: Source, threads: int) -> np.ndarray:
        """Returns bool (pictures,): whether each is there and can be decoded."""
        return usable_pictures(source.open, names, threads)

    def files(self, config: Config, section: ModelConfig) -> InputFiles | None:
        """The decoded pictures that a network sees: one product per view and size, shared by models."""
        data, view = config.data, section.picture()
        if not view:
            return None
        label = f"pixels-{view.pop('label')}"
        material: dict[str, Any] = {"images": [data.images, data.test_images]}
        material |= {"view": view, **intensity_key(data)}
        reads = tuple(Read(other, "coordinates", "out_of_fold") for other in section.views())
        return InputFiles(label, material, reads)

    def make(self, shop: Workshop, folder: Path) -> None:
        report, threads = shop.progress.update, shop.config.threads
        asked = (shop.competition, shop.source, shop.section, folder, report, threads)
        fallen = make_pixels(*asked, shop.found, shop.intensity())
        for line in fallback_lines(shop.section, shop.name, fallen):
            shop.progress.message(line)

    def open(self, shop: Workshop, side: str, folder: Path | None, key: str) -> Pictures:
        if folder is None:
            raise ValueError("Pictures are opened from a folder.")
        pixels = np.load(folder / f"{side}.npy", mmap_mode="r")
        extents, sources = (read_noted(folder, side, what) for what in ("extents", "sources"))
        return Pictures(pixels, f"{key}-{side}", seen_by(folder, side), extents=extents, sources=sources)

    def shown(self, shop: Workshop, rows: Sequence[int]) -> list[Shown]:
        """Returns the rows' whole pictures, in their own colours; very large ones are shrunk."""
        from pipeline.inputs.images.bands import decode_at_most

        found = []
        for name in (shop.competition.pictures[row] for row in rows):
            with shop.source.open(name) as file:
                found.append(Shown(decode_at_most(file, 3, name, LOOKED_AT, shop.intensity())))
        return found

    def carry(self, folder: Path, into: Path) -> None:
        """Writes a blank picture of the size and channels of the others, and their range."""
        shape = np.load(folder / "test.npy", mmap_mode="r").shape
        np.save(into / "test.npy", np.zeros((1, *shape[1:]), np.uint8))
        write_intensity(read_intensity(folder), into)

    def open_new(self, shop: Workshop, folder: Path | None, scratch: Path) -> Pictures:
        """Decodes the new rows' pictures as those of the run were: channels and range are theirs."""
        from pipeline.inputs.images.decoding import image_sizes

        if folder is None:
            raise ValueError("New pictures are decoded as those in a folder were.")
        found = shop.found["test"] if shop.found else None
        report, threads = shop.progress.update, shop.config.threads
        path, channels, names = scratch / "new.npy", picture_channels(folder), shop.competition.test_pictures
        asked = (path, shop.source, names, shop.section, channels, report, threads, found)
        sizes = shop.competition.test_sizes
        if sizes is None:
            sizes = image_sizes(shop.source.open, names, report, threads)[0]
        views, fallen = write_views(*asked, read_intensity(folder), sizes, canvas_of(folder))
        for line in fallback_lines(shop.section, shop.name, {"new": fallen}):
            shop.progress.message(line)
        if line := shrunk_line(shop.section, shop.name, names, views):
            shop.progress.warning(line)
        canvas = shop.section.picture().get("canvas")
        extents = extents_of(views, sizes) if canvas else None
        pixels = np.load(path, mmap_mode="r")
        return Pictures(pixels, f"new-{shop.name}", views, extents=extents, sources=sizes)
