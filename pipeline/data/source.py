"""A competition's files: a folder, or the zip that Kaggle gives, read without unpacking."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipeline.data.inner_zip import entries, is_zip, open_inner, open_zip, read_entry
from pipeline.errors import DataError, did_you_mean, listing
from pipeline.store import digest, file_digest

ZIP = ".zip"
MOST_ZIPS = 100  # in one folder or zip that are looked into
DEEPEST = 2  # zips within the zip or folder that are opened, one in another
NOTES = {".txt", ".md", ".pdf", ".html", ".json", ".yaml", ".sha256"}  # beside a zip that holds everything


class Source(ABC):
    """Files by their relative POSIX name ("images/1.jpg")."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def names(self) -> list[str]:
        """Returns every file's name, sorted."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Returns a file's bytes. Safe to call from several threads."""

    def open(self, name: str) -> BinaryIO:
        """Returns a file to be read in parts; closed by the caller."""
        return io.BytesIO(self.read(name))

    @abstractmethod
    def fingerprint(self, tables: list[str]) -> str:
        """Returns a hash that changes when any file does; tables by content, the rest by size and time."""

    def table_of(self, data: bytes, name: str) -> bytes:
        """Returns a table that was packed without saying so: the one file of a zip that is called .csv."""
        if not (is_zip(data) and name.lower().endswith(".csv")):
            return data
        where = f"{self.root}: {name}"
        opened = open_zip(io.BytesIO(data), where)
        found = list(entries(opened).values())
        if len(found) != 1:
            raise DataError(f"{where} is a zip of {len(found)} files, not a table.")
        return read_entry(opened, found[0], where)

    def has(self, name: str) -> bool:
        return name in self._known()

    def missing(self, name: str) -> DataError:
        """Returns the error for a file that is not there."""
        names = self._known()
        near = did_you_mean(name, [known for known in names if known.count("/") <= name.count("/")])
        return DataError(f"{self.root} holds no file {name!r}.{near} It holds: {listing(sorted(names))}.")

    def _known(self) -> frozenset[str]:
        if not hasattr(self, "_names"):
            self._names = frozenset(self.names())
        return self._names


class FolderSource(Source):
    """A folder."""

    def names(self) -> list[str]:
        return sorted(
            path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()
        )

    def has(self, name: str) -> bool:
        return (self.root / name).is_file()

    def read(self, name: str) -> bytes:
        try:
            return self.table_of((self.root / name).read_bytes(), name)
        except FileNotFoundError:
            raise self.missing(name) from None

    def open(self, name: str) -> BinaryIO:
        try:
            return (self.root / name).open("rb")
        except FileNotFoundError:
            raise self.missing(name) from None

    def fingerprint(self, tables: list[str]) -> str:
        facts: dict[str, object] = {}
        for path in sorted(self.root.rglob("*")):
            if path.is_file():
                name = path.relative_to(self.root).as_posix()
                status = path.stat()
                facts[name] = file_digest(path) if name in tables else [status.st_size, status.st_mtime_ns]
        return digest(facts)

    def zips(self) -> list[str]:
        """Returns the names of the zips in it and in the folders at its top."""
        found = [*self.root.glob(f"*{ZIP}"), *self.root.glob(f"*/*{ZIP}")]
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file())

    def inner(self, name: str) -> ZipSource | None:
        """Returns one of them, opened; None where its content is no zip."""
        with (self.root / name).open("rb") as file:
            if not is_zip(file.read(4)):
                return None
        return ZipSource(self.root / name)


class ZipSource(Source):
    """A zip. One folder that holds everything is looked through, as if it were not there.

    Args:
        root: its path, or what an error calls it.
        file: its content, where it is no file of its own.
    """

    def __init__(self, root: Path, file: BinaryIO | None = None) -> None:
        super().__init__(root)
        self._zip = open_zip(file or root, str(root))
        self._entries = entries(self._zip)

    def names(self) -> list[str]:
        return sorted(self._entries)

    def read(self, name: str) -> bytes:
        if name not in self._entries:
            raise self.missing(name)
        return self.table_of(read_entry(self._zip, self._entries[name], str(self.root)), name)

    def fingerprint(self, tables: list[str]) -> str:
        return digest({name: [entry.file_size, entry.CRC] for name, entry in self._entries.items()})

    def zips(self) -> list[str]:
        return [name for name in self._entries if name.lower().endswith(ZIP)]

    def inner(self, name: str) -> ZipSource | None:
        file = open_inner(self._zip, self._entries[name], str(self.root))
        return ZipSource(self.root / name, file) if file else None


