"""Pictures of the rows: where they lie, and their usual size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.source import Source
from pipeline.draft.choice import Choice, words
from pipeline.draft.row_files import OTHER_WORDS, find_row_files
from pipeline.inputs.images.decoding import image_sizes
from pipeline.inputs.images.names import is_picture

if TYPE_CHECKING:
    import pandas as pd

MEASURED = 60  # pictures whose size is read


@dataclass(frozen=True)
class PictureFiles:
    """Patterns of the pictures' files, and their usual size.

    Attributes:
        train: pattern of `data.images`.
        test: pattern of `data.test_images`; None where it is the same.
        size: median height and width, pixels.
    """

    train: Choice[str]
    test: Choice[str] | None
    size: tuple[int, int]

    @property
    def section(self) -> dict[str, str]:
        """The keys of `data` that say where they lie."""
        own = {"test_images": self.test.value} if self.test else {}
        return {"images": self.train.value, **own}


def find_pictures(
    source: Source, train: pd.DataFrame, test: pd.DataFrame, key: str, pattern: str | None = None
) -> PictureFiles | None:
    """Returns where the rows' pictures lie, or None where no column names pictures.

    Args:
        source: the competition's files.
        train: training table.
        test: test table.
        key: the id column, which is tried first.
        pattern: of the training pictures, where it is known already.

    Raises:
        DataError: the pictures that are measured cannot be read.
    """
    files = [name for name in source.names() if is_picture(name)]
    if not files:
        return None
    found = find_row_files(files, train, test, key, "picture", pattern)
    if found is None:
        return None
    return PictureFiles(found.train, found.test, _median_size(source, files))


def _median_size(source: Source, files: Sequence[str]) -> tuple[int, int]:
    own = [file for file in files if not OTHER_WORDS & set(words(file.rpartition("/")[0]))]
    files = own or files
    chosen = [files[position] for position in np.unique(np.linspace(0, len(files) - 1, MEASURED).astype(int))]
    sizes, _ = image_sizes(source.open, chosen)
    height, width = np.median(sizes, axis=0)
    return int(height), int(width)
