"""What `make tune` says of a gain that cannot be there: labels of pure noise.

    python bench/honesty.py --search              # eight draws
    python bench/honesty.py --search --draws 20

Columns and labels are drawn independently, so that no parameters can be better than others: every
gain is luck, and the truth is 0. Two searches stand side by side. Before: trials on the folds of all
rows, and the winner once more on folds drawn anew, which hold the same rows. After: trials on the rows
that are not held back, and the winner on those that are.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.clock import Clock
from pipeline.config.load import load_config
from pipeline.config.schema import ModelConfig
from pipeline.context import Context
from pipeline.data.folds import Fold, make_folds
from pipeline.data.source import open_source
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.search.finals import score_present
from pipeline.search.gain import Gain
from pipeline.search.held_back import search_part
from pipeline.search.objective import Objective
from pipeline.search.parts import Part, RestFolds
from pipeline.search.request import Request
from pipeline.search.search import parts_of
from pipeline.search.study import VALUES
from pipeline.search.trials import run_trials
from pipeline.search.verdict import Verdict, judge
from pipeline.store import Store
from pipeline.validation import cross_validation

MODEL = "model"
FRESH = 1009  # added to the folds' seed for a draw that no trial was scored by
CONFIG = """\
competition: noise
data: {target: label}
metric: auc
folds: {n: 3}
threads: 1
models:
  model: {kind: neighbours, n_neighbors: 10}
"""


@dataclass(frozen=True)
class Before:
    """Gains in AUC of the winner of a search that held no rows back; the truth is 0.

    Attributes:
        claimed: on the folds that chose it.
        fresh: on folds drawn anew of the same rows.
    """

    claimed: float
    fresh: float


def request_of(folder: Path, seed: int, rows: int, columns: int, trials: int) -> Request:
    """Returns a search of the neighbours' own space on noise, which is written into an empty folder."""
    write_noise(folder, rows, columns, seed)
    plan = Plan(load_config(folder / "noise.yaml"), open_source(folder, "train.csv"), Store(folder / "runs"))
    return Request(plan, MODEL, trials=trials)


def after(request: Request, parts: int) -> Verdict:
    """Searches as `make tune` does, with folds held back."""
    run, clock = Run(request.plan, Progress()), Clock(Progress(), np.inf)
    present, results = score_present(request, run, clock), []
    for one in parts_of(request, parts):
        result = search_part(one, run, clock, present, lambda one=one: run_trials(one, run, lambda: np.inf))
        results += [result] if result else []
    return judge(request, present, results)


def before(request: Request, trials: int) -> Before:
    """Searches on the folds of all rows, and scores the winner on others."""
    import optuna

    run, none = Run(request.plan, Progress()), np.zeros(0, np.int64)
    everything = RestFolds(run.folds.assignment, rows=np.arange(len(run.competition.ids)))
    part = Part(Fold(0, 0, everything.rows, none), everything)
    objective = Objective(run, MODEL, request.space, part, request.effort, prune=False)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=0, multivariate=True, group=True, n_startup_trials=10)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=trials)
    found = request.space.apply(request.section, study.best_trial.user_attrs[VALUES])
    fresh = run.config.folds.model_copy(update={"seed": run.config.folds.seed + FRESH})
    gains = [
        _score(run, found, seeded) - _score(run, request.section, seeded)
        for seeded in (run.config.folds, fresh)
    ]
    return Before(*gains)


def _score(run: Run, section: ModelConfig, folds: object) -> float:
    """Returns the mean AUC of a section on folds of all rows."""
    competition = run.competition
    drawn = make_folds(folds, competition.task, competition.target)
    experiment = replace(run.with_section(MODEL, section).experiment(MODEL), folds=drawn)
    metric = run.metric(MODEL)
    return float(
        np.mean(
            cross_validation.cross_validate(
                experiment, MODEL, competition.task, metric, Context()
            ).fold_scores
        )
    )


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
    (folder / "noise.yaml").write_text(CONFIG, encoding="utf-8")


def compare(draws: int, rows: int = 300, columns: int = 10, trials: int = 60) -> None:
    """Prints the figures of every draw and their means with standard errors over the draws."""
    print(f"noise: gains in AUC, truth 0; {rows} rows, {columns} columns, {trials} trials")
    print(f"{'':<6}{'before':>10}{'':>13}  {'after':>9}")
    print(f"{'draw':<6}{'claimed':>10}{'fresh folds':>13}{'claimed':>11}{'held back':>22}  kept", flush=True)
    found = []
    for seed in range(draws):
        with tempfile.TemporaryDirectory() as folder:
            request = request_of(Path(folder), seed, rows, columns, trials)
            old, new = before(request, trials), after(request, parts=3)
        found.append((old.claimed, old.fresh, new.claimed, new.gain.value))
        kept = "yes" if new.kept else "no"
        print(
            f"{seed:<6}{old.claimed:>+10.5f}{old.fresh:>+13.5f}{new.claimed:>+11.5f}{new.gain!s:>22}  {kept}",
            flush=True,
        )
    means, errors = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(draws)
    names = ("before, claimed", "before, fresh folds", "after, claimed", "after, held back")
    for name, mean, error in zip(names, means, errors, strict=True):
        print(f"{name:<20} {Gain(mean, error, rows)}")
