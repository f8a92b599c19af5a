"""Progress bars, tables and messages in the terminal, while a run goes on and when it ends."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from pipeline.board import Board
from pipeline.foretold import Foretold, left_text
from pipeline.progress import Progress
from pipeline.search.finalist import standard_error
from pipeline.search.search import Outcome

log = logging.getLogger("pipeline")
WORTH_A_LINE = 15.0  # seconds: shorter work leaves a line in the log only


class ConsoleProgress(Progress):
    """Draws a bar for the work in hand, leaves a line for the work done, and logs both.

    Where the output is no terminal there are no bars, only lines.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            _Left(self),
            TextColumn("{task.fields[news]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: Any = None
        self._label = ""
        self._started = 0.0
        self.foretold: Foretold | None = None

    def __enter__(self) -> ConsoleProgress:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def message(self, text: str) -> None:
        log.info(text)
        self.console.print(text, highlight=False)

    def warning(self, text: str) -> None:
        log.warning(text)
        self.console.print(f"[yellow]warning[/]: {text}", highlight=False)

    def expect(self, fits: int, side_by_side: int = 1, each: float | None = None) -> None:
        self.foretold = Foretold(fits, side_by_side, each)

    def begin(self, label: str, step: int, steps: int) -> None:
        log.info("begin %s", label)
        self._label, self._started = label, time.monotonic()
        self.foretold = self.foretold or Foretold(1)
        self.foretold.begin(self._started)
        if self._task is not None:
            self.bars.remove_task(self._task)
        place = f" ({step + 1}/{steps})" if steps > 1 else ""
        self._task = self.bars.add_task(f"{label}{place}", total=1.0, news="")

    def update(self, fraction: float, text: str) -> None:
        log.debug("%s %.3f %s", self._label, fraction, text)
        if self.foretold:
            self.foretold.update(time.monotonic(), fraction)
        if self._task is not None:
            self.bars.update(self._task, completed=fraction, news=text)

    def end(self, text: str) -> None:
        if self._task is not None:
            self.bars.remove_task(self._task)
            self._task = None
        if self.foretold:
            self.foretold.end(time.monotonic())
            self.foretold = self.foretold if self.foretold.waiting else None
        seconds = time.monotonic() - self._started
        line = f"{self._label:<24} {seconds:7.1f} s  {text}".rstrip()
        log.info("end %s", line)
        if seconds > WORTH_A_LINE:
            self.console.print(line, highlight=False)


class _Left(ProgressColumn):
    """Time left of the fits that are expected, the one in hand among them."""

    max_refresh = 0.5

    def __init__(self, progress: ConsoleProgress) -> None:
        self.progress = progress
        super().__init__()

    def render(self, task: Task) -> Text:
        foretold = self.progress.foretold
        said = left_text(foretold.seconds(time.monotonic())) if foretold else ""
        return Text(f"{said} left" if said else "", style="progress.remaining")


def log_to(path: Path) -> None:
    """Sends everything that is worth keeping to a run's log file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.DEBUG)
    log.propagate = False


def summary_table(summary: dict[str, Any]) -> Table:
    """Returns the table that ends a run: a line per model, then the ensemble."""

    arrow = "higher" if summary["greater_is_better"] else "lower"
    table = Table(
        title=f"{summary['competition']}: {summary['metric']} ({arrow} is better)", title_justify="left"
    )
    for heading, side in (("model", "left"), ("score", "right"), ("± folds", "right")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    table.add_column("weight", justify="right")
    table.add_column("seconds", justify="right")
    for name, model in summary["models"].items():
        weight = "" if model["weight"] is None else f"{model['weight']:.3f}"
        mark = " optimistic" if model["optimistic"] else ""
        table.add_row(
            name + mark,
            f"{model['score']:.5f}",
            _spread(model["fold_scores"]),
            weight,
            f"{model['seconds']:.0f}",
        )
    table.add_section()
    ensemble = summary["ensemble"]
    mark = " optimistic" if summary["optimistic"] else ""
    table.add_row(
        f"ensemble ({ensemble['method']})" + mark,
        f"[bold]{summary['cross_fitted_score']:.5f}[/]",
        _spread(ensemble["cross_fitted_fold_scores"]),
        "",
        f"{summary['seconds']:.0f}",
    )
    return table


def _spread(scores: list[float]) -> str:
    """Returns the standard deviation over the folds; nothing where there are no scores by fold."""
    import numpy as np

    return f"{np.std(scores):.5f}" if scores else ""


def methods_table(summary: dict[str, Any]) -> Table:
    """Returns the table of ensemble methods that were tried, the best first."""
    table = Table(
        title="methods before post-processing: cross-fitted score ± standard error", title_justify="left"
    )
    for heading in ("method", "cross-fitted", "±", "in-sample", "seconds"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    tried = [one for one in summary["ensemble"]["candidates"] if one["cross_fitted"] is not None]
    sign = -1 if summary["greater_is_better"] else 1
    for one in sorted(tried, key=lambda one: sign * one["cross_fitted"]):
        numbers = [f"{one[key]:.5f}" for key in ("cross_fitted", "standard_error", "in_sample")]
        table.add_row(one["name"], *numbers, f"{one['seconds']:.1f}")
    return table


def board_table(board: Board) -> Table:
    """Returns the table of a competition's runs, oldest first."""
    last = board.runs[-1]
    arrow = "higher" if last["greater_is_better"] else "lower"
    table = Table(
        title=f"runs: {last['metric']} ({arrow} is better)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("when", no_wrap=True)
    for heading in ("cross-fitted", "public", "difference", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("what changed", overflow="fold")
    for number, run in enumerate(board.runs):
        public = board.public_score(run)
        scores = ["", ""] if public is None else [f"{public:.5f}", f"{public - run['score']:+.5f}"]
        when, changed = run["when"][:16].replace("T", " "), escape("\n".join(board.changes(number)))
        table.add_row(when, _score(run), *scores, f"{run['seconds']:.0f}", changed)
    return table


def _score(run: dict[str, Any]) -> str:
    """Returns a run's score, marked where it is optimistic; runs of earlier versions say nothing of it."""
    return f"{run['score']:.5f}" + (" optimistic" if run.get("optimistic") else "")


def search_table(metric: str, greater_is_better: bool, outcome: Outcome) -> Table:
    """Returns the table that ends a search: the present parameters, then the best trials."""
    arrow = "higher" if greater_is_better else "lower"
    table = Table(title=f"search: {metric} ({arrow} is better)", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("parameters", "in its trial", "held back", "all folds", "± folds", "seconds"):
        table.add_column(heading, justify="left" if heading == "parameters" else "right")
    for one in outcome.finalists:
        name = f"[bold]{one.label}[/]" if one.label == outcome.chosen.label else one.label
        own = f"{one.own_score:.5f}" if one.own else ""
        held = "" if one.held is None else f"{one.held:.5f}"
        whole = (f"{one.score:.5f}", f"{standard_error(one.scores):.5f}") if one.scores else ("", "")
        table.add_row(name, own, held, *whole, f"{one.seconds:.0f}")
    return table


def registry_table(title: str, names: list[str]) -> Table:
    """Returns a list of names under a title, as `pipeline list` prints it."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 1))
    table.add_row(", ".join(names))
    return table
