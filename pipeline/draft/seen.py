"""Files of the rows beside their tables: pictures, sound, arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.data.competition import Competition
from pipeline.data.file_pattern import FilePattern
from pipeline.data.source import Source
from pipeline.draft.array_models import array_network
from pipeline.draft.arrays import ArrayFiles, find_arrays
from pipeline.draft.beside import reading
from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine
from pipeline.draft.files import Files
from pipeline.draft.pictures import PictureFiles, find_pictures
from pipeline.draft.size import size_of
from pipeline.draft.sound_models import sound_networks
from pipeline.draft.sounds import ClipFiles, find_clips
from pipeline.models.size import Size

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Seen:
    """Files of the rows, and what suits them; None where there are none.

    Attributes:
        photos: pictures.
        sounds: clips.
        arrays: arrays and series.
    """

    photos: PictureFiles | None = None
    sounds: ClipFiles | None = None
    arrays: ArrayFiles | None = None

    @property
    def any(self) -> bool:
        return bool(self.photos or self.sounds or self.arrays)

    @property
    def tables(self) -> list[str]:
        """The long tables that hold series of the rows."""
        section = self.arrays.section if self.arrays else {}
        return [section[key] for key in ("table", "test_table") if key in section]

    @property
    def patterns(self) -> list[str]:
        """The patterns by which the rows' files are found."""
        found = [self.photos.train, self.photos.test] if self.photos else []
        found += [self.sounds.files.train, self.sounds.files.test] if self.sounds else []
        return [*(choice.value for choice in found if choice), *(self.arrays.patterns if self.arrays else ())]

    @property
    def section(self) -> dict[str, Any]:
        """The keys of `data` that say where the rows' files lie."""
        found: dict[str, Any] = dict(self.photos.section) if self.photos else {}
        if self.sounds:
            found["sound"] = self.sounds.section
        if self.arrays:
            found["arrays"] = self.arrays.section
        return found

    @property
    def reasons(self) -> dict[str, str]:
        """Key of `data` -> why."""
        reasons = {}
        if self.photos:
            height, width = self.photos.size
            reasons["images"] = f"{self.photos.train.reason}; about {width}x{height} pixels"
            if self.photos.test:
                reasons["test_images"] = self.photos.test.reason
        if self.sounds:
            reasons["sound"] = f"{self.sounds.files.train.reason}; {self.sounds.reason}"
        if self.arrays:
            reasons["arrays"] = self.arrays.reason
        return reasons

    @property
    def picture(self) -> tuple[int, int] | None:
        """Median height and width of the pictures."""
        return self.photos.size if self.photos else None

    @property
    def shown(self) -> tuple[int, int] | None:
        """Height and width of what a network sees of a row, None where there is nothing to see."""
        if self.sounds and not self.photos:
            return self.sounds.config.n_mels, self.sounds.config.frames
        if self.arrays and not self.photos:
            return self.arrays.shape[:2]
        return self.picture

    def size(self, competition: Competition) -> Size:
        """Returns how large the data is, statistics of sound and arrays among the columns."""
        size = size_of(competition, self.picture)
        beside = sum(found.columns for found in (self.sounds, self.arrays) if found)
        return replace(size, columns=size.columns + beside)

    def models(
        self, chosen: list[Chosen], competition: Competition, fits: int, metric: str, machine: Machine
    ) -> list[Chosen]:
        """Returns models that were chosen for table and pictures, those that see sound or arrays beside."""
        size, table = (
            replace(size_of(competition, self.picture), picture=self.shown),
            competition.train is not None,
        )
        if self.sounds:
            networks = sound_networks(size, self.sounds.config.windows, fits, metric, machine)
            return [*networks, *reading(chosen, "sound", self.sounds.columns, table)]
        if self.arrays:
            network = array_network(self.arrays.shape, size, fits, metric, machine)
            if self.arrays.columns:
                chosen = reading(chosen, "array_statistics", self.arrays.columns, table)
            return [network, *chosen]
        return chosen


def find_seen(
    source: Source, files: Files, train: pd.DataFrame, test: pd.DataFrame, targets: Sequence[str]
) -> Seen:
    """Returns what there is of the rows; arrays where there are neither pictures nor sound.

    Args:
        source: the competition's files.
        files: which file is what.
        train: training table.
        test: test table.
        targets: columns that nothing may see.

    Raises:
        DataError: none of the pictures, clips or arrays that are measured can be read.
    """
    own = _own(files)
    photos = find_pictures(source, train, test, files.id, own)
    sounds = find_clips(source, train, test, files.id, own)
    if photos or sounds:
        return Seen(photos, sounds)
    tables = files.row_tables, files.long_tables
    return Seen(arrays=find_arrays(source, *tables, train, test, files.id, targets, own))


def _own(files: Files) -> str | None:
    """Returns the pattern of the rows' files where the training table is made of them."""
    if not files.by_folders:
        return None
    # A column that is called so, the ids for example, is not the file's whole name.
    return files.train.value if "file" in FilePattern(files.train.value).fields else "{file}"
