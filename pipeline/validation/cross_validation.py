"""Cross-validation: a model factory and folds become out-of-fold and test predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import dense
from pipeline.data.folds import WHOLE, Fold, Folds
from pipeline.data.rows import Dataset, Rows
from pipeline.errors import ModelError
from pipeline.metrics import Metric
from pipeline.models.base import Context, Model
from pipeline.store import digest
from pipeline.tasks.base import Task
from pipeline.tasks.box_array import BOX, is_boxes
from pipeline.validation.fold_output import FoldOutput
from pipeline.validation.predictions import Predictions
from pipeline.validation.split import rows_of_fit, split_warning


@dataclass(frozen=True)
class Experiment:
    """Model, rows and folds that all fits of one model share.

    Attributes:
        make: returns a new, unfitted model at every call.
        train: all training rows.
        test: all test rows.
        folds: the splits.
        splitter: (rows,) groups or times, obeyed by inner splits too; or None.
        seed: of the whole run.
        seeds: fits per fold, averaged.
        validate_on: "inner" or "fold": what early stopping may look at.
        pseudo: test rows that every fit learns from too, with labels of this fold's making, or None.
        answers: whether nested fits answer for the test rows too, which others read then.
    """

    make: Callable[[], Model]
    train: Dataset
    test: Dataset
    folds: Folds
    splitter: np.ndarray | None = None
    seed: int = 0
    seeds: int = 1
    validate_on: str = "inner"
    pseudo: Rows | None = None
    answers: bool = False

    def predicts_test(self, fold: Fold) -> bool:
        """Says whether a fit is asked for the test rows."""
        return self.answers or self.folds.answers(fold)


def fit_fold(experiment: Experiment, fold: Fold, context: Context, save_to: Path | None = None) -> FoldOutput:
    """Fits one fold's models, one per seed, and predicts the rows that they did not learn from.

    Args:
        experiment: model, rows and folds.
        fold: the split.
        context: reporting, caches, checkpoint and threads; its seed is replaced.
        save_to: a folder that receives `seed0`, `seed1`, ..., or None to keep no model.

    Raises:
        ModelError: the fit failed or predicted something that is no number; names the fold.
    """
    started = time.monotonic()
    outputs: list[tuple[np.ndarray, ...]] = []
    notes: dict[str, Any] = {}
    for index in range(experiment.seeds):
        model = experiment.make()
        inner_context = _seed_context(experiment, fold, index, context)
        train, inner = rows_of_fit(experiment, fold, model, inner_context.seed)
        model.fit(train, inner, inner_context)
        outputs.append(_predict(experiment, fold, model.predict, inner_context))
        notes.update(model.notes())
        if save_to is not None:
            folder = save_to / f"seed{index}"
            folder.mkdir(parents=True)
            model.save(folder)
    if experiment.pseudo is not None:
        notes["pseudo"] = len(experiment.pseudo)
    if model.wants_inner_split and (warning := split_warning(experiment, fold)):
        notes["warnings"] = [*notes.get("warnings", ()), warning]
    mean = [mean_of(parts) for parts in zip(*outputs, strict=True)]
    for side, values in zip(("scored rows", "pinned rows", "test rows"), mean, strict=True):
        if rows := int((~dense.finite_rows(values)).sum()):
            raise ModelError(f"{fold.label}: predictions for {rows} {side} are no numbers.")
    return FoldOutput(mean[0], mean[1], mean[2], time.monotonic() - started, notes)


def embed_fold(
    experiment: Experiment, fold: Fold, folder: Path, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """Returns what the saved models of a fold represent the rows by, mean over the seeds.

    Returns:
        float32 (rows, width) of all training rows, and of the test rows: none for a nested fit.
    """
    train: list[np.ndarray] = []
    test: list[np.ndarray] = []
    for index in range(experiment.seeds):
        model = experiment.make().load(folder / f"seed{index}")
        train.append(model.embed(experiment.train.rows(), context))
        test.append(
            model.embed(experiment.test.rows(), context) if experiment.predicts_test(fold) else train[-1][:0]
        )
    return mean_of(train), mean_of(test)


def assemble(
    name: str,
    task: Task,
    train: Dataset,
    test: Dataset,
    folds: Folds,
    outputs: Iterable[tuple[Fold, FoldOutput]],
    metric: Metric,
) -> Predictions:
    """Puts the folds' outputs together in the order of the tables.

    A row scored in several repeats gets the mean.
    """
    outputs = list(outputs)
    scores, seconds, notes = [], 0.0, {}
    for fold, output in outputs:
        if fold.scored:
            scores.append(score(metric, train.target, fold.valid, output.valid))
        seconds += output.seconds
        notes[fold.label] = output.notes
    return Predictions(
        name=name,
        task=task,
        oof=_pooled(len(train), outputs),
        test=_answer(outputs),
        ids=train.ids,
        test_ids=test.ids,
        folds_hash=folds.hash,
        fold_scores=tuple(scores),
        seconds=seconds,
        notes=notes,
    )


def _answer(outputs: Sequence[tuple[Fold, FoldOutput]]) -> np.ndarray:
    """Returns float32 (test rows, outputs): what the fit on all rows says; without one, the fits' mean."""
    whole = [output.test for fold, output in outputs if fold.number == WHOLE]
    return mean_of(whole or [output.test for _, output in outputs])


def _pooled(rows: int, outputs: Sequence[tuple[Fold, FoldOutput]]) -> np.ndarray:
    """Returns float32 (rows, outputs): the mean over the repeats, NaN where no fold scores the row."""
    first = outputs[0][1].valid
    if dense.is_dense(first):
        return _pooled_pictures(rows, outputs)
    total = np.zeros((rows, first.shape[1]))
    count = np.zeros((rows, 1))
    for fold, output in outputs:
        total[fold.valid] += output.valid
        count[fold.valid] += 1
    return (total / np.where(count, count, np.nan)).astype(np.float32)


