"""A finished prediction: the file, its time and memory, and how it looks beside the out-of-fold one."""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.store import write_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PANELS = 6
BINS = 40
FAR = 0.25  # shift from which the two are not of one kind, however many rows there are
SURE = 3.3  # and so many standard deviations of it: one of 1,000 samples of one kind is shifted as far
BLUE, GREY = "#2f6fab", "#8a8a8a"


@dataclass(frozen=True)
class Finished:
    """Outcome of a prediction: the file, its time and memory, and samples to compare.

    Attributes:
        path: the submission.
        rows: that were handed in.
        by_prior: those among them that no model could see.
        seconds: it took.
        peak: bytes that the process held at most.
        outputs: names of the columns of both arrays.
        oof: float32 (some training rows, outputs), predicted out of fold.
        test: float32 (some test rows, outputs).
        of_models: the seconds of each model.
    """

    path: Path
    rows: int
    by_prior: int
    seconds: float
    peak: int
    outputs: tuple[str, ...]
    oof: np.ndarray
    test: np.ndarray
    of_models: Mapping[str, float]

    def lines(self) -> list[str]:
        """Says what was done, and where predictions do not look like those of the training rows."""
        each = 1000 * self.seconds / max(1, self.rows)
        found = [
            f"{self.path.name}: {self.rows:,} rows in {self.seconds:.1f} s ({each:.2f} ms a row), "
            f"{self.peak / 2**20:,.0f} MB at most."
        ]
        if self.by_prior:
            found.append(f"{self.by_prior:,} rows are answered by the prior: no file of use.")
        times = sorted(self.of_models.items(), key=lambda one: -one[1])
        if times:
            found.append("Seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in times) + ".")
        least = max(FAR, SURE * np.sqrt(1 / max(1, len(self.oof)) + 1 / max(1, len(self.test))))
        far = [f"{name} ({away:+.2f})" for name, away in self.shifts().items() if abs(away) > least]
        if far:
            found.append(
                "Look: the mean prediction is another than out of fold, in standard deviations: "
                f"{', '.join(far)}. Is the test read as the training was?"
            )
        return found

    def shifts(self) -> dict[str, float]:
        """Returns by output how far the mean of the test's predictions is from the out-of-fold one.

        In standard deviations of the out-of-fold predictions. Only the means can be compared: test rows are
        answered by the mean of the folds' models, which varies less than each of them.
        """
        return {
            name: shift(self.oof[:, column], self.test[:, column])
            for column, name in enumerate(self.outputs)
            if len(self.test)
        }

    def picture(self) -> bytes:
        """Returns both distributions as a PNG, those that differ most first."""
        file = io.BytesIO()
        self._figure().savefig(file, format="png", dpi=120)
        return file.getvalue()

    def _figure(self) -> Figure:
        from matplotlib.figure import Figure

        away = self.shifts()
        names = sorted(away, key=lambda name: -abs(away[name]))[:MOST_PANELS]
        columns = min(3, max(1, len(names)))
        rows = -(-max(1, len(names)) // columns)
        figure = Figure(figsize=(4.2 * columns, 2.6 * rows), layout="constrained")
        for place, name in enumerate(names, start=1):
            axes, column = figure.add_subplot(rows, columns, place), self.outputs.index(name)
            both = [values[:, column] for values in (self.oof, self.test)]
            edges = np.histogram_bin_edges(np.concatenate(both), BINS).tolist()
            axes.hist(both[0], edges, density=True, color=GREY, alpha=0.5, label="out of fold")
            axes.hist(both[1], edges, density=True, histtype="step", color=BLUE, linewidth=1.6, label="test")
            axes.set_title(f"{name}   shift {away[name]:+.2f} sd", fontsize=9)
            axes.set_yticks([])
        if names:
            figure.axes[0].legend(fontsize=8)
        return figure

    def note(self, path: Path) -> None:
        """Writes rows, seconds and memory."""
        facts = {"rows": self.rows, "by_prior": self.by_prior, "seconds": self.seconds, "peak": self.peak}
        write_json(path, {**facts, "of_models": dict(self.of_models)})


def shift(one: np.ndarray, other: np.ndarray) -> float:
    """Returns how far the mean of the other sample is from the first's, in its standard deviations."""
    spread = float(np.std(one, dtype=np.float64))
    away = float(np.mean(other, dtype=np.float64) - np.mean(one, dtype=np.float64))
    return away / spread if spread > 0 else 0.0


def peak_memory() -> int:
    """Returns the most bytes that this process has held."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024
