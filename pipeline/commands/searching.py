"""The commands that search: a model's parameters, features of the table."""

from __future__ import annotations

import argparse
import time

from rich.console import Console

from pipeline.clock import Clock
from pipeline.commands.options import asked_run, worker_options
from pipeline.config.found_features import features_path
from pipeline.config.load import find_config
from pipeline.config.tuned import tuned_path
from pipeline.console import ConsoleProgress, log_to, search_table
from pipeline.run.plan import RUNS
from pipeline.run.run import Run
from pipeline.search.features.search import FeatureSearch, outcome_lines
from pipeline.search.request import Request
from pipeline.search.search import search
from pipeline.search.trials import run_trials

LONGEST_REASON = 200  # letters of a trial's failure on the screen; the log has all


def tune(options: argparse.Namespace, console: Console) -> int:
    """Searches one model's space and writes what it found beside the configuration."""
    started = time.monotonic()
    with ConsoleProgress(console) as progress:
        options.only = options.model
        options.fold = None
        request = _request(options, progress)
        request.check()
        log_to(RUNS / options.name / f"tune-{options.model}.log")
        if options.worker:
            end = started + options.budget if options.budget else float("inf")
            run_trials(request, Run(request.plan, progress), lambda: end - time.monotonic(), alone=False)
            return 0
        with request.plan.store.exclusive(progress.message):
            path = tuned_path(find_config(options.name))
            outcome = search(request, progress, path, _worker_command(options, request), started)
    console.print(search_table(request.metric, request.greater_is_better, outcome), highlight=False)
    console.print(
        f"{outcome.trials} trials, {outcome.pruned} given up early, {sum(outcome.failed.values())} failed; "
        f"{outcome.seconds:.0f} s"
    )
    for reason, count in outcome.failed.items():
        console.print(f"failed {count} times: {reason[:LONGEST_REASON]}", markup=False)
    for line in outcome.lines:
        console.print(line, markup=False)
    if outcome.pictures:
        console.print(f"pictures: {', '.join(str(path) for path in outcome.pictures)}")
    same = outcome.chosen.label == outcome.finalists[0].label
    console.print(f"tuned: {outcome.tuned}: {'nothing changes' if same else 'the next train uses it'}")
    return 0


def features(options: argparse.Namespace, console: Console) -> int:
    """Searches features of the table and writes what unseen rows confirm beside the configuration."""
    started = Clock.now() - options.age
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress, features=False)
        log_to(RUNS / options.name / "features.log")
        with run.plan.store.exclusive(progress.message):
            path = features_path(find_config(options.name))
            outcome = FeatureSearch(run, options.budget, progress).search(path, started)
    if not outcome.rows:
        console.print(f"stopped or out of time before anything was confirmed: {path} is as it was")
        return 1
    if outcome.stopped:
        console.print("stopped: what was confirmed by then is written")
    for line in outcome_lines(outcome):
        console.print(line, markup=False)
    said = "the next train uses them" if outcome.kept else "nothing changes"
    console.print(f"features: {path}: {said}")
    return 0


def _request(options: argparse.Namespace, progress: ConsoleProgress) -> Request:
    return Request(
        asked_run(options, progress, untuned=options.model).plan,
        options.model,
        trials=options.trials,
        budget=options.budget,
        workers=options.workers,
        storage=options.storage,
        pruner=options.pruner,
        folds=options.folds,
        rows=options.rows,
        timed=options.timed,
        keep=options.keep,
        outer=options.outer,
        part=options.part,
    )


def _worker_command(options: argparse.Namespace, request: Request) -> list[str]:
    """Returns the arguments that make another process a worker of the same search, but for its part."""
    threads = max(1, request.plan.config.threads // request.workers)
    command = ["tune", *worker_options(options), "--set", f"threads={threads}"]
    command += ["--model", options.model, "--worker"]
    for key in ("storage", "pruner", "folds", "rows"):
        value = getattr(options, key)
        if value is not None:
            command += [f"--{key}", str(value)]
    return [*command, *(["--timed"] if options.timed else [])]
