"""The command that makes a submission again from a model card."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from rich.console import Console

from pipeline.console import ConsoleProgress
from pipeline.package.reproduced import open_card
from pipeline.run.plan import RUNS, Plan
from pipeline.run.run import Run
from pipeline.stages.order import open_data
from pipeline.store import Store

FOLDER = "reproduced"  # in `runs/NAME`: nothing of a run that lies there is used


def reproduce(options: argparse.Namespace, console: Console) -> int:
    """Makes the submission of a card again, in a store of its own, and compares every byte."""
    with ConsoleProgress(console) as progress:
        card = open_card(Path(options.card))
        source = open_data(card.config, options.data, progress)
        card.check_data(source)
        root = RUNS / card.name / FOLDER
        if options.again:
            shutil.rmtree(root, ignore_errors=True)
        differences = card.differences()
        for line in differences:
            progress.warning(f"differs: {line}")
        if not differences:
            progress.message("toolkit, libraries and machine are those of the card")
        made = card.make_again(Run(Plan(card.config, source, Store(root)), progress))
    for line in made.lines():
        console.print(line, markup=False)
    if not made.same and differences:
        console.print("What differs is said above: elsewhere last digits may, and with them choices.")
    return 0 if made.same else 1