def _pooled_pictures(rows: int, outputs: Sequence[tuple[Fold, FoldOutput]]) -> np.ndarray:
    """Does what `_pooled` does where a row is a picture, or holds boxes."""
    if is_boxes(outputs[0][1].valid):
        return _pooled_boxes(rows, outputs)
    found = dense.room((rows, outputs[0][1].valid.shape[1]), np.nan)
    times = np.zeros(rows, np.int64)
    for fold, output in outputs:
        for place, row in enumerate(fold.valid.tolist()):
            before = found[row].astype(np.float32) if times[row] else np.float32(0.0)
            found[row] = (before * times[row] + output.valid[place]) / (times[row] + 1)
            times[row] += 1
    return found


def _pooled_boxes(rows: int, outputs: Sequence[tuple[Fold, FoldOutput]]) -> np.ndarray:
    said: list[list[np.ndarray]] = [[] for _ in range(rows)]
    for fold, output in outputs:
        for row, boxes in zip(fold.valid.tolist(), output.valid, strict=True):
            said[row].append(boxes[None])
    found = np.full((rows, outputs[0][1].valid.shape[1]), np.nan, BOX)
    for row, several in enumerate(said):
        if several:
            found[row] = dense.mean(several)[0]
    return found


def pooled_score(
    metric: Metric, target: np.ndarray | None, outputs: Sequence[tuple[Fold, FoldOutput]]
) -> float:
    """Returns the metric over all rows that these folds score, taken together: what a run's table says."""
    if target is None:
        raise ValueError("These rows have no target.")
    oof = _pooled(len(target), outputs)
    scored = np.flatnonzero(dense.finite_rows(oof))
    return score(metric, target, scored, dense.some(oof, scored))


def out_of_fold(
    rows: int, folds: Folds, outputs: Iterable[tuple[Fold, FoldOutput]]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns one model's outputs for all rows: training rows out-of-fold, test rows the mean.

    The rows that no fold scores get the mean over models that have seen them: they are the only
    row of their class, or the first in time, and the model that reads them has no better value.

    Returns:
        float32 (rows, columns) and float32 (test rows, columns).
    """
    pairs = list(outputs)
    columns = pairs[0][1].valid.shape[1]
    total, count = np.zeros((rows, columns)), np.zeros((rows, 1))
    for fold, output in pairs:
        total[fold.valid] += output.valid
        count[fold.valid] += 1
    if len(folds.pinned):
        total[folds.pinned] = np.sum([output.pinned for _, output in pairs], axis=0)
        count[folds.pinned] = len(pairs)
    return (total / count).astype(np.float32), _answer(pairs)


def score(metric: Metric, target: np.ndarray | None, rows: np.ndarray, predicted: np.ndarray) -> float:
    """Returns the metric over the rows that have a target (annotations may lack some); NaN for none."""
    if target is None:
        raise ValueError("These rows have no target.")
    truth = target[rows]
    known = np.isfinite(truth) if truth.ndim == 1 else np.isfinite(truth).all(axis=1)
    return metric(truth[known], dense.some(predicted, known)) if known.any() else float("nan")


def cross_validate(
    experiment: Experiment, name: str, task: Task, metric: Metric, context: Context
) -> Predictions:
    """Fits every fold in turn, in memory, and returns the predictions: what a search calls."""
    folds = [
        *experiment.folds,
        *([experiment.folds.with_rows(Fold(0, WHOLE))] if experiment.folds.ordered else []),
    ]
    outputs = [(fold, fit_fold(experiment, fold, context)) for fold in folds]
    return assemble(name, task, experiment.train, experiment.test, experiment.folds, outputs, metric)


def _seed_context(experiment: Experiment, fold: Fold, index: int, context: Context) -> Context:
    """Gives every fold and seed a seed of its own, whatever order they run in."""
    words = digest([experiment.seed, fold.repeat, *fold.left_out, index])
    checkpoint = context.checkpoint / f"seed{index}" if context.checkpoint else None
    share = 1 / experiment.seeds

    def report(fraction: float, text: str) -> None:
        prefix = f"seed {index + 1}/{experiment.seeds} " if experiment.seeds > 1 else ""
        context.report((index + fraction) * share, prefix + text)

    return replace(context, seed=int(words[:7], 16), checkpoint=checkpoint, report=report)


def _predict(
    experiment: Experiment, fold: Fold, predict: Callable, context: Context
) -> tuple[np.ndarray, ...]:
    """Returns the outputs for scored, pinned and test rows. An empty side keeps its columns.

    Where nobody asks for the test rows they are none.
    """
    test = experiment.test.rows()
    sides = [
        experiment.train.rows(fold.valid),
        experiment.train.rows(experiment.folds.pinned),
        test if experiment.predicts_test(fold) else test.take(np.arange(0)),
    ]
    found = [predict(rows, context) if len(rows) else None for rows in sides]
    seen = next(side for side in found if side is not None)
    empty = np.zeros((0, seen.shape[1]), seen.dtype)
    said = [empty if side is None else side for side in found]
    return tuple(side if dense.is_dense(side) else np.asarray(side, np.float32) for side in said)


def mean_of(parts: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Returns the float32 mean of arrays over the first axis, added up in float64 whatever their number.

    Pictures stay float16.
    """
    if dense.is_dense(parts[0]):
        return dense.mean(list(parts))
    return np.asarray(np.mean(parts, axis=0, dtype=np.float64), np.float32)
