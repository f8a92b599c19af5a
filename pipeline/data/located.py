"""Files of the rows: what the inputs find that have some, and the rows that are left out for want of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.class_rows import ClassRows
from pipeline.data.pixel_rows import PixelRows
from pipeline.data.source import Source
from pipeline.data.tables import Tables
from pipeline.errors import Problems
from pipeline.registry import locating, opening

BROKEN = "training rows whose picture, clip or array is not there or cannot be decoded"
BY_PRIOR = (
    "test rows answered by the prior, for their picture, clip or array is not there or cannot be decoded"
)

FILES = ("pictures", "clips", "arrays")  # names of files, by row
LOCATED = tuple(side + name for name in FILES for side in ("", "test_"))


def locate_files(
    source: Source, tables: Tables, config: Config, problems: Problems
) -> tuple[Tables, dict[str, Any]]:
    """Returns the tables without rows whose file is broken, and the names of the files by field."""
    data, found = config.data.model_copy(update={"id": tables.id}), dict[str, Any]()
    for one in locating():
        train = one.locate(tables.train, data, "train", data.train, source, problems)
        test = one.locate(tables.test, data, "test", data.test, source, problems)
        found |= {one.located: train, f"test_{one.located}": test}
        if problems or not (one.skips(data) and train):
            continue
        usable = one.usable([*train, *test], data, source, config.threads)
        kept, kept_test = usable[: len(train)], usable[len(train) :]
        tables = tables.without_training_rows(kept, BROKEN).without_test_rows(kept_test, BY_PRIOR)
        for name, files in found.items():
            rows = kept_test if name.startswith("test_") else kept
            found[name] = tuple(np.array(files, object)[rows]) if files else ()
    return tables, found


def albums_of(files: Mapping[str, Any], tables: Tables, config: Config, source: Source) -> dict[str, Any]:
    """Returns the pictures of the training rows, of the test rows, and those that are answers, if any."""
    found = {
        "album": album_of(files, "train", source, config.threads),
        "test_album": album_of(files, "test", source, config.threads),
    }
    if config.data.answers:
        names = {"pictures": tuple(tables.train[tables.targets[0]])}
        found["answers"] = album_of(names, "train", source, config.threads)
    return found


def long_rows_of(tables: Tables, sizes: np.ndarray | None) -> PixelRows | ClassRows | None:
    """Returns the sample's pixels, once they lie within the test pictures, or classes; None: neither.

    Args:
        tables: without the rows that are left out.
        sizes: (test rows, 2), height and width of their pictures.
    """
    if tables.long_rows is None or sizes is None:
        return None
    return tables.long_rows.placed(dict(zip(tables.test[tables.id], sizes.tolist(), strict=True)))


def album_of(files: Mapping[str, Any], side: str, source: Source, threads: int) -> Any:
    """Returns the pictures of a side, none of them read yet (see `pipeline.inputs.images.album`)."""
    return opening("images").album(files, side, source, threads)
