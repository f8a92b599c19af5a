"""The whole of digits on each Keras backend that is installed."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from bench import measure
from bench.child import QUIET, ROOT
from bench.results import Value

USUAL = "tensorflow"
OTHERS = ("jax", "torch")
TINY = {
    "folds.n": 2,
    "models.cnn.backbone": "32C3s BN MP2 64C3s BN MP2 FC128",
    "models.cnn.epochs": 4,
    "models.cnn.seeds": 1,
    "ensemble.method": "convex",
}
QUICK = ["--only", "cnn,neighbours", *(word for key in TINY for word in ("--set", f"{key}={TINY[key]}"))]


def run(quick: bool) -> list[Value]:
    """Trains digits on each backend; see docs/performance.md."""
    found = {name: train(name, quick) for name in (USUAL, *OTHERS) if find_spec(name)}
    values = []
    for name, (ensemble, network, seconds) in found.items():
        values += [
            Value(f"backends.{name}", ensemble, f"{name}: cross-fitted accuracy of the ensemble"),
            Value(f"backends.{name}_cnn", network, f"{name}: accuracy of the networks"),
        ]
        if name != USUAL:
            lost = found[USUAL][1] - network
            values.append(Value(f"backends.{name}_lost", lost, f"{name}: accuracy of the networks lost"))
        values.append(Value(f"backends.{name}_seconds", seconds, f"{name}: time, start-up included", "s"))
    return values


def train(backend: str, quick: bool) -> tuple[float, float, float]:
    """Returns the ensemble's score, the networks' and the seconds of a run on one backend.

    Raises:
        RuntimeError: the run failed; holds what it said.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").mkdir()
        shutil.copy(ROOT / "configs" / "digits.yaml", folder / "configs")
        environment = QUIET | {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": backend}
        command = [sys.executable, "-m", "pipeline", "train", "digits", *(QUICK if quick else [])]
        done = measure.run(command, folder, environment)
        if done.code:
            raise RuntimeError(f"digits failed on {backend}:\n{done.output}")
        manifest = json.loads((folder / "runs/digits/submission.json").read_text(encoding="utf-8"))
    return manifest["cross_fitted_score"], manifest["models"]["cnn"]["score"], done.seconds
