"""Five models of tables through the folds, against the libraries' own fit and predict."""

from __future__ import annotations

import importlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.generated import otto_like
from bench.plain import tables as plain
from bench.results import Value
from pipeline.config.schema import FoldsConfig
from pipeline.context import Context
from pipeline.data.encode import TableEncoder
from pipeline.data.folds import Fold, make_folds
from pipeline.data.rows import Dataset
from pipeline.data.source import open_source
from pipeline.metrics import find_metric
from pipeline.models.table import threads_for
from pipeline.registry import MODELS
from pipeline.tasks.base import Task, make_task
from pipeline.testing import dataset_of
from pipeline.validation.cross_validation import Experiment, assemble, fit_fold

THREADS = 2
FOLDS = 3
LIBRARIES = ("lightgbm", "xgboost", "sklearn.ensemble", "sklearn.linear_model")
BOOSTED = {
    "n_estimators": plain.ROUNDS,
    "early_stopping_rounds": None,
    "learning_rate": 0.1,
    "colsample_bytree": 0.8,
}
FOREST = {"n_estimators": plain.TREES, "min_samples_leaf": 1}
SETTINGS: dict[str, dict[str, Any]] = {
    "lightgbm": {**BOOSTED, "num_leaves": 31, "min_child_samples": 20},
    "xgboost": {**BOOSTED, "max_depth": 6},
    "random_forest": FOREST,
    "extra_trees": FOREST,
    "logistic": {"C": 1.0},
}
"""What the plain way states too: nothing is left to be found, so both do the same work."""


def run(quick: bool, rows: int, data: str | None) -> list[Value]:
    """Measures all five; see docs/performance.md.

    Args:
        quick: takes 300 rows.
        rows: of the generated table.
        data: folder or zip of the real otto, or None.
    """
    import pandas as pd

    numbers, label = _otto(Path(data)) if data else otto_like(300 if quick else rows)
    table = pd.DataFrame(numbers, columns=[f"count_{number}" for number in range(numbers.shape[1])])
    train = dataset_of(np.arange(len(label)).astype(str), table, target=label)
    for library in LIBRARIES:  # whoever came first would pay for the import
        importlib.import_module(library)
    pairs = {kind: compare(kind, train) for kind in SETTINGS}
    ours, bare = (sum(pair[place] for pair in pairs.values()) for place in (0, 1))
    name = "otto" if data else "a generated table like otto"
    size = f"{len(label):,} x {numbers.shape[1]}"
    what = f"{FOLDS} folds of five models, {size} of {name}: time against bare calls"
    values = [Value("tables.time", ours / bare, what)]
    for kind, (our, other, lost) in pairs.items():
        values.append(Value(f"tables.{kind}", our / other, f"{kind}: the same ({other:.1f} s bare)"))
        values.append(Value(f"tables.{kind}_lost", lost, f"{kind}: our log loss less the bare one"))
    return values


def compare(kind: str, train: Dataset) -> tuple[float, float, float]:
    """Returns our seconds, the bare seconds and how much larger our log loss is.

    Both take turns fold by fold, so that other work on the machine disturbs both alike.
    """
    task = make_task("classification", tuple(f"class {number}" for number in range(train.target.max() + 1)))
    folds, metric = make_folds(FoldsConfig(n=FOLDS), task, train.target), find_metric("log_loss")
    make = maker(kind, task)
    test = dataset_of(train.ids[:0], train.table.iloc[:0])
    experiment, context = Experiment(make, train, test, folds), Context(threads=THREADS)
    outputs, bare = [], np.zeros((len(train), task.n_outputs), np.float32)
    ours = others = 0.0
    for fold in folds:
        start = time.perf_counter()
        outputs.append((fold, fit_fold(experiment, fold, context)))
        ours += time.perf_counter() - start
        arrays = encoded(kind, train, fold)
        start = time.perf_counter()
        bare[fold.valid] = bare_call(kind, *arrays, task.n_outputs, fold.number)
        others += time.perf_counter() - start
    oof = assemble(kind, task, train, test, folds, outputs, metric).oof
    return ours, others, metric(train.target, oof) - metric(train.target, bare)


def maker(kind: str, task: Task) -> Callable[[], Any]:
    """Returns what makes our model of that kind."""
    model = MODELS.get(kind)
    config = model.Config.model_validate({"kind": kind, **SETTINGS[kind]})
    return lambda: model(config, task)


def encoded(kind: str, train: Dataset, fold: Fold) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the arrays that our model makes of the fold: training features, classes, scored features."""
    encoder = TableEncoder(MODELS.get(kind).style)
    rows = train.rows(fold.train)
    features = encoder.fit_transform(rows, np.eye(rows.target.max() + 1)[rows.target])
    return features, rows.target, encoder.transform(train.rows(fold.valid))


def bare_call(
    kind: str, train: np.ndarray, label: np.ndarray, valid: np.ndarray, classes: int, seed: int
) -> np.ndarray:
    """Returns the library's own probabilities, on as many threads as our model takes.

    On small tables that is one: two would make the bare calls slower, and our share look smaller.
    """
    from threadpoolctl import threadpool_limits

    threads = threads_for(train, Context(threads=THREADS))
    with threadpool_limits(threads):
        jobs = THREADS if SETTINGS[kind] is FOREST else threads
        return getattr(plain, kind)(train, label, valid, classes, seed, jobs)


def _otto(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import pandas as pd

    table = pd.read_csv(io.BytesIO(open_source(path, "train.csv").read("train.csv")))
    label = np.unique(table["target"], return_inverse=True)[1]
    return table.drop(columns=["id", "target"]).to_numpy(), label
