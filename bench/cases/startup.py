"""How long the command line takes where it has nothing to compute."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import measure
from bench.child import QUIET, ROOT
from bench.results import Value
from pipeline.testing import write_competition

CONFIG = """\
competition: toy
data: {target: species, images: "images/{id}.png"}
metric: log_loss
folds: {n: 3}
models:
  net: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 1}
  logit: {kind: logistic}
"""


def run(quick: bool) -> list[Value]:
    """Measures three commands; see docs/performance.md."""
    rounds = 1 if quick else 7
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").mkdir()
        (folder / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
        wrong = CONFIG.replace("toy", "wrong").replace("epochs", "epoch")
        (folder / "configs" / "wrong.yaml").write_text(wrong, encoding="utf-8")
        write_competition(folder / "data" / "toy")
        command(folder, "train", "toy")
        asked = {
            "help": _median(rounds, folder, "--help"),
            "config_error": _median(rounds, folder, "train", "wrong", code=1),
            "rerun": _median(rounds, folder, "train", "toy"),
        }
    words = {
        "help": "`--help`",
        "config_error": "an unknown key in the configuration",
        "rerun": "`train` with nothing to do",
    }
    return [Value(f"startup.{name}", seconds, words[name], "s") for name, seconds in asked.items()]


def command(folder: Path, *words: str, code: int = 0) -> measure.Ran:
    """Runs `python -m pipeline` in a folder.

    Raises:
        RuntimeError: it ended with another exit status than `code`.
    """
    environment = QUIET | {"PYTHONPATH": str(ROOT)}
    done = measure.run([sys.executable, "-m", "pipeline", *words], folder, environment)
    if done.code != code:
        raise RuntimeError(f"{' '.join(words)} ended with {done.code}, not {code}:\n{done.output}")
    return done


def _median(rounds: int, folder: Path, *words: str, code: int = 0) -> float:
    return median(command(folder, *words, code=code).seconds for _ in range(rounds))
