"""Progress of a fit on disk: arrays and facts in one file, replaced in one step."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

SECONDS_BETWEEN = 5.0  # epochs shorter than that are not worth a write each

Groups = dict[str, list[np.ndarray]]


class Checkpoint:
    """A file in the checkpoint folder of a fit, or nothing where there is no folder.

    Args:
        folder: where the file is kept; None keeps nothing.
        fit: names the fit; progress of another one is not taken up.
        seconds: least time between two writes that need not be; default SECONDS_BETWEEN.
    """

    def __init__(self, folder: Path | None, fit: str, seconds: float | None = None) -> None:
        self.path = folder / "progress.npz" if folder else None
        self.fit, self.seconds = fit, SECONDS_BETWEEN if seconds is None else seconds
        self._written = time.monotonic()

    def due(self, must: bool = False) -> bool:
        """Whether a write would be one: there is a folder, and it must be or the last was long enough ago."""
        return self.path is not None and (must or time.monotonic() - self._written >= self.seconds)

    def write(self, facts: Mapping[str, Any], groups: Groups, must: bool = False) -> None:
        """Replaces the file, where that is due."""
        if self.path is None or not self.due(must):
            return
        arrays = {f"{name}/{place}": a for name, group in groups.items() for place, a in enumerate(group)}
        sizes = {name: len(group) for name, group in groups.items()}
        text = json.dumps({"fit": self.fit, "sizes": sizes, **facts})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".part")
        with temporary.open("wb") as file:
            np.savez(file, facts=np.array(text), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
        self._written = time.monotonic()

    def read(self) -> tuple[dict[str, Any], Groups] | None:
        """Returns facts and arrays of this fit's last write, or None where there is none."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                facts = json.loads(str(arrays["facts"]))
                if facts["fit"] != self.fit:
                    return None
                groups = {
                    name: [arrays[f"{name}/{place}"] for place in range(size)]
                    for name, size in facts["sizes"].items()
                }
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None  # a damaged file costs the epochs done, not the result
        return facts, groups

    def facts(self) -> dict[str, Any]:
        """Returns the facts of this fit's last write; empty where there is none."""
        saved = self.read()
        return saved[0] if saved else {}


def name_fit(*parts: Any) -> str:
    """Returns a hash of what a fit depends on: texts, numbers and arrays."""
    total = hashlib.sha256()
    for part in parts:
        total.update(np.ravel(part).data.cast("B") if isinstance(part, np.ndarray) else repr(part).encode())
        total.update(b"\0")
    return total.hexdigest()
