"""Commands that train, blend and predict."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.api import carry_out
from pipeline.clock import Clock
from pipeline.commands.clean import clean as remove_unused
from pipeline.commands.options import asked_run, worker_options
from pipeline.console import ConsoleProgress, log_to, methods_table, summary_table
from pipeline.errors import ModelError
from pipeline.progress import Progress
from pipeline.run.plan import RUNS
from pipeline.runners import pool
from pipeline.stages.live import HERE, server
from pipeline.stages.members import members_on_disk, own_members
from pipeline.stages.page import publish_page, reported
from pipeline.stages.prediction import cut_to_time
from pipeline.stages.prediction import predict as predict_rows
from pipeline.stages.report import publish_report, report_product
from pipeline.stages.submission import ensemble_product, publish, submission_product


def train(options: argparse.Namespace, console: Console) -> int:
    """Runs every stage that is not done yet."""
    started = Clock.now() - options.age
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        log_to(RUNS / options.name / "run.log")
        worker = ["work", *worker_options(options)]
        summary = carry_out(run, options.budget, started, worker)
    if summary is None:
        console.print(f"Fold {options.fold} is trained; all folds are needed for a submission.")
        return 0
    _show(summary, console)
    return 0


def work(options: argparse.Namespace, console: Console) -> int:
    """Fits the folds that a parent process names on the standard input."""
    pool.work(asked_run(options, Progress()), sys.stdin, sys.stdout)
    return 0


def folds(options: argparse.Namespace, console: Console) -> int:
    """Draws the folds and shows them."""
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        folds = run.folds
    for fold in folds:
        console.print(f"{fold.label:<16} train {len(fold.train):>8,}   scored {len(fold.valid):>8,}")
    if len(folds.pinned):
        console.print(f"{len(folds.pinned):,} rows train in every fold and are never scored.")
    console.print(f"hash {folds.hash[:16]}")
    return 0


def ensemble(options: argparse.Namespace, console: Console) -> int:
    """Blends what is on disk and shares the folds."""
    summary = _blend(options, console, everything=not options.own)
    if summary["ensemble"]["candidates"]:
        console.print(methods_table(summary))
    _show(summary, console)
    return 0


def submission(options: argparse.Namespace, console: Console) -> int:
    """Writes the submission from the predictions that there are."""
    _show(_blend(options, console, everything=False), console)
    return 0


def _blend(options: argparse.Namespace, console: Console, everything: bool) -> dict[str, Any]:
    """Blends and writes a submission, from the run's own members or from all that share its folds."""

    started = time.monotonic()
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        run.refuse_untrained()
        members = own_members(run)
        if everything:
            members += members_on_disk(run, members)
        product = submission_product(run, ensemble_product(run, members))
        run.made(product)
        return publish(run, product, started) | {"page": str(publish_page(run))}


def report(options: argparse.Namespace, console: Console) -> int:
    """Writes the page of a run, whole or killed, and looks into the trained models."""
    with ConsoleProgress(console) as progress:
        asked = asked_run(options, progress)
        run = reported(asked)
        if run is not asked:
            progress.message("of the models of the submission that lies there: nothing was trained since")
        if run.plan.reports and run.trained():
            run.made(report_product(run))
            _show_report(publish_report(run), console)
        page = publish_page(run, again=True)
    console.print(f"report: {page}")
    return 0


def watch(options: argparse.Namespace, console: Console) -> int:
    """Serves the page of a run on this machine until Ctrl-C, drawn anew as folds end; writes nothing."""
    if not (RUNS / options.name).is_dir():
        raise ModelError(f"Nothing of {options.name} is there to follow. Start train first.")
    with server(asked_run(options, Progress()), options.port) as serving:
        console.print(f"http://{HERE}:{serving.server_port}  follows runs/{options.name}; Ctrl-C ends it")
        serving.serve_forever()
    return 0


def predict(options: argparse.Namespace, console: Console) -> int:
    """Predicts new rows with the trained fold models."""
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        if cut := cut_to_time(run):
            progress.message("the models of the submission that lies there, which a budget cut to its time")
            options.set, options.no_tuned = [*options.set, *cut], True
            run = asked_run(options, progress)
        rows = predict_rows(run, Path(options.rows), Path(options.out))
    console.print(f"{rows:,} rows: {options.out}")
    return 0


def clean(options: argparse.Namespace, console: Console) -> int:
    """Removes products that the configuration does not use."""
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        with run.plan.store.exclusive(progress.message):
            freed = remove_unused(run, options.all)
    console.print(f"{freed / 2**20:,.1f} MB freed under {run.plan.store.root}")
    return 0


def _show(summary: dict[str, Any], console: Console) -> None:
    console.print(summary_table(summary))
    for line in [*(f"optimistic: {mark}" for mark in summary["optimistic"]), *summary["ensemble"]["lines"]]:
        console.print(line, markup=False)
    for line in summary.get("labels", ()):
        console.print(line, markup=False)
    if "report" in summary:
        _show_report(summary["report"], console)
    console.print(f"report: {summary['page']}")
    console.print(f"submission: {summary['path']}  ({summary['elapsed']:.1f} s)")


def _show_report(report: dict[str, list[str]], console: Console) -> None:
    for line in report["lines"]:
        console.print(line, markup=False)
    for picture in report["pictures"]:
        console.print(f"pictures: {picture}")
