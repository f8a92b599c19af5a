"""The files that a draft starts from, and what the person who drafts says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline.data.json_table import ENDINGS
from pipeline.data.source import Source, open_source
from pipeline.draft.arrays import is_array
from pipeline.draft.choice import Choice
from pipeline.draft.long_tables import LongTable
from pipeline.draft.sounds import is_clip
from pipeline.errors import listing
from pipeline.inputs.images.names import is_picture

if TYPE_CHECKING:
    import pandas as pd

BY_NAME = "its name says so"
PACKED = {".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz"}
NOTES = {"", ".txt", ".md", ".pdf", ".html", ".py", ".ipynb", ".yaml", ".yml"}
TABLE_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq", *ENDINGS)


@dataclass(frozen=True)
class Files:
    """The three tables that a draft starts from.

    Attributes:
        train, test, sample: their names, each with the reason. `train` may be a pattern (a folder
            per class), `test` the sample itself.
        id: name of the id column.
        tables: their contents by name, ids and the sample as text.
        unread: other tables, which nothing reads.
        numbered: train or test have no id column.
        masks: pattern of the files that hold the answers as masks, "" for none.
        answers: pattern of the files that hold them as pictures, "" for none.
        classes: what names the class of a mask; None where a picture has one mask.
        sides: tables that are joined to the rows: file -> its section, with the reason.
        row_tables: tables of which each is one row.
        long_tables: tables with many rows for each row.
    """

    train: Choice[str]
    test: Choice[str]
    sample: Choice[str]
    id: str
    tables: Mapping[str, pd.DataFrame]
    unread: list[str]
    numbered: bool
    masks: str = ""
    answers: str = ""
    classes: Choice[str] | None = None
    sides: Mapping[str, Choice[dict[str, Any]]] = field(default_factory=dict)
    row_tables: tuple[str, ...] = ()
    long_tables: tuple[LongTable, ...] = ()

    @property
    def by_folders(self) -> bool:
        """Whether a folder per class takes the place of the training table."""
        return "{" in self.train.value

    @property
    def train_table(self) -> pd.DataFrame:
        return self.tables[self.train.value]

    @property
    def test_table(self) -> pd.DataFrame:
        return self.tables[self.test.value]

    @property
    def sample_table(self) -> pd.DataFrame:
        return self.tables[self.sample.value]


@dataclass(frozen=True)
class Asked:
    """Answers of the person who drafts; None where the files are to tell."""

    train: str | None = None
    test: str | None = None
    sample: str | None = None
    target: str | None = None
    metric: str | None = None
    encoding: str = "auto"
    missing_targets: str = "refuse"


def open_files(root: Path, train: str | None) -> Source:
    """Opens a folder or a zip whose tables have names that are not known yet."""
    return open_source(root, train or "")


def is_table(name: str) -> bool:
    """Says whether a file's ending is one that `read_table` reads."""
    return name.lower().endswith(TABLE_ENDINGS)


def is_row_file(name: str) -> bool:
    """Says whether a file's ending is one of what a row may be: a picture, sound or an array."""
    return is_picture(name) or is_clip(name) or is_array(name)


def unnamed(source: Source) -> list[str]:
    """Returns a line on the files that might have been the rows', if there are any."""
    kinds = {"pictures": is_picture, "clips": is_clip, "arrays": is_array}
    counts = {noun: sum(map(of, source.names())) for noun, of in kinds.items()}
    return [f"{count:,} {noun}: no column names them" for noun, count in counts.items() if count]


def side_name(file: str) -> str:
    """Returns what a side table is called in the configuration: its file's name without folder and ending."""
    return PurePosixPath(file).name.partition(".")[0]


def not_read(source: Source) -> str:
    """Returns a sentence on the files of which nothing here can make sense, or ""."""
    endings = Counter(
        PurePosixPath(name).suffix.lower()
        for name in source.names()
        if not (is_table(name) or is_row_file(name)) and not PurePosixPath(name).name.startswith(".")
    )
    packed = sorted(PACKED & endings.keys())
    if packed:
        return f" Files that end in {listing(packed)} have to be unpacked first."
    strange = [ending for ending, _ in endings.most_common() if ending not in NOTES]
    if not strange:
        return ""
    ending = listing(strange, most=3)
    return f" Files that end in {ending} are neither tables, pictures, sound nor arrays, and are not read."
