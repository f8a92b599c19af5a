"""The command line: what can be asked for. With `pipeline.commands`, the only place that prints or exits."""

from __future__ import annotations

import argparse
import errno
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pipeline.errors import PipelineError

INTERRUPTED = 130  # the exit code of a process that Ctrl-C ended


def main(arguments: Sequence[str] | None = None, age: float = 0.0) -> int:
    """Runs one command; returns 0 only where it did what was asked.

    Args:
        arguments: of the command line; None: those of this process.
        age: seconds that have gone by since the command was given, which a budget counts.
    """
    options = _parser().parse_args(arguments)
    options.age = age
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        module, function = options.run.split(".")
        return getattr(import_module(f"pipeline.commands.{module}"), function)(options, console)
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
    commands = _Commands(parser)
    _add_training(commands)
    _add_search(commands)
    features = commands.configured(
        "features", "searching.features", "search features of the table, keep what gains on unseen rows"
    )
    features.add_argument("--budget", type=_seconds, default=600.0, metavar="TIME", help="default 10m")
    _add_contest(commands)
    return parser


class _Commands:
    """Adds commands to a parser; each names its function in `pipeline.commands`, imported when it runs."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def plain(self, name: str, run: str, text: str, named: bool = True) -> argparse.ArgumentParser:
        """Adds a command that reads no configuration, or may do without."""
        shown: dict[str, Any] = {"help": text} if text else {}  # argparse lists what has a help
        sub = self._commands.add_parser(name, description=text, **shown)
        sub.set_defaults(run=run)
        if named:
            sub.add_argument("name", metavar="NAME", help="the competition: configs/NAME.yaml")
        return sub

    def hidden(self, name: str, run: str) -> None:
        """Adds a command that only other processes of ours call."""
        self.configured(name, run, "")

    def configured(self, name: str, run: str, text: str) -> argparse.ArgumentParser:
        """Adds a command that reads a configuration and its data."""
        sub = self.plain(name, run, text)
        sub.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="models.cnn.size=96")
        sub.add_argument("--data", metavar="PATH", help="folder or zip, instead of the config's data.root")
        sub.add_argument("--only", metavar="MODELS", help="models to use, separated by commas")
        sub.add_argument("--no-tuned", action="store_true", help="leave out what `tune` has found")
        sub.add_argument("--no-features", action="store_true", help="leave out what `features` has found")
        return sub


def _add_training(commands: _Commands) -> None:
    train = commands.configured("train", "training.train", "run every stage that is not done yet")
    train.add_argument("--fold", type=int, metavar="N", help="train this fold only (no submission)")
    train.add_argument("--budget", type=_seconds, metavar="TIME", help="10m: train what fits into it")
    commands.hidden("work", "training.work")
    commands.configured("folds", "training.folds", "draw the folds and show them")
    ensemble = commands.configured(
        "ensemble", "training.ensemble", "blend all predictions on disk that share the folds"
    )
    ensemble.add_argument("--own", action="store_true", help="only the models of this configuration")
    commands.configured(
        "submission", "training.submission", "write the submission from the predictions that there are"
    )
    commands.configured("report", "training.report", "write the page of a run: runs/NAME/report.html")
    watch = commands.configured("watch", "training.watch", "serve the page of a run while it trains")
    watch.add_argument("--port", type=int, default=8017, help="on this machine (default 8017; 0: any)")
    dashboard = commands.configured(
        "dashboard",
        "dashboard.dashboard",
        "serve Optuna's page on searches and TensorBoard on learning curves",
    )
    dashboard.add_argument("--port", type=int, default=8080, help="of the first page (default 8080)")
    dashboard.add_argument("--storage", metavar="URL", help="database that several machines share")
    predict = commands.configured(
        "predict", "training.predict", "predict new rows with the trained fold models"
    )
    predict.add_argument("--rows", required=True, metavar="FILE", help="table of the new rows")
    predict.add_argument("--out", default="predictions.csv", metavar="FILE", help="where to write")
    clean = commands.configured("clean", "training.clean", "remove products that the config does not use")
    clean.add_argument("--all", action="store_true", help="remove all products and runs of the competition")


def _add_search(commands: _Commands) -> None:
    tune = commands.configured("tune", "searching.tune", "search a model's parameters and keep the best")
    tune.add_argument("--model", required=True, metavar="NAME", help="the model to search")
    tune.add_argument("--trials", type=int, metavar="N", help="end after so many (default 50)")
    tune.add_argument("--budget", type=_seconds, metavar="TIME", help="end in time: 90s, 30m, 2h")
    tune.add_argument("--workers", type=int, default=1, metavar="N", help="processes that try side by side")
    tune.add_argument(
        "--storage", metavar="URL", help="database that several machines share (postgresql://...)"
    )
    tune.add_argument("--pruner", default="median", metavar="NAME", help="who gives up hopeless trials")
    tune.add_argument("--folds", type=int, metavar="N", help="folds of a trial (default: all)")
    tune.add_argument("--rows", type=float, default=1.0, metavar="SHARE", help="of the rows, for a trial")
    tune.add_argument("--timed", action="store_true", help="look for fast models beside good ones")
    tune.add_argument("--keep", type=int, default=3, metavar="K", help="best trials to train on all folds")
    tune.add_argument(
        "--outer",
        type=int,
        metavar="N",
        help="folds that are held back in turn (default: by rows and trials)",
    )
    tune.add_argument("--part", type=int, default=0, help=argparse.SUPPRESS)
    tune.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)


def _add_package(package: argparse.ArgumentParser) -> None:
    package.add_argument("--no-trial", dest="trial", action="store_false", help="do not execute the notebook")
    package.add_argument(
        "--no-wheels", dest="wheels", action="store_false", help="bring no wheels but the toolkit's own"
    )
    package.add_argument("--image", metavar="FILE", help="versions on Kaggle's image, of its `pip freeze`")
    package.add_argument(
        "--hidden", type=int, metavar="ROWS", help="of the hidden test, to foretell its time"
    )
    package.add_argument("--memory", type=int, default=16, metavar="GB", help="that it may hold (default 16)")
    package.add_argument("--cores", type=int, default=4, help="that it may use (default 4)")


def _seconds(text: str) -> float:
    """Returns the seconds of "90", "90s", "10m" or "1.5h"."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"a time above zero, as in 90s, 10m or 1.5h. Received: {text!r}")
    return seconds


