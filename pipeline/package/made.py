"""Record of how a submission was made, `made.json` beside the model card: what it takes to make it again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pipeline
from pipeline.config.schema import Config
from pipeline.data.source import Source
from pipeline.package.machine import machine
from pipeline.package.weights import weights_files
from pipeline.run.run import Run
from pipeline.store import digest, file_digest, write_json

MADE = "made.json"
MOST_NAMED = 100  # files of a folder that are noted one by one; of more only the folder
PART = 2**20  # bytes that are read at a time


def write_made(run: Run, facts: Mapping[str, Any], config: Path, manifest: Mapping[str, Any]) -> None:
    """Writes `made.json` into the folder of the configuration's file.

    Args:
        run: of the submission.
        facts: what was noted of the package, versions included.
        config: the file that the package holds.
        manifest: of the submission: scores, hashes, what was asked for.
    """
    write_json(
        config.with_name(MADE),
        {
            "competition": run.config.competition,
            "toolkit": toolkit(),
            "config": file_digest(config),
            "data": data_files(run.plan.source),
            "weights": weights_files(run.config.models.values()),
            "versions": facts["versions"],
            "machine": machine(),
            "timed": timed(run.config),
            "averages": manifest["ensemble"].get("averages", {}),
            "metric": manifest["metric"],
            "score": manifest["cross_fitted_score"],
            "files": manifest["files"],
        },
    )


def toolkit() -> dict[str, str]:
    """Returns the toolkit's version, a hash of its files, and the commit where it lies in a checkout."""
    root = Path(pipeline.__file__).parent
    code = {
        path.relative_to(root).as_posix(): file_digest(path)
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {"version": pipeline.__version__, "code": digest(code), "commit": _commit(root)}


def data_files(source: Source) -> dict[str, str]:
    """Returns name -> SHA-256 of a contest's files; of a folder with many one hash and their number.

    A folder and the zip of it give the same.
    """
    folders: dict[str, dict[str, str]] = {}
    for name in source.names():
        found = hashlib.sha256()
        with source.open(name) as file:
            while part := file.read(PART):
                found.update(part)
        folders.setdefault(PurePosixPath(name).parent.as_posix(), {})[name] = found.hexdigest()
    result: dict[str, str] = {}
    for folder, files in folders.items():
        many = len(files) > MOST_NAMED
        result |= {f"{folder}/ ({len(files)} files)": digest(files)} if many else files
    return result


def timed(config: Config) -> list[str]:
    """Returns what ends by a clock, models and the ensemble: how far it comes, the machine's load decides."""
    parts = {**config.models, "the ensemble": config.ensemble}
    return [name for name, one in parts.items() if getattr(one, "max_seconds", None) is not None]


def read_made(card: Path) -> tuple[Path, dict[str, Any]]:
    """Returns the folder of a card and the record beside it; see `write_made`.

    Args:
        card: the card, the record, the folder that they are in, or that of the package.
    """
    places = [card / "dataset", card] if card.is_dir() else [card.parent]
    for folder in places:
        if (folder / MADE).is_file():
            return folder, json.loads((folder / MADE).read_text(encoding="utf-8"))
    return places[-1], {}


def _commit(root: Path) -> str:
    """Returns the commit that is checked out, "" where there is none or git is not there."""
    try:
        said = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
