"""The trial of a package before it is uploaded: the same file, its seconds and memory, and a forecast."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import DataError, ModelError, listing
from pipeline.package.package import Place, size_of
from pipeline.package.sandbox import Executed, execute
from pipeline.package.stage import lay_out
from pipeline.run.run import Run

TIMES = 4  # as many rows as the test has, in the second trial
EQUAL = 1e-6  # between cells of the two files
MARGIN = 0.8  # of the time that may be used: Kaggle's machines are not this one
DATASET_LIMIT = 100 * 2**30  # bytes of one of Kaggle's data sets


@dataclass(frozen=True)
class Limits:
    """Limits that a contest sets a notebook.

    Attributes:
        seconds, memory (bytes), cores (0: as many as there are).
    """

    seconds: float
    memory: int
    cores: int = 0


@dataclass(frozen=True)
class Tried:
    """Trials of a package: times, memory, equality, and what they foretell.

    Attributes:
        once, often: the notebook on the test rows, and on so many times as many; None: could not be tried.
        predicting: of these, the seconds that were not spent on installing and opening.
        rows: of the test.
        away: the largest difference of a number in the two files.
        hidden: rows that are foretold.
        limits: of the contest.
        of_models: seconds of each member in the larger trial, or the smaller.
        adds: by how much the score is better with a member than without it, by member.
        size: bytes of the data set.
        note: why there is no second trial.
    """

    once: Executed
    often: Executed | None
    predicting: tuple[float, float]
    rows: int
    away: float
    hidden: int
    limits: Limits
    of_models: Mapping[str, float]
    adds: Mapping[str, float]
    size: int
    note: str = ""

    @property
    def foretold(self) -> float:
        """Seconds for the hidden rows, on this machine."""
        start = self.once.seconds - self.predicting[0]
        if self.often is None:
            return start + self.predicting[0] * max(1.0, self.hidden / self.rows)
        return start + foretell(self.rows, TIMES * self.rows, self.predicting, self.hidden)

    @property
    def at_most(self) -> float:
        """Seconds for the hidden rows if all that the larger trial took to predict grew with the rows."""
        rows = self.rows * (1 if self.often is None else TIMES)
        start = self.once.seconds - self.predicting[0]
        return start + self.predicting[1] * max(1.0, self.hidden / rows)

    @property
    def good(self) -> bool:
        """Whether the file is the same and the time suffices."""
        return (
            self.away <= EQUAL
            and self.foretold <= MARGIN * self.limits.seconds
            and self.size <= DATASET_LIMIT
        )

    def lines(self) -> list[str]:
        """Says what was found."""
        same = (
            "equal" if self.away <= EQUAL else f"OFF BY {self.away:.2g}: it is not the file that was scored"
        )
        found = [f"network cut off by {self.once.cut}; the notebook with its outputs: {self.once.path}"]
        found.append(f"{self.rows:,} test rows: {_took(self.once)}; against submission.csv: {same}")
        if self.often is None:
            found.append(f"a larger test could not be tried: {self.note}")
        else:
            ratio = self.often.seconds / self.once.seconds
            memory = self.often.peak / self.once.peak
            found.append(
                f"{TIMES * self.rows:,} rows: {_took(self.often)}: {ratio:.2f} times the time, {memory:.2f} "
                "times the memory"
            )
        found.append(
            f"foretold for {self.hidden:,} rows: {_time(self.foretold)} of {_time(self.limits.seconds)} "
            f"(on this machine), at most {_time(max(self.at_most, self.foretold))}"
        )
        if self.foretold > MARGIN * self.limits.seconds:
            found += self._too_slow()
        return found

    def _too_slow(self) -> list[str]:
        """Names what could be left out: the slowest for what it adds first."""
        costs = {name: s for name, s in self.of_models.items() if name in self.adds and s > 0}
        total = sum(self.of_models.values()) or 1.0
        lines = ["too slow. What may be left out (`ensemble.members`), what adds least for its time first:"]
        for name in sorted(costs, key=lambda name: self.adds[name] / max(costs[name], 1e-9)):
            share, added = costs[name] / total, self.adds[name]
            lines.append(f"  {name}: {share:.0%} of the time; it adds {added:+.5f} to the score")
        return [*lines, "Or one small model that has learned what all of them say: make distil."]


def trial(run: Run, place: Place, limits: Limits, hidden: int | None = None) -> Tried:
    """Executes a package's notebook as Kaggle would, on the test and on a larger one.

    Args:
        run: the run that was packed.
        place: of the package.
        limits: of the contest; the memory's is kept, the time's too.
        hidden: rows of the hidden test; default: as many as the test has.

    Raises:
        ModelError: the notebook failed.
    """
    competition = run.competition
    rows = len(competition.sample_ids)
    with tempfile.TemporaryDirectory(prefix="trial") as folder:
        once, answer, noted = _tried(run, place, limits, 1, Path(folder) / "once")
        away = differ(run.plan.store.root / "submission.csv", answer)
        often, last, note = None, noted, ""
        try:
            often, _, last = _tried(run, place, limits, TIMES, Path(folder) / "often")
        except DataError as error:
            note = str(error)
    facts = json.loads((run.plan.store.root / "submission.json").read_text(encoding="utf-8"))["ensemble"]
    adds = {name: float(added) for name, added in facts.get("adds", {}).items()}
    parts = facts.get("averages", {})
    times = {name: sum(last["of_models"].get(part, 0.0) for part in parts.get(name, [name])) for name in adds}
    return Tried(
        once=once,
        often=often,
        predicting=(noted["seconds"], last["seconds"]),
        rows=rows,
        away=away,
        hidden=hidden or rows,
        limits=limits,
        of_models=times,
        adds=adds,
        size=size_of(place.dataset),
        note=note,
    )


def foretell(few: int, many: int, seconds: tuple[float, float], rows: int) -> float:
    """Returns seconds for so many rows, of those that few and many rows took: on the line through both.

    Fewer rows are not promised to be quicker.
    """
    each = max(0.0, (seconds[1] - seconds[0]) / (many - few))
    return seconds[0] + each * max(0, rows - few)


def differ(one: Path, other: Path) -> float:
    """Returns the largest difference of two submissions' numbers; infinite where anything else differs."""
    tables = []
    for path in (one, other):
        with path.open(newline="", encoding="utf-8") as file:
            tables.append(list(csv.reader(file)))
    if [len(row) for row in tables[0]] != [len(row) for row in tables[1]]:
        return float("inf")
    most = 0.0
    for before, after in zip(*tables, strict=True):
        for cell, another in zip(before, after, strict=True):
            if cell != another:
                most = max(most, _apart(cell, another))
    return most


