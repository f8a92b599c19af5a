"""A competition's files: a folder, or the zip that Kaggle gives, read without unpacking."""

from __future__ import annotations

import io
import stat
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipeline.errors import DataError, did_you_mean, listing
from pipeline.store import digest, file_digest

LARGEST_RATIO = 1000  # a zip entry that unpacks to more than this times its size is a bomb
SMALLEST_BOMB = 100 * 2**20  # bytes; smaller entries may compress as well as they like


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
            return (self.root / name).read_bytes()
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


class ZipSource(Source):
    """A zip. One folder that holds everything is looked through, as if it were not there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        try:
            self._zip = zipfile.ZipFile(root)
        except zipfile.BadZipFile as error:
            raise DataError(f"{root} is not a zip that can be read: {error}.") from error
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        for entry in entries:
            self._check(entry)
        entries = [entry for entry in entries if not entry.filename.startswith("__MACOSX/")]
        tops = {PurePosixPath(entry.filename).parts[0] for entry in entries}
        strip = len(tops) == 1 and all("/" in entry.filename for entry in entries)
        prefix = f"{tops.pop()}/" if strip else ""
        self._entries = {entry.filename.removeprefix(prefix): entry for entry in entries}

    def names(self) -> list[str]:
        return sorted(self._entries)

    def read(self, name: str) -> bytes:
        if name not in self._entries:
            raise self.missing(name)
        try:
            return self._zip.read(self._entries[name])
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise DataError(f"{self.root}: {name!r} cannot be read: {error}.") from error

    def fingerprint(self, tables: list[str]) -> str:
        return digest({name: [entry.file_size, entry.CRC] for name, entry in self._entries.items()})

    def _check(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if ".." in parts or name.startswith(("/", "\\")) or (parts and ":" in parts[0]):
            raise DataError(f"{self.root} is refused: its entry {name!r} points outside the zip.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f"{self.root} is refused: its entry {name!r} is a symbolic link.")
        if entry.file_size > SMALLEST_BOMB and entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1):
            raise DataError(
                f"{self.root} is refused: {name!r} unpacks from {entry.compress_size:,} to "
                f"{entry.file_size:,} bytes."
            )


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
        zips = sorted(root.glob("*.zip"))
        if not (root / train.partition("{")[0]).exists() and len(zips) == 1:
            return ZipSource(zips[0])
        return FolderSource(root)
    if root.is_file():
        return ZipSource(root)
    if root.with_name(root.name + ".zip").is_file():
        return ZipSource(root.with_name(root.name + ".zip"))
    raise DataError(f"There is no data at {root}: neither a folder nor a zip.")
