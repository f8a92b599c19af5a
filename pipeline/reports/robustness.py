"""Robustness: what a model says of disturbed pictures or tables that it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.ensemble.resampling import bootstrap_scores
from pipeline.inputs.base import Input, entries_of, opened
from pipeline.inputs.images.images import ImagesInput
from pipeline.inputs.images.part import Pictures
from pipeline.inputs.table import TableInput
from pipeline.metrics import Metric
from pipeline.models.base import Context
from pipeline.models.table import TableModel
from pipeline.networks.inference import batch_size
from pipeline.registry import MODELS
from pipeline.reports.disturbances import DISTURBANCES
from pipeline.reports.disturbed_tables import TABLE_DISTURBANCES, deviations
from pipeline.reports.material import Material
from pipeline.reports.readable import readable
from pipeline.reports.trained import Trained
from pipeline.run.run import Run
from pipeline.validation import cross_validation

VERSION = 1  # raise it when the same networks would be measured in another way
MOST_ROWS, MOST_FOLDS, MOST_NETWORKS = 500, 5, 3
LEAST = 10  # rows, below which a score says nothing
PATIENCE = 3.0  # times the seconds, after which a network is too slow to be asked
REPLICATES = 200
WAYS = [(one, strength) for one in DISTURBANCES for strength in one.strengths]
TABLE_WAYS = [(one, strength) for one in TABLE_DISTURBANCES for strength in one.strengths]
TABLE_ROWS = 128  # of a table, in one go


@dataclass(frozen=True)
class Disturbed:
    """Cost of one disturbance.

    Attributes:
        name: of the disturbance.
        strength: as a person reads it.
        score: of the disturbed rows.
        error: standard error of its distance from the score of the rows as they are, by a paired
            bootstrap of rows.
    """

    name: str
    strength: str
    score: float
    error: float


@dataclass(frozen=True)
class Robustness:
    """Robustness of a model.

    Attributes:
        score: of the rows as they are.
        rows: how many there were.
        folds: whose models were asked.
        seconds: of CPU that it took.
        disturbed: in the order of `DISTURBANCES`, or of `TABLE_DISTURBANCES`.
    """

    score: float
    rows: int
    folds: int
    seconds: float
    disturbed: tuple[Disturbed, ...]

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Robustness:
        """Returns what `dataclasses.asdict` took apart."""
        return cls(**facts | {"disturbed": tuple(Disturbed(**one) for one in facts["disturbed"])})


def models_of(material: Material) -> list[str]:
    """Returns the best networks of pictures, and the best model of the table, that can be asked.

    They see one picture of a row, or its columns, and nothing of other models, and answer with one row of
    numbers.
    """
    if material.task.dense:
        return []
    known = [name for name in material.ranked if name in material.trained] or list(material.trained)
    tables = [one.name for one in readable(material, lambda kind: True) if _sees(one, TableInput)]
    return [name for name in known if _can(material.trained[name])][:MOST_NETWORKS] + tables[:1]


def folds_of(trained: Trained) -> list[Fold]:
    """Returns the folds whose rows are looked at, without their rows."""
    return [fold for fold in trained.done if fold.scored and not fold.repeat][:MOST_FOLDS]


def robustness(trained: Trained, metric: Metric, seconds: float) -> Robustness | None:
    """Measures a model; None where too few rows are there, or done in `PATIENCE` times the seconds.

    Args:
        trained: fits of one of `models_of`; the first seed of each fold is asked.
        metric: of the competition.
        seconds: of CPU for all folds, without what the first look takes to load libraries and build the
            network; `LEAST` rows may take longer.
    """
    run, begun = trained.run, time.process_time()  # of this process: a busy machine changes nothing
    data, folds = trained.run.sides(trained.name).train, folds_of(trained)
    seen, said, ready, taken = [np.zeros(0, int)], [], 0.0, 0.0
    for number, fold in enumerate(folds, start=1):
        for part, answers in _of_fold(trained, fold, data, MOST_ROWS // len(folds)):
            seen.append(part)
            said.append(answers)
            ready = ready or time.process_time()
            taken, share = time.process_time() - ready, number / len(folds)
            enough = sum(map(len, seen)) >= LEAST * share and taken >= seconds * share
            if enough or taken >= PATIENCE * seconds:
                break
        if taken >= seconds * (1.0 if sum(map(len, seen)) >= LEAST else PATIENCE):
            break
    rows = np.concatenate(seen)
    if len(rows) < LEAST:
        return None
    answers, target = np.concatenate(said, axis=1), run.competition.target
    scores = [cross_validation.score(metric, target, rows, one) for one in answers]
    draws = bootstrap_scores(metric, target[rows], list(answers), replicates=REPLICATES)
    errors = np.nanstd(draws[:, 1:] - draws[:, :1], axis=0).tolist()
    ways = TABLE_WAYS if _tabled(trained) else WAYS
    found = tuple(
        Disturbed(one.name, one.said(strength), float(score), float(error))
        for (one, strength), score, error in zip(ways, scores[1:], errors, strict=True)
    )
    return Robustness(float(scores[0]), len(rows), number, time.process_time() - begun, found)


def _can(trained: Trained) -> bool:
    kind, section = MODELS.get(trained.section.kind), trained.section
    alone = len(entries_of(section)) == 1 and _sees(trained, ImagesInput)
    return hasattr(kind, "slope_signs") and section.answers() and alone and bool(folds_of(trained))


def _sees(trained: Trained, kind: type[Input]) -> bool:
    return any(isinstance(one, kind) for one in opened(trained.section).values())


def _part(data: Dataset, attribute: str) -> tuple[str, Any]:
    """Returns name and content of the part of the rows that has an attribute."""
    return next((name, part) for name, part in data.parts.items() if hasattr(part, attribute))


def _of_fold(
    trained: Trained, fold: Fold, data: Dataset, most: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields rows that a fold's model was not trained on, and what it says of them in every way.

    Yields:
        int (n,), and float32 (1 + ways, n, outputs): the rows as they are first.
    """
    run: Run = trained.run
    random = np.random.default_rng([run.config.seed, fold.number])
    rows = random.permutation(run.folds.with_rows(fold).valid)[:most]
    model, context = trained.model(fold), Context(threads=run.config.threads)
    if _tabled(trained):
        spread = deviations(_part(data, "features")[1].frame, run.folds.with_rows(fold).train)
        for start in range(0, len(rows), TABLE_ROWS):
            part = rows[start : start + TABLE_ROWS]
            tables = _tables(data, part, random, spread)
            yield part, np.stack([model.predict(one.rows(part), context) for one in tables])
        return
    entry, seen = _part(data, "pixels")
    step = max(1, batch_size(seen.shape) // (1 + len(WAYS)))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        pictures = seen.take(part)
        slopes = model.slope_signs(data.rows(part), context)
        shown = [pictures, *(one.change(pictures, by, random, slopes) for one, by in WAYS)]
        ids = np.tile(data.ids[part], len(shown))
        found = Dataset(ids, {entry: Pictures(np.concatenate(shown))})  # without a key: nothing of it is kept
        answers = model.predict(found.rows(), context)
        yield part, answers.reshape(len(shown), len(part), -1)


def _tables(
    data: Dataset, rows: np.ndarray, random: np.random.Generator, spread: dict[str, float]
) -> Iterator[Dataset]:
    """Yields the data as they are, and with some rows of the table disturbed in every way."""
    yield data
    entry, table = _part(data, "features")
    some = table.frame.iloc[rows]
    for one, strength in TABLE_WAYS:
        changed = one.change(some, strength, random, spread)
        frame = table.frame.copy(deep=False)
        for name in frame.columns:
            values = frame[name].copy()
            if values.dtype.kind in "iu":  # whole numbers have no room for an empty cell
                values = values.astype("float64")
            values.iloc[rows] = changed[name].to_numpy()
            frame[name] = values
        yield replace(data, parts={**data.parts, entry: replace(table, frame=frame)})


def _tabled(trained: Trained) -> bool:
    return issubclass(MODELS.get(trained.section.kind), TableModel)
