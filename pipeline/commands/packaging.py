"""Commands that make a package and try it."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from rich.console import Console

from pipeline.commands.options import asked_run, slug_of
from pipeline.config.load import find_config
from pipeline.console import ConsoleProgress
from pipeline.errors import ModelError
from pipeline.package.package import FOLDER, OWNER, Place, size_of, write_package
from pipeline.package.trial import Limits, trial
from pipeline.progress import Progress
from pipeline.run.plan import RUNS
from pipeline.run.run import Run
from pipeline.stages.prediction import submitted_overrides


def package(options: argparse.Namespace, console: Console) -> int:
    """Writes a package of the submission that lies there, and tries its notebook."""
    with ConsoleProgress(console) as progress:
        run = submitted_run(options, progress)
        place = place_of(options, run)
        write_package(run, place, options.wheels, Path(options.image) if options.image else None)
        for folder in (place.dataset, place.notebook.parent):
            console.print(f"{folder}  ({size_of(folder) / 2**20:,.1f} MB)", markup=False)
        if not options.trial:
            return 0
        limits = Limits(options.hours * 3600, options.memory * 2**30, options.cores)
        tried = trial(run, place, limits, options.hidden)
    for line in tried.lines():
        console.print(line, markup=False)
    return 0 if tried.good else 1


def submitted_run(options: argparse.Namespace, progress: Progress) -> Run:
    """Returns the run of the submission that lies there: with the models, folds and ensemble that it had.

    Raises:
        ConfigError: there is no configuration of that name.
        ModelError: there is no submission.
    """
    find_config(options.name)
    path = RUNS / options.name / "submission.json"
    if not path.exists():
        raise ModelError(f"There is no {path}. Run make train COMP={options.name} first.")
    facts = json.loads(path.read_text(encoding="utf-8"))["config"]
    options.set, options.no_tuned = [*submitted_overrides(facts), *options.set], True
    return asked_run(options, progress)


def place_of(options: argparse.Namespace, run: Run) -> Place:
    """Returns where a package lies, and what it is called."""
    slug = options.slug or slug_of(options.name, run.config)
    owner = options.owner or os.environ.get("KAGGLE_USERNAME") or _owner_on_file() or OWNER
    return Place(RUNS / options.name / FOLDER, options.name, slug, owner)


def _owner_on_file() -> str | None:
    """Returns the account that Kaggle's own file of credentials names, if there is one."""
    folder = os.environ.get("KAGGLE_CONFIG_DIR")
    path = (Path(folder) if folder else Path.home() / ".kaggle") / "kaggle.json"
    try:
        name = json.loads(path.read_text(encoding="utf-8")).get("username")
    except (OSError, ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None