def _add_contest(commands: _Commands) -> None:
    new = commands.plain("new", "contest.new", "draft configs/NAME.yaml from a competition's files")
    new.add_argument("--data", metavar="PATH", help="folder or zip; default data/NAME")
    for key, text in (
        ("metric", "its metric, where the files cannot tell"),
        ("target", "column(s) to predict, separated by commas"),
        ("train", "training table"),
        ("test", "test table"),
        ("sample", "sample submission"),
        ("encoding", "text encoding of its CSV files"),
        ("missing-targets", "training rows without a target: `leave_out` goes on without them"),
    ):
        new.add_argument(f"--{key}", metavar=key.upper().replace("-", "_"), help=text)
    new.add_argument("--force", action="store_true", help="replace a configuration that is there already")
    commands.configured("audit", "contest.audit", "look for what would make the score a lie")
    data = commands.plain("data", "contest.data", "fetch a contest's files from Kaggle into data/NAME")
    data.add_argument("--force", action="store_true", help="fetch again what is there")
    submit = commands.configured(
        "submit", "contest.submit", "hand in the newest submission, wait for its score"
    )
    submit.add_argument("--message", metavar="TEXT", help="that Kaggle lists beside it; default: its score")
    submit.add_argument("--again", action="store_true", help="hand in a file that was handed in already")
    submit.add_argument("--code", action="store_true", help="hand in the package's notebook, not the file")
    package = commands.configured(
        "package", "packaging.package", "write models and a notebook that hands in without a network; try it"
    )
    _add_package(package)
    distil = commands.configured(
        "distil", "distilling.distil", "train one model on what the submission's ensemble says, and compare"
    )
    distil.add_argument("--model", required=True, metavar="NAME", help="the model that learns")
    distil.add_argument(
        "--share", type=float, help="of what is said; the rest is the label's (default: several)"
    )
    distil.add_argument("--temperature", type=float, help="of what is said: above 1 is softer (default 1)")
    reproduce = commands.plain(
        "reproduce", "reproducing.reproduce", "make a submission again from its model card", named=False
    )
    reproduce.add_argument("card", metavar="CARD", help="the model card, or the folder of its package")
    reproduce.add_argument("--data", metavar="PATH", help="folder or zip of the contest's files")
    reproduce.add_argument(
        "--again", action="store_true", help="from the beginning, whatever is done already"
    )
    for command in (submit, package):
        command.add_argument("--owner", metavar="NAME", help="your account at Kaggle; or KAGGLE_USERNAME")
        command.add_argument("--hours", type=float, default=9.0, help="that a notebook may take (default 9)")
    for command in (data, submit, package):
        command.add_argument("--slug", metavar="NAME", help="the contest's name in Kaggle's address")
    commands.plain("board", "contest.board", "list the runs, what changed, and their public scores")
    commands.plain(
        "list", "contest.known", "competitions, models, metrics, backbones and methods known", named=False
    )
