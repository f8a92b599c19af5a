"""The public API: what a notebook imports from `pipeline`, and what the command line is made of.

import pipeline
result = pipeline.train(pipeline.load_config("digits", overrides=["folds.n=3"]))
result.score, result.submission
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.budget import train_within
from pipeline.clock import Clock
from pipeline.config import load
from pipeline.config.schema import Config, ModelConfig
from pipeline.data.folds import Fold, Folds
from pipeline.data.rows import Dataset, Rows
from pipeline.ensemble.method import Method
from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.metrics import METRICS, Metric
from pipeline.models.base import Context, Model
from pipeline.progress import Progress
from pipeline.registry import FEATURES, METHODS, MODELS
from pipeline.reports.inline import Report
from pipeline.run.plan import RUNS, Plan
from pipeline.run.run import Run
from pipeline.stages import order
from pipeline.stages.audit import audit_before_training
from pipeline.stages.page import publish_page, reported
from pipeline.stages.prediction import predict as predict_rows
from pipeline.store import Store
from pipeline.tasks.base import Task
from pipeline.validation.predictions import Predictions

__all__ = [
    "FEATURES",
    "METHODS",
    "METRICS",
    "MODELS",
    "Config",
    "Context",
    "Dataset",
    "Fold",
    "Folds",
    "Method",
    "Metric",
    "Model",
    "ModelConfig",
    "Predictions",
    "Progress",
    "Report",
    "Result",
    "Rows",
    "Run",
    "Task",
    "cross_validate",
    "load_config",
    "open_run",
    "predict",
    "report",
    "train",
]


@dataclass(frozen=True)
class Result:
    """A finished run: its score, its files, and everything that its manifest says.

    Attributes:
        run: what was carried out; its products are read from it (`result.run.predictions("lgbm")`).
        summary: the manifest, `runs/NAME/submission.json`.
    """

    run: Run
    summary: Mapping[str, Any]

    @property
    def score(self) -> float:
        """The ensemble's cross-fitted score: every row was blended by weights learned without its fold."""
        return self.summary["cross_fitted_score"]

    @property
    def metric(self) -> str:
        return self.summary["metric"]

    @property
    def scores(self) -> dict[str, float]:
        """The out-of-fold score of each member, by name."""
        return {name: model["score"] for name, model in self.summary["models"].items()}

    @property
    def optimistic(self) -> list[str]:
        """Reasons why scores claim more than they will keep; none for honest ones."""
        return self.summary["optimistic"]

    @property
    def submission(self) -> Path:
        """The file to hand in."""
        return Path(self.summary["path"])

    @property
    def oof(self) -> np.ndarray:
        """The ensemble's out-of-fold predictions, float32 (rows, outputs), in the order of the table."""
        folder = self.run.plan.store.root / self.summary["ensemble"]["folder"]
        return np.load(folder / "oof.npy", allow_pickle=False)

    def __repr__(self) -> str:
        return f"Result({self.metric} {self.score:.5g} of {len(self.scores)} models, {self.submission})"


def load_config(name: str | Path, overrides: Sequence[str] = (), tuned: bool = True) -> Config:
    """Reads and checks a configuration.

    Args:
        name: of a competition with a file in `configs/`, or the path of a YAML.
        overrides: a dotted key and a YAML value each, as in "models.cnn.epochs=3".
        tuned: whether to put what a search has found (`NAME.tuned.yaml`) over the YAML.

    Raises:
        ConfigError: lists every mistake with file, line and key.

    Example:
        >>> config = load_config("digits", overrides=["folds.n=3", "models.least.kind=baseline"])
        >>> config.metric, config.folds.n, "least" in config.models
        ('accuracy', 3, True)
    """
    return load.load_config(_path(name), overrides, tuned)


