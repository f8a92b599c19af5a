"""The notebook that hands in: six cells, written without a library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

INTRODUCTION = """\
# {name}: inference

The models were trained elsewhere ({metric} {score:.5g}, cross-fitted); they lie in the data set `{dataset}`
with the toolkit that made them. This notebook needs no network. It predicts whatever test rows the contest
shows it, in any number and order, a block of rows at a time."""

CELLS = (
    (
        "**1. Where things lie, and the toolkit.** It goes into a folder of its own, so that nothing of the "
        "image is changed.",
        """\
import os
import subprocess
import sys
import tempfile
from pathlib import Path

inputs = Path(os.environ.get("KAGGLE_INPUT", "/kaggle/input"))
facts = [path for depth in ("*", "*/*", "*/*/*") for path in inputs.glob(f"{{depth}}/package.json")]
package_folder = next(path.parent for path in facts if '"competition": "{name}"' in path.read_text())
site = tempfile.mkdtemp()
wheels = sorted(package_folder.glob("wheels/*.whl"))
install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps"]
subprocess.run([*install, "--no-index", "--target", site, *wheels], check=True)
sys.path.insert(0, site)""",
    ),
    (
        "**2. Open the package.** Rows whose answers are known are predicted again before anything else: "
        "libraries of other versions are found out here, not on the leaderboard.",
        """\
from pipeline.package.opened import open_package

package = open_package(package_folder, inputs)
print(package.summary())
for line in package.check():
    print(line)""",
    ),
    (
        "**3. The test rows that are here now.**",
        """\
test = package.read_test()
print(f"{{len(test.sample_ids):,}} rows to answer, {{len(test.by_prior):,}} of them by the prior")""",
    ),
    (
        "**4. Predict, blend, decide, verify, write.**",
        """\
finished = package.predict(test, Path("submission.csv"))
finished.note(Path("prediction.json"))
for line in finished.lines():
    print(line)""",
    ),
    (
        "**5. What is handed in.**",
        """\
with finished.path.open() as file:
    for line, _ in zip(file, range(5)):
        print(line[:150].rstrip())""",
    ),
    (
        "**6. Do the predictions look like those of the training rows?** Grey: out of fold. Blue: test. "
        "Where they do not, the test is read otherwise than the training was, or it is another test.",
        """\
from IPython.display import Image

Image(finished.picture(), width=900)""",
    ),
)


def write_notebook(path: Path, facts: Mapping[str, Any], dataset: str) -> None:
    """Writes the notebook (nbformat 4.5).

    Args:
        path: the file.
        facts: what was noted of the package.
        dataset: its name at Kaggle.
    """
    asked = {
        "name": facts["competition"],
        "metric": facts["metric"],
        "score": facts["score"],
        "dataset": dataset,
    }
    cells = [_cell("markdown", INTRODUCTION.format(**asked), 0)]
    for text, code in CELLS:
        cells.append(_cell("markdown", text.format(**asked), len(cells)))
        cells.append(_cell("code", code.format(**asked), len(cells)))
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")


def code_of(path: Path) -> list[str]:
    """Returns the code of a notebook's cells."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": text.splitlines(keepends=True)}