class LookedInto(Source):
    """Files of which some are zips, which are looked into as if they were unpacked where they lie.

    "train.zip" becomes the folder "train", or the file where it holds but one of its name ("train.csv.zip"
    or "train.zip": "train.csv"). A zip whose files all lie beside it already is left out, and a file that
    is there goes before one of the same name in a zip.

    Args:
        outer: the files as they are.
        inner: name of a zip -> its files.
    """

    def __init__(self, outer: Source, inner: Mapping[str, Source]) -> None:
        super().__init__(outer.root)
        self._outer, self._inner = outer, inner
        self._places: dict[str, tuple[Source, str]] = {}
        there = frozenset(outer.names())
        for zipped, source in inner.items():
            own = source.names()
            found = _unpacked_names(zipped, own)
            if not any(set(names) <= there for names in found):
                self._places |= {new: (source, old) for new, old in zip(found[0], own, strict=True)}
        self._places |= {name: (outer, name) for name in there - inner.keys()}

    def names(self) -> list[str]:
        return sorted(self._places)

    def read(self, name: str) -> bytes:
        source, own = self._place(name)
        return source.read(own)

    def open(self, name: str) -> BinaryIO:
        source, own = self._place(name)
        return source.open(own)

    def fingerprint(self, tables: list[str]) -> str:
        inner = {name: source.fingerprint([]) for name, source in self._inner.items()}
        return digest([self._outer.fingerprint(tables), inner])

    def _place(self, name: str) -> tuple[Source, str]:
        if name not in self._places:
            raise self.missing(name)
        return self._places[name]


def _unpacked_names(zipped: str, names: Sequence[str]) -> list[list[str]]:
    """Returns what a zip's files are called where it lies, and what they would be without its name."""
    path = PurePosixPath(zipped)
    beside = [(path.parent / name).as_posix() for name in names]
    suffix = PurePosixPath(names[0]).suffix if len(names) == 1 else ""
    if suffix and path.stem.endswith(suffix):  # train.csv.zip
        return [[path.with_suffix("").as_posix()], beside]
    if len(names) == 1 and PurePosixPath(names[0]).stem == path.stem:  # train.zip, of train.csv
        return [beside]
    return [[(path.with_suffix("") / name).as_posix() for name in names], beside]


def looked_into(source: FolderSource | ZipSource, depth: int = DEEPEST) -> Source:
    """Returns the source with the zips in it opened; itself where there are none.

    Args:
        source: a folder or a zip.
        depth: how many zips within zips are opened; deeper ones stay files.

    Raises:
        DataError: a zip is broken, encrypted, not safe, or there are more than can be meant.
    """
    zips = source.zips() if depth else []
    if len(zips) > MOST_ZIPS:
        return source  # so many are data themselves, not a way to pack it
    opened = {name: inner for name in zips if (inner := source.inner(name))}
    if not opened:
        return source
    return LookedInto(source, {name: looked_into(inner, depth - 1) for name, inner in opened.items()})


def open_source(root: Path, train: str) -> Source:
    """Opens a folder, a zip, or a folder that holds nothing of use but one zip.

    Args:
        root: the path that the configuration or the command line names.
        train: name of the training table (or a pattern, "train/{species}/{id}.jpg"), which tells an
            unpacked folder from a mere container.

    Raises:
        DataError: there is nothing at `root`, or nothing that can be read.
    """
    if root.is_dir():
        return _open_folder(root, train.partition("{")[0])
    if root.is_file():
        return looked_into(ZipSource(root))
    if root.with_name(root.name + ZIP).is_file():
        return looked_into(ZipSource(root.with_name(root.name + ZIP)))
    raise DataError(f"There is no data at {root}: neither a folder nor a zip.")


def _open_folder(root: Path, train: str) -> Source:
    """Opens a folder, or the one zip in it that holds what the folder lacks.

    Args:
        root: the folder.
        train: how the name of the training table begins; "" where nothing is known of it.
    """
    zips = sorted(root.glob(f"*{ZIP}"))
    if len(zips) != 1 or (train and (root / train).exists()):
        return looked_into(FolderSource(root))
    others = (path for path in root.iterdir() if path != zips[0] and not path.name.startswith("."))
    if any(path.is_dir() or path.suffix.lower() not in NOTES for path in others):
        source = looked_into(FolderSource(root))
        if any(name.startswith(train) for name in source.names()):
            return source
    return looked_into(ZipSource(zips[0]))
