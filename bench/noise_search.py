"""What `make tune` says of a gain that cannot be there: labels of pure noise.

    python bench/honesty.py --search              # eight draws
    python bench/honesty.py --search --draws 20

Columns and labels are drawn independently, so that no parameters can be better than others: every
gain is luck, and the truth is 0. Three figures of the same search stand side by side: the gain on the
folds that chose, the gain on folds of the same rows drawn anew (what `make tune` printed as free of
luck before rows were held back), and the gain on the rows that no trial saw.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline import cross_validation
from pipeline.clock import Clock
from pipeline.config.load import load_config
from pipeline.context import Context
from pipeline.data.folds import make_folds
from pipeline.data.source import open_source
from pipeline.plan import Plan
from pipeline.progress import Progress
from pipeline.run import Run
from pipeline.search.finalist import Finalist
from pipeline.search.finals import score_present
from pipeline.search.held_back import search_part
from pipeline.search.request import Request
from pipeline.search.search import parts_of
from pipeline.search.trials import run_trials
from pipeline.search.verdict import Verdict, judge
from pipeline.store import Store

MODEL = "model"
FRESH = 1009  # added to the folds' seed, as it was before rows were held back
CONFIG = """\
competition: noise
data: {target: label}
metric: auc
folds: {n: 4}
threads: 1
models:
  model: {kind: lightgbm, rounds: 12, rate: 0.1}
search:
  model:
    leaves: {int: [3, 31], log: true}
    min_rows: {int: [2, 40], log: true}
    columns: {float: [0.2, 1.0]}
    bagging: {float: [0.5, 1.0]}
    seed: {int: [0, 999]}
"""


@dataclass(frozen=True)
class Draw:
    """Gains in AUC of what one search found over the parameters before it; the truth is 0.

    Attributes:
        verdict: the gain on the folds that chose, and on rows that no trial saw.
        fresh: the gain on all rows in folds drawn anew, or NaN.
    """

    verdict: Verdict
    fresh: float


def draw(
    folder: Path,
    seed: int,
    rows: int,
    columns: int,
    trials: int,
    parts: int,
    fresh: bool = False,
    config: str = CONFIG,
) -> Draw:
    """Searches once on noise.

    Args:
        folder: an empty one.
        seed: of the noise.
        rows: of the training table.
        columns: normal ones.
        trials: in all.
        parts: folds that are held back in turn.
        fresh: whether to measure the old figure too.
        config: the YAML, with one model and its space.
    """
    write_noise(folder, rows, columns, seed)
    (folder / "noise.yaml").write_text(config, encoding="utf-8")
    plan = Plan(load_config(folder / "noise.yaml"), open_source(folder, "train.csv"), Store(folder / "runs"))
    request, run, clock = (
        Request(plan, MODEL, trials=trials),
        Run(plan, Progress()),
        Clock(Progress(), np.inf),
    )
    present = score_present(request, run, clock)
    results = []
    for one in parts_of(request, parts):
        results.append(
            search_part(one, run, clock, present, lambda one=one: run_trials(one, run, lambda: np.inf))
        )
    verdict = judge(request, present, [result for result in results if result is not None])
    if not fresh:
        return Draw(verdict, np.nan)
    gains = [_score_anew(run, one) - _score_anew(run, present) for one in verdict.winners]
    return Draw(verdict, float(np.mean(gains)) if gains else 0.0)


def _score_anew(run: Run, one: Finalist) -> float:
    """Returns the mean AUC on folds of all rows that no trial was scored by."""
    config = run.config.folds.model_copy(update={"seed": run.config.folds.seed + FRESH})
    folds = make_folds(config, run.competition.task, run.competition.target)
    experiment = replace(run.with_section(MODEL, one.section).experiment(MODEL), folds=folds)
    task = run.competition.task
    predicted = cross_validation.cross_validate(experiment, MODEL, task, run.metric(MODEL), Context())
    return float(np.mean(predicted.fold_scores))


def write_noise(folder: Path, rows: int, columns: int, seed: int) -> None:
    """Writes a competition whose labels have nothing to do with its columns."""
    import pandas as pd

    random = np.random.default_rng(seed)
    names = [f"x{number}" for number in range(columns)]
    table = pd.DataFrame(random.normal(size=(rows + 10, columns)), columns=names)
    table.insert(0, "id", np.arange(rows + 10))
    label = pd.Series(random.permutation(np.arange(rows) % 2), name="label")
    table[:rows].assign(label=label).to_csv(folder / "train.csv", index=False)
    table[rows:].to_csv(folder / "test.csv", index=False)
    table[rows:][["id"]].assign(label=0.5).to_csv(folder / "sample_submission.csv", index=False)


def compare(draws: int, rows: int = 600, columns: int = 50, trials: int = 40, parts: int = 2) -> None:
    """Prints the figures of every draw and their means."""
    print(f"noise: AUC, {rows} rows, {columns} columns, {trials} trials, {parts} folds held back in turn")
    print(f"{'draw':<6}{'claimed':>10}{'fresh folds':>13}{'held back':>22}  kept", flush=True)
    found = []
    for seed in range(draws):
        with tempfile.TemporaryDirectory() as folder:
            one = draw(Path(folder), seed, rows, columns, trials, parts, fresh=True)
        verdict = one.verdict
        found.append((verdict.claimed, one.fresh, verdict.gain.value))
        kept = "yes" if verdict.kept else "no"
        print(
            f"{seed:<6}{verdict.claimed:>+10.5f}{one.fresh:>+13.5f}{verdict.gain!s:>22}  {kept}", flush=True
        )
    means, errors = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(draws)
    print("mean  " + "   ".join(f"{m:+.5f} ± {e:.5f}" for m, e in zip(means, errors, strict=True)))