def _apart(one: str, other: str) -> float:
    try:
        away = abs(float(one) - float(other))
    except ValueError:
        return float("inf")
    return away if np.isfinite(away) else float("inf")


def _tried(
    run: Run, place: Place, limits: Limits, times: int, folder: Path
) -> tuple[Executed, Path, dict[str, Any]]:
    """Executes the notebook on so many times the test rows; returns it, its file, and what it noted."""
    inputs, working = folder / "input", folder / "working"
    working.mkdir(parents=True)
    lay_out(run.plan.source, run.config.data, run.competition, times, inputs / "competitions" / place.slug)
    data = inputs / "datasets" / place.dataset_id
    shutil.copytree(place.dataset, data)
    target = place.root / "tried" / f"{place.name}-{times}x.ipynb"
    target.parent.mkdir(exist_ok=True)
    run.progress.begin(f"trial on {times} times the test", times > 1, 2)
    asked = (limits.seconds, limits.memory, limits.cores)
    executed = execute(place.notebook, working, inputs, target, *asked)
    run.progress.end(f"{executed.seconds:.0f} s")
    answer = working / "submission.csv"
    if not answer.is_file():
        raise ModelError(
            f"The notebook wrote no submission.csv, but {listing(p.name for p in working.iterdir())}."
        )
    return executed, answer, json.loads((working / "prediction.json").read_text(encoding="utf-8"))


def _took(executed: Executed) -> str:
    return f"{executed.seconds:.1f} s, {executed.peak / 2**20:,.0f} MB"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
