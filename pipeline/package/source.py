"""The contest's files where a notebook runs, named as they were where the models were trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.data.source import FolderSource, Source, open_source
from pipeline.errors import DataError, listing

DEEPEST = 3  # folders between the place where Kaggle puts data and a contest's own


class ContestSource(Source):
    """A contest's files, whose fingerprint is that of the files that the models were trained with.

    So every product of the package has the key that it had there, whatever the test rows are now.

    Args:
        contest: the files that lie there now.
        brought: files that the package brings, for those that the contest lacks.
        said: the fingerprint.
    """

    def __init__(self, contest: Source, brought: FolderSource, said: str) -> None:
        super().__init__(contest.root)
        self._contest, self._brought, self._said = contest, brought, said

    def names(self) -> list[str]:
        return sorted({*self._contest.names(), *self._brought.names()})

    def has(self, name: str) -> bool:
        return self._contest.has(name) or self._brought.has(name)

    def read(self, name: str) -> bytes:
        return self._of(name).read(name)

    def open(self, name: str) -> BinaryIO:
        return self._of(name).open(name)

    def fingerprint(self, tables: list[str]) -> str:
        return self._said

    def _of(self, name: str) -> Source:
        return self._brought if not self._contest.has(name) and self._brought.has(name) else self._contest


def find_contest(inputs: Path, train: str, sample: str) -> Source:
    """Returns the contest's files under the folder where Kaggle puts everything.

    Args:
        inputs: "/kaggle/input".
        train: name of the training table, or its pattern.
        sample: name of the sample submission, by which the contest is known.

    Raises:
        DataError: there are none; says what is there.
    """
    seen = []
    for folder in _folders(inputs):
        if (folder / "package.json").is_file():
            continue
        seen.append(folder.relative_to(inputs).as_posix())
        if (folder / sample).is_file():
            return open_source(folder, train)
    for folder in _folders(inputs):
        if any(folder.glob("*.zip")):
            source = open_source(folder, train)
            if source.has(sample):
                return source
    raise DataError(
        f"No folder under {inputs} holds {sample!r}: is the contest added to the notebook? "
        f"There are: {listing(seen) or 'none'}."
    )


def _folders(inputs: Path) -> Iterator[Path]:
    """Yields folders, those above before those in them."""
    level = [inputs] if inputs.is_dir() else []
    for _ in range(DEEPEST + 1):
        yield from level
        level = sorted(path for folder in level for path in folder.iterdir() if path.is_dir())
