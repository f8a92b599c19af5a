"""A function run in a process of its own, so that nothing of another measurement is left in it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "NO_ALBUMENTATIONS_UPDATE": "1"}
LAST_LINES = 20  # of what a process said before it failed


def in_child(module: str, function: str, **settings: Any) -> Any:
    """Returns what a function returns in a new process.

    Args:
        module: that holds it, by its dotted name.
        function: its name.
        settings: its arguments; they and the result travel as JSON, dataclasses as their fields.

    Raises:
        RuntimeError: the process failed; holds the end of what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        words = [sys.executable, "-m", "bench.child", module, function, json.dumps(settings), str(path)]
        environment = QUIET | os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
            raise RuntimeError(f"{module}.{function} ended with the exit status {done.returncode}:\n{said}")
        return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    module, function, settings, path = sys.argv[1:]
    result = getattr(importlib.import_module(module), function)(**json.loads(settings))
    Path(path).write_text(json.dumps(result, default=asdict), encoding="utf-8")


if __name__ == "__main__":
    main()
