"""The command line: the only place that prints or exits."""

from __future__ import annotations

import argparse
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.console import ConsoleProgress
    from pipeline.plan import Plan

INTERRUPTED = 130  # the exit code of a process that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0 only where it did what was asked."""
    options = _parser().parse_args(arguments)
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return options.run(options, console)
    except PipelineError as error:
        errors.print("[red]error[/]:", end=" ")
        errors.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        errors.print("Stopped. Nothing that was finished is lost: the same command goes on from here.")
        return INTERRUPTED
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}:
            raise
        errors.print("[red]error[/]:", end=" ")
        errors.print(f"{error.strerror}: {error.filename or ''} Mend that and run the same command again.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="From a competition's files to an ensemble submission with a score to believe.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str, run: object, competition: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if competition:
            sub.add_argument("name", metavar="NAME", help="the competition: configs/NAME.yaml")
            sub.add_argument(
                "--set", action="append", default=[], metavar="KEY=VALUE", help="models.cnn.size=96"
            )
            sub.add_argument(
                "--data", metavar="PATH", help="folder or zip, instead of the config's data.root"
            )
            sub.add_argument("--only", metavar="MODELS", help="models to use, separated by commas")
        return sub

    train = command("train", "run every stage that is not done yet", _train)
    train.add_argument("--fold", type=int, metavar="N", help="train this fold only (no submission)")
    command("folds", "draw the folds and show them", _folds)
    command("ensemble", "blend the predictions that there are", _ensemble)
    command("submission", "write the submission from the predictions that there are", _submission)
    predict = command("predict", "predict new rows with the trained fold models", _predict)
    predict.add_argument("--rows", required=True, metavar="FILE", help="table of the new rows")
    predict.add_argument("--out", default="predictions.csv", metavar="FILE", help="where to write")
    clean = command("clean", "remove products that the config does not use", _clean)
    clean.add_argument("--all", action="store_true", help="remove all products and runs of the competition")
    command("list", "competitions, models, metrics, backbones and methods known", _list, competition=False)
    return parser


def _plan(options: argparse.Namespace, progress: ConsoleProgress) -> Plan:
    """Checks the configuration and the data's place, and works out the keys; nothing is made."""
    from pipeline.config.load import find_config, load_config
    from pipeline.plan import RUNS, Plan
    from pipeline.stages import open_data
    from pipeline.store import Store

    config = load_config(find_config(options.name), options.set)
    source = open_data(config, options.data, progress)
    only = tuple(name.strip() for name in options.only.split(",")) if options.only else None
    fold = getattr(options, "fold", None)
    return Plan(config, source, Store(RUNS / options.name), only, fold)


def _train(options: argparse.Namespace, console: Console) -> int:
    from pipeline.console import ConsoleProgress, log_to, summary_table
    from pipeline.plan import RUNS
    from pipeline.stages import train

    with ConsoleProgress(console) as progress:
        plan = _plan(options, progress)
        log_to(RUNS / options.name / "run.log")
        with plan.store.exclusive(progress.message):
            summary = train(plan, progress)
    if summary is None:
        console.print(f"Fold {options.fold} is trained; all folds are needed for a submission.")
        return 0
    console.print(summary_table(summary))
    for line in summary["ensemble"]["lines"]:
        console.print(line, markup=False)
    console.print(f"submission: {summary['path']}  ({summary['elapsed']:.1f} s)")
    return 0


def _folds(options: argparse.Namespace, console: Console) -> int:
    from pipeline.console import ConsoleProgress
    from pipeline.run import Run

    with ConsoleProgress(console) as progress:
        run = Run(_plan(options, progress), progress)
        folds = run.folds
    for fold in folds:
        console.print(f"{fold.label:<16} train {len(fold.train):>8,}   scored {len(fold.valid):>8,}")
    if len(folds.pinned):
        console.print(f"{len(folds.pinned):,} rows train in every fold and are never scored.")
    console.print(f"hash {folds.hash[:16]}")
    return 0


def _ensemble(options: argparse.Namespace, console: Console) -> int:
    import json

    from pipeline.console import ConsoleProgress
    from pipeline.run import Run
    from pipeline.stages import make_ensemble

    with ConsoleProgress(console) as progress:
        plan = _plan(options, progress)
        folder = make_ensemble(Run(plan, progress))
    facts = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
    for name, weight in facts["weights"].items():
        console.print(f"{name:<20} {weight:.4f}" if weight is not None else name)
    for line in facts["lines"]:
        console.print(line, markup=False)
    console.print(f"{facts['method']}: cross-fitted {plan.config.metric} {facts['cross_fitted_score']:.5f}")
    return 0


def _submission(options: argparse.Namespace, console: Console) -> int:
    import time

    from pipeline.console import ConsoleProgress
    from pipeline.run import Run
    from pipeline.stages import make_submission, publish

    with ConsoleProgress(console) as progress:
        plan = _plan(options, progress)
        make_submission(Run(plan, progress))
        summary = publish(plan, time.monotonic())
    console.print(f"submission: {summary['path']}  cross-fitted {summary['cross_fitted_score']:.5f}")
    return 0


def _predict(options: argparse.Namespace, console: Console) -> int:
    from pipeline.console import ConsoleProgress
    from pipeline.predict import predict
    from pipeline.run import Run

    with ConsoleProgress(console) as progress:
        run = Run(_plan(options, progress), progress)
        rows = predict(run, Path(options.rows), Path(options.out))
    console.print(f"{rows:,} rows: {options.out}")
    return 0


def _clean(options: argparse.Namespace, console: Console) -> int:
    from pipeline.console import ConsoleProgress
    from pipeline.stages import clean

    with ConsoleProgress(console) as progress:
        plan = _plan(options, progress)
        with plan.store.exclusive(progress.message):
            freed = clean(plan, options.all)
    console.print(f"{freed / 2**20:,.1f} MB freed under {plan.store.root}")
    return 0


def _list(options: argparse.Namespace, console: Console) -> int:
    from pipeline.config.load import known_competitions
    from pipeline.console import registry_table
    from pipeline.metrics import METRICS
    from pipeline.networks.backbones import BACKBONES
    from pipeline.registry import METHODS, MODELS

    lists = {
        "competitions": known_competitions(),
        "models": MODELS.names(),
        "metrics": [*METRICS.names(), "map@K"],
        "backbones": sorted(BACKBONES),
        "ensemble methods": METHODS.names(),
    }
    for title, names in lists.items():
        console.print(registry_table(title, names))
    return 0
