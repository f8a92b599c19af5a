"""A shipped configuration trained small, and what is kept of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.cli import main
from tests.golden.pictures import write_weights
from tests.golden.settings import GOLDEN, WEIGHTS

HERE = Path(__file__).parent
CONFIGS = HERE.parents[1] / "configs"


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        header: the submission's columns.
        rows: how many the submission has.
        ids: sha256 of its first column.
        cross_fitted_score: of the ensemble.
        scores: of each model: says where a difference begins.
        files: sha256 of the submission, and of what the manifest names: the ensemble's out-of-fold and
            test predictions too, since a submission of labels does not see a small change.
    """

    header: list[str]
    rows: int
    ids: str
    cross_fitted_score: float
    scores: dict[str, float]
    files: dict[str, str]


def train(name: str) -> Result:
    """Trains a shipped configuration, made small, in the current folder, which must be empty.

    Raises:
        RuntimeError: the training failed.
    """
    golden = GOLDEN[name]
    Path("configs").mkdir()
    shutil.copy(CONFIGS / f"{name}.yaml", "configs")
    if golden.write is not None:
        golden.write(Path("data") / name)
    if golden.weights is not None:
        write_weights(Path(WEIGHTS), *golden.weights)
    options = [part for override in golden.overrides for part in ("--set", override)]
    if main(["train", name, *options]) != 0:
        raise RuntimeError(f"{name}: the training failed; what it printed says why.")
    return read_result(Path("runs") / name)


def read_result(folder: Path) -> Result:
    """Returns what a finished run in `folder` gave."""
    data = (folder / "submission.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"))))
    manifest: dict[str, Any] = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    ids = "\n".join(row[0] for row in rows[1:])
    return Result(
        header=rows[0],
        rows=len(rows) - 1,
        ids=hashlib.sha256(ids.encode()).hexdigest(),
        cross_fitted_score=manifest["cross_fitted_score"],
        scores={name: model["score"] for name, model in manifest["models"].items()},
        files=manifest["files"] | {"submission.csv": hashlib.sha256(data).hexdigest()},
    )


def record_path(name: str) -> Path:
    """Returns where a configuration's results are recorded."""
    return HERE / f"{name}.json"