def open_run(
    config: Config | str | Path,
    data: str | Path | None = None,
    only: Sequence[str] | None = None,
    fold: int | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Opens a competition's files and works out what is to be made; nothing is made.

    Args:
        config: checked, or what `load_config` takes.
        data: folder or zip of the competition's files; default: the configuration's, or `data/NAME`.
        only: names of the models to train; default: all that are enabled.
        fold: the one fold to train; default: all.
        store: folder of the run's products; default: `runs/NAME`.
        progress: who is told; default: nobody.

    Raises:
        ConfigError: names a key, a model or a fold that there is not.
        DataError: there are no files; says where they are looked for.

    Example:
        >>> run = open_run("digits", only=["trees"])
        >>> run.plan.models, len(run.plan.fits["trees"])
        (['trees'], 5)
    """
    checked = config if isinstance(config, Config) else load_config(config)
    told = progress or Progress()
    source = order.open_data(checked, str(data) if data is not None else None, told)
    place = Store(Path(store) if store is not None else RUNS / checked.competition)
    return Run(Plan(checked, source, place, tuple(only) if only else None, fold), told)


def train(config: Config | str | Path | Run, budget: float | None = None, **options: Any) -> Result:
    """Trains every model on every fold, blends them and writes the submission; what is done is not redone.

    Args:
        config: what `open_run` takes, or what it returns.
        budget: seconds; the run then trains what fits, fills what is left, and always leaves a
            valid submission. None: everything, as long as it takes.
        **options: of `open_run`.

    Raises:
        ConfigError: the configuration asks for several workers, which only `make train` starts.
        DataError: the audit found what would make the score a lie, and nothing allows it.

    Example:
        >>> config = load_config("digits", ["models={least: {kind: baseline}}"])
        >>> result = train(config, store="runs/example")
        >>> result.metric, list(result.scores), result.submission.name
        ('accuracy', ['least'], 'submission.csv')
    """
    started = Clock.now()
    run = config if isinstance(config, Run) else open_run(config, **options)
    if run.config.workers > 1 or run.config.runner != "processes":
        raise ConfigError(
            "`workers` and `runner` are for make train: here everything is trained in one process."
        )
    if run.plan.only_fold is not None:
        raise ConfigError("One fold makes no submission: cross_validate says what a model's folds say.")
    return Result(run, carry_out(run, budget, started) or {})


def carry_out(
    run: Run, budget: float | None, started: float, worker: Sequence[str] = ()
) -> dict[str, Any] | None:
    """Trains while no other run of the same competition does; returns the submission's manifest.

    Args:
        run: what there is to do.
        budget: seconds from `started` for everything, or None.
        started: what the clock said when the person began to wait.
        worker: arguments of `python -m pipeline` that start a worker process.

    Returns:
        None where one fold only was trained.
    """
    with run.plan.store.exclusive(run.progress.message):
        if budget is None:
            return order.train(run, worker)
        return train_within(run, budget - (Clock.now() - started))


def cross_validate(config: Config | str | Path | Run, name: str, **options: Any) -> Predictions:
    """Trains one model on every fold, and those that it reads; returns what it says of rows it has not seen.

    Args:
        config: what `open_run` takes, or what it returns.
        name: of the model.
        **options: of `open_run`.

    Returns:
        Out-of-fold and test predictions, a score per fold, the hash of the folds.

    Raises:
        ConfigError: no such model, or one of boxes or points, which answers nothing.
        DataError: the audit found what would make the score a lie, and nothing allows it.

    Example:
        >>> config = load_config("digits", ["folds.n=3", "models={least: {kind: baseline}}"])
        >>> least = cross_validate(config, "least", store="runs/example")
        >>> least.oof.shape, len(least.fold_scores)
        ((1437, 10), 3)
    """
    run = config if isinstance(config, Run) else open_run(config, **options)
    models = run.config.models
    answering = [key for key, section in models.items() if section.answers()]
    if name not in answering:
        near = did_you_mean(name, models)
        raise ConfigError(f"No model {name!r} answers.{near} Those that do: {listing(answering)}.")
    alone = Run(replace(run.plan, only=(name,), only_fold=None), run.progress)
    with run.plan.store.exclusive(run.progress.message):
        audit_before_training(alone)
        for one in alone.plan.models:
            alone.train_model(one)
        return alone.predictions(name)


def predict(run: Run, rows: str | Path, out: str | Path) -> int:
    """Writes the ensemble's predictions for the rows of a table by the run's trained models.

    Args:
        run: whose models are trained.
        rows: a table with the columns of the test table; pictures are looked for beside it.
        out: the CSV to write.

    Returns:
        How many rows there were.

    Raises:
        ModelError: models that are not trained yet, by name.
        DataError: the table does not fit the competition.

    Example:
        >>> config = load_config("digits", ["models={least: {kind: baseline}}"])
        >>> run = train(config, store="runs/example").run
        >>> predict(run, rows="data/digits/test.csv", out="runs/example/again.csv")
        360
    """
    return predict_rows(run, Path(rows), Path(out))


def report(config: Config | str | Path | Run, **options: Any) -> Report:
    """Writes the page of a run, whole or killed, from what is saved of it; nothing is trained.

    Args:
        config: what `open_run` takes, or what it returns.
        **options: of `open_run`.

    Raises:
        ModelError: nothing of the run is there yet.

    Example:
        >>> result = train(load_config("digits", ["models={least: {kind: baseline}}"]), store="runs/example")
        >>> report(result.run).path.name
        'report.html'
    """
    asked = config if isinstance(config, Run) else open_run(config, **options)
    return Report(publish_page(reported(asked), again=True))


def _path(name: str | Path) -> Path:
    if isinstance(name, Path) or "/" in name or name.endswith((".yaml", ".yml")):
        return Path(name)
    return load.find_config(name)
