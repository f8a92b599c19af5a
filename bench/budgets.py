"""Score against budget: contests drawn anew, drafted and trained as a user would, scored on rows never shown.

    python bench/budgets.py --data ../shared/data --contests titanic otto --budgets 30s 1m 4m
    python bench/budgets.py --draw bench/budgets.csv     # the picture alone, of figures measured before

A quarter of the training rows becomes the test; `new` drafts a configuration and `train --budget` obeys it,
in processes of their own. Lines are appended to `bench/budgets.csv` (contest, metric, tool, asked seconds,
seconds, score), where figures of other tools on the same split may stand beside them, and are drawn as
`bench/budgets.png`.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.config.metric import metric_of
from pipeline.data.source import open_source

ROOT = Path(__file__).parents[1]
TEST = 0.25  # of the training rows
METRICS = {"titanic": "accuracy", "house_prices": "rmsle", "amazon": "auc", "otto": "log_loss"}
UNITS = {"s": 1, "m": 60, "h": 3600}
HEADER = ("contest", "metric", "tool", "asked", "seconds", "score")
FILE = ROOT / "bench" / "budgets.csv"


@dataclass(frozen=True)
class Split:
    """A contest drawn anew.

    Attributes:
        name: of the contest.
        id: its id column.
        target: the column that is asked for.
        truth: answers of its test rows, by id.
    """

    name: str
    id: str
    target: str
    truth: pd.Series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the contests' zips")
    parser.add_argument("--contests", nargs="+", choices=METRICS, default=list(METRICS))
    parser.add_argument("--budgets", nargs="+", default=["30s", "1m", "4m", "15m"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draw", type=Path, help="file of figures to draw; nothing is measured")
    options = parser.parse_args()
    if options.draw is None:
        for contest in options.contests:
            measure(contest, options.data, options.budgets, options.seed)
    draw(options.draw or FILE)


def measure(contest: str, data: Path, budgets: Sequence[str], seed: int) -> None:
    """Appends a line for each budget."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        split = write(place / "data" / contest, contest, data, seed)
        run(place, "new", contest, "--metric", METRICS[contest])
        for budget in budgets:
            started = time.monotonic()
            run(place, "train", contest, "--budget", budget)
            seconds, asked = time.monotonic() - started, int(budget[:-1]) * UNITS[budget[-1]]
            line = [
                contest,
                METRICS[contest],
                "here",
                asked,
                round(seconds, 1),
                round(scored(place, split), 5),
            ]
            print(*line, sep="  ", flush=True)
            append(line)
            run(place, "clean", contest, "--all")


def write(folder: Path, contest: str, data: Path, seed: int) -> Split:
    """Writes the split's files; rows of the test come from the training rows."""
    source = open_source(data / f"{contest}.zip", "train.csv")
    train, test = (_read(source.read(f"{name}.csv")) for name in ("train", "test"))
    sample_file = next(name for name in source.names() if "sample" in name.lower())
    sample = _read(source.read(sample_file))
    key, target = sample.columns[0], next(name for name in train.columns if name not in test.columns)
    asked = np.random.default_rng(seed).random(len(train)) < TEST
    folder.mkdir(parents=True)
    train[~asked].to_csv(folder / "train.csv", index=False)
    train.loc[asked, test.columns].to_csv(folder / "test.csv", index=False)
    answers = pd.DataFrame({key: train.loc[asked, key]})
    answers.assign(**{name: sample[name].iloc[0] for name in sample.columns[1:]}).to_csv(
        folder / sample_file, index=False
    )
    return Split(contest, key, target, train.loc[asked].set_index(key)[target])


def _read(data: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)


def run(place: Path, *words: str) -> None:
    """Runs a command of the toolkit where the contest lies."""
    command = [sys.executable, "-m", "pipeline", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def scored(place: Path, split: Split) -> float:
    """Returns the score of the submission, as the contest would count it."""
    answer = pd.read_csv(place / "runs" / split.name / "submission.csv", dtype={split.id: str})
    answer = answer.set_index(split.id)
    truth, metric = split.truth.loc[answer.index], metric_of(METRICS[split.name])
    if metric.name == "accuracy":
        return float(np.mean(answer[split.target].astype(str) == truth))
    values = answer.to_numpy(np.float64)
    if metric.kind == "rmsle":
        return metric(truth.to_numpy(np.float64)[:, None], values)
    if values.shape[1] == 1:  # the probability of the second of two classes
        values, names = np.hstack([1 - values, values]), sorted(truth.unique())
    else:
        names = list(map(str, answer.columns))
    return metric(np.array([names.index(value) for value in truth]), values)


def append(line: Sequence[object]) -> None:
    """Adds a line to the file of figures, with its header where it is new."""
    new = not FILE.exists()
    with FILE.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([HEADER, line] if new else [line])


def draw(file: Path) -> None:
    """Draws the figures of a file: a panel for each contest, a line for each tool."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = pd.read_csv(file)
    contests = list(dict.fromkeys(found["contest"]))
    figure, axes = pyplot.subplots(1, len(contests), figsize=(4 * len(contests), 3.2), squeeze=False)
    for panel, contest in zip(axes[0], contests, strict=True):
        rows = found[found["contest"] == contest]
        for tool, some in rows.groupby("tool", sort=False):
            some = some.sort_values("asked")
            panel.plot(some["asked"], some["score"], "o-", label=tool)
        panel.set(xscale="log", title=contest, xlabel="budget, s", ylabel=rows["metric"].iloc[0])
        panel.legend()
    figure.tight_layout()
    figure.savefig(file.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
