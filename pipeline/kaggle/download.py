"""A contest's files, fetched into a folder."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from pipeline.data.source import ZipSource
from pipeline.errors import KaggleError
from pipeline.kaggle.command import Echo, run_kaggle

PACKED = {".zip", ".7z", ".rar"}


def download(slug: str, folder: Path, force: bool, echo: Echo | None = None) -> list[str]:
    """Fetches a contest's files; the zip stays a zip, which the pipeline reads as it is.

    A zip that holds further zips (older contests pack every file) is unpacked and removed. What was
    broken off goes on where it stopped.

    Args:
        slug: the contest's name in Kaggle's address.
        folder: receives the files; made where it is missing.
        force: fetch again what is there.
        echo: receives the progress of the download.

    Returns:
        Lines that say what is there now.

    Raises:
        KaggleError: Kaggle refused, or sent no zip; says what to do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / f"{slug}.zip"
    if not force and _complete(folder, packed):
        return [f"{folder} holds files already; fetch them again with ARGS=--force (--force)."]
    asked = ["download", "-c", slug, "-p", str(folder), *(["--force"] if force else [])]
    said = run_kaggle(asked, slug, echo)
    if not packed.is_file():
        others = [path for path in folder.iterdir() if path.is_file()]
        if not others:
            last = (said.strip().splitlines() or ["nothing"])[-1]
            raise KaggleError(f"Kaggle sent no files for {slug!r}. It said: {last}")
        return [f"{path} is fetched." for path in others]
    return _settle(packed, folder)


def unpack(packed: Path, folder: Path) -> list[str]:
    """Unpacks a zip, and the zips in it, into a folder; returns names that cannot be unpacked here.

    Raises:
        DataError: an entry points outside the folder, or unpacks to more than can be meant.
    """
    ZipSource(packed)  # refuses entries that are not safe
    with zipfile.ZipFile(packed) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        archive.extractall(folder)
    left = []
    for name in names:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix == ".zip":
            left += unpack(folder / name, (folder / name).parent)
            (folder / name).unlink()
        elif suffix in PACKED:
            left.append(name)
    return left


def _complete(folder: Path, packed: Path) -> bool:
    """Says whether files are there, and not a zip that was broken off."""
    if packed.exists():
        return zipfile.is_zipfile(packed)
    return any(folder.iterdir())


def _settle(packed: Path, folder: Path) -> list[str]:
    """Keeps a zip that can be read as it is, and unpacks one that cannot."""
    source = ZipSource(packed)
    names = source.names()
    if not any(PurePosixPath(name).suffix.lower() in PACKED for name in names):
        return [f"{packed} is fetched ({len(names):,} files); it is read as it is."]
    left = unpack(packed, folder)
    packed.unlink()
    lines = [f"{folder}: the files are fetched and unpacked."]
    if left:
        lines.append(f"Unpack by hand, no zip: {', '.join(left)}.")
    return lines
