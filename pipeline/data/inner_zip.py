"""Zips inside a competition's files: their entries by name, as if they were unpacked beside them."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import IO, BinaryIO

from pipeline.errors import DataError

LARGEST_RATIO = 1000  # a zip entry that unpacks to more than this times its size is a bomb
SMALLEST_BOMB = 100 * 2**20  # bytes; smaller entries may compress as well as they like
LOCAL_HEADER = struct.Struct("<4s5H3I2H")  # of a zip's entry: the last two are the lengths of name and extras
ZIP_BYTES = b"PK\x03\x04"
ENCRYPTED = 1  # bit of an entry's flags


def is_zip(start: bytes) -> bool:
    """Says whether a file's first bytes are those of a zip."""
    return start[:4] == ZIP_BYTES


def open_zip(file: BinaryIO | str | os.PathLike[str], where: str) -> zipfile.ZipFile:
    """Opens a zip and refuses one that is broken, points outside, or unpacks without bounds.

    Args:
        file: a path, or a seekable file.
        where: what an error calls it.
    """
    try:
        opened = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{where} is not a zip that can be read: {error}.") from error
    for entry in opened.infolist():
        if not entry.is_dir():
            _check(entry, where)
    return opened


def entries(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Returns the files of a zip by name; one folder that holds everything is looked through."""
    found = [entry for entry in opened.infolist() if not entry.is_dir()]
    found = [entry for entry in found if not entry.filename.startswith("__MACOSX/")]
    prefix = common_folder(entry.filename for entry in found)
    return {entry.filename.removeprefix(prefix): entry for entry in found}


def common_folder(names: Iterable[str]) -> str:
    """Returns the one folder at the top that holds all files, "train/", or ""."""
    parts = [PurePosixPath(name).parts for name in names]
    tops = {part[0] for part in parts}
    return f"{tops.pop()}/" if len(tops) == 1 and all(len(part) > 1 for part in parts) else ""


def read_entry(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> bytes:
    """Returns what an entry unpacks to."""
    try:
        return opened.read(entry)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(f"{where}: {entry.filename!r} cannot be read: {error}.") from error


def open_inner(outer: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> BinaryIO | None:
    """Returns a zip that lies in another one as a seekable file; None where the entry is no zip.

    One that is stored as it is is read where it lies; one that is packed once more is unpacked to a
    temporary file, which goes with the process. Neither is ever in memory as a whole.

    Raises:
        DataError: it is encrypted or damaged, or larger than the room for temporary files.
    """
    if entry.flag_bits & ENCRYPTED:
        raise DataError(f"{where}: {entry.filename!r} is encrypted.")
    try:
        with outer.open(entry) as file:
            if not is_zip(file.read(4)):
                return None
        if entry.compress_type == zipfile.ZIP_STORED and isinstance(outer.filename, str):
            return _in_place(outer, entry)
        room = shutil.disk_usage(tempfile.gettempdir()).free
        if entry.file_size > room:
            raise DataError(
                f"{where}: {entry.filename!r} is packed twice and needs {entry.file_size:,} bytes of "
                f"{tempfile.gettempdir()}, which has {room:,}. Unpack it, and name the folder."
            )
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115 (read as long as the source is)
        with outer.open(entry) as file:
            shutil.copyfileobj(file, unpacked, 2**20)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(f"{where}: {entry.filename!r} cannot be read: {error}.") from error
    return unpacked  # type: ignore[return-value]


def _in_place(outer: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    file = open(outer.filename, "rb")  # type: ignore[arg-type]  # noqa: SIM115 (as above)
    file.seek(entry.header_offset)
    *_, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    start = entry.header_offset + LOCAL_HEADER.size + name + extra
    return io.BufferedReader(_Part(file, start, entry.file_size))


class _Part(io.RawIOBase):
    """Bytes `start` to `start + size` of a file, as a file of its own."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0
        self._lock = threading.Lock()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        with self._lock:
            self._file.seek(self._start + self._at)
            data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _check(entry: zipfile.ZipInfo, where: str) -> None:
    name = entry.filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or name.startswith(("/", "\\")) or (parts and ":" in parts[0]):
        raise DataError(f"{where} is refused: its entry {name!r} points outside the zip.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DataError(f"{where} is refused: its entry {name!r} is a symbolic link.")
    if entry.file_size > SMALLEST_BOMB and entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1):
        raise DataError(
            f"{where} is refused: {name!r} unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes."
        )
