"""The command line: the only place that prints or exits."""

from __future__ import annotations

import argparse
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    ensemble = command("ensemble", "blend all predictions on disk that share the folds", _ensemble)
    ensemble.add_argument("--own", action="store_true", help="only the models of this configuration")
    command("submission", "write the submission from the predictions that there are", _submission)
    command("report", "look into the trained models: where their evidence lies", _report)
    predict = command("predict", "predict new rows with the trained fold models", _predict)
    predict.add_argument("--rows", required=True, metavar="FILE", help="table of the new rows")
    predict.add_argument("--out", default="predictions.csv", metavar="FILE", help="where to write")
    clean = command("clean", "remove products that the config does not use", _clean)
    clean.add_argument("--all", action="store_true", help="remove all products and runs of the competition")
    new = command("new", "draft configs/NAME.yaml from a competition's files", _new, competition=False)
    new.add_argument("name", metavar="NAME", help="the competition: configs/NAME.yaml is written")
    new.add_argument("--data", metavar="PATH", help="folder or zip; default data/NAME")
    for key, text in (
        ("metric", "its metric, where the files cannot tell"),
        ("target", "column(s) to predict, separated by commas"),
        ("train", "training table"),
        ("test", "test table"),
        ("sample", "sample submission"),
        ("encoding", "text encoding of its CSV files"),
    ):
        new.add_argument(f"--{key}", metavar=key.upper(), help=text)
    new.add_argument("--force", action="store_true", help="replace a configuration that is there already")
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
    from pipeline.console import ConsoleProgress, log_to
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
    _show(summary, console)
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
    from pipeline.console import methods_table

    summary = _blend(options, console, everything=not options.own)
    if summary["ensemble"]["candidates"]:
        console.print(methods_table(summary))
    _show(summary, console)
    return 0


def _submission(options: argparse.Namespace, console: Console) -> int:
    _show(_blend(options, console, everything=False), console)
    return 0


def _blend(options: argparse.Namespace, console: Console, everything: bool) -> dict[str, Any]:
    """Blends and writes a submission, from the run's own members or from all that share its folds."""
    import time

    from pipeline.console import ConsoleProgress
    from pipeline.last_mile import make_submission, publish
    from pipeline.members import members_on_disk, own_members
    from pipeline.run import Run

    started = time.monotonic()
    with ConsoleProgress(console) as progress:
        run = Run(_plan(options, progress), progress)
        run.refuse_untrained()
        members = own_members(run)
        if everything:
            members += members_on_disk(run, members)
        return publish(run.plan, make_submission(run, members), started)


def _show(summary: dict[str, Any], console: Console) -> None:
    from pipeline.console import summary_table

    console.print(summary_table(summary))
    for line in summary["ensemble"]["lines"]:
        console.print(line, markup=False)
    if "report" in summary:
        _show_report(summary["report"], console)
    console.print(f"submission: {summary['path']}  ({summary['elapsed']:.1f} s)")


def _report(options: argparse.Namespace, console: Console) -> int:
    from pipeline.console import ConsoleProgress
    from pipeline.errors import ConfigError
    from pipeline.reporting import make_report, publish_report
    from pipeline.run import Run

    with ConsoleProgress(console) as progress:
        run = Run(_plan(options, progress), progress)
        if not run.plan.reports:
            raise ConfigError(
                f"configs/{options.name}.yaml asks for no report: no model has a `view`, and "
                "`report.optimism` names none of the enabled ones."
            )
        run.refuse_untrained()
        make_report(run)
    _show_report(publish_report(run.plan), console)
    return 0


def _show_report(report: dict[str, list[str]], console: Console) -> None:
    for line in report["lines"]:
        console.print(line, markup=False)
    for picture in report["pictures"]:
        console.print(f"pictures: {picture}")


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


def _new(options: argparse.Namespace, console: Console) -> int:
    from pipeline.draft.draft import config_path, make_draft, this_machine
    from pipeline.draft.files import Asked

    config_path(options.name, force=options.force)
    keys = ("metric", "target", "train", "test", "sample", "encoding")
    asked = Asked(**{key: getattr(options, key) for key in keys if getattr(options, key)})
    draft = make_draft(options.name, Path(options.data) if options.data else None, asked, this_machine())
    path = draft.write(force=options.force)
    for line in draft.lines:
        console.print(line, markup=False)
    console.print(f"{path} is written. Now: make train COMP={options.name}")
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
