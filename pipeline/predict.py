"""Predictions for new rows by the fold models that a run has trained; nothing is learned."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline import chain
from pipeline.cross_validation import mean_of
from pipeline.data.competition import Competition
from pipeline.data.folds import Fold
from pipeline.data.intensity import read_intensity
from pipeline.data.new_rows import read_rows
from pipeline.data.rows import Dataset
from pipeline.data.source import FolderSource
from pipeline.datasets import picture_channels, sees, write_views
from pipeline.ensemble.final import make_ensemble
from pipeline.models.base import Context
from pipeline.registry import MODELS
from pipeline.run import Run


def predict(run: Run, table: Path, out: Path) -> int:
    """Writes a CSV of the ensemble's predictions for the rows of a table.

    The test rows of every member are replaced by the new ones, and the members are blended as
    they were for the submission.

    Args:
        run: a run whose models are trained.
        table: a table with the columns of the test table; pictures are looked for beside it.
        out: the CSV to write: the id and one column per output.

    Returns:
        How many rows there were.

    Raises:
        ModelError: models that are not trained yet, by name.
        DataError: the table does not fit the competition.
    """
    plan, competition = run.plan, run.competition
    run.refuse_untrained()
    source = FolderSource(table.parent)
    new = read_rows(source, table.name, run.config, competition)
    outputs: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in plan.models:
            outputs |= _predict_model(run, name, new, outputs, source, Path(folder))
    members = [
        replace(
            run.predictions(name), test=mean_of(list(outputs[f"{name}.prediction"])), test_ids=new.test_ids
        )
        for name in plan.members
    ]
    made = make_ensemble(
        members,
        competition.target,
        run.metric(),
        run.folds.assignment[0],
        run.config.ensemble,
        run.config.seed,
    )
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([competition.id, *competition.task.outputs])
        for key, row in zip(new.test_ids, made.test, strict=True):
            writer.writerow([key, *(f"{value:.6g}" for value in row)])
        prior = [f"{value:.6g}" for value in competition.prior()]
        writer.writerows([key, *prior] for key in new.by_prior)
    for line in new.lines():
        run.progress.message(line)
    return len(new.test_ids) + len(new.by_prior)


def _predict_model(
    run: Run,
    name: str,
    new: Competition,
    outputs: dict[str, np.ndarray],
    source: FolderSource,
    scratch: Path,
) -> dict[str, np.ndarray]:
    """Returns what one model says of the new rows, by what others may read of it.

    NAME.prediction and, where it is read, NAME.embedding: (folds, rows, columns), mean over the seeds,
    for a reader's fold reads the fit of the same fold. NAME.coordinates where it finds boxes or points:
    (rows, columns) in source pixels, mean over the folds.
    """
    section, plan = run.config.models[name], run.plan
    pixels, views = None, None
    if "images" in sees(section):
        path, channels = scratch / f"{name}.npy", picture_channels(plan, name)
        found = next((outputs[f"{other}.coordinates"] for other in section.views()), None)
        report, threads = run.progress.update, run.config.threads
        intensity = read_intensity(plan.pixels(name).path)
        views, fallen = write_views(
            path, source, new.test_pictures, section, channels, report, threads, found, intensity
        )
        pixels = np.load(path, mmap_mode="r")
        for line in chain.fallback_lines(plan, name, {"new": fallen}):
            run.progress.message(line)
    rows = Dataset(
        ids=new.test_ids,
        table=new.test if "table" in sees(section) else None,
        pixels=pixels,
        pixels_key=f"new-{name}",
        column_kinds=new.kinds,
        features=plan.config.features,
    )
    embedded = any(f"{name}.embedding" in other.inputs for other in run.config.models.values())
    found_by_fold: dict[str, list[np.ndarray]] = {"prediction": [], "embedding": []}
    run.progress.begin(f"{name} on new rows", 0, 1)
    for number, fold in enumerate(run.folds):
        extras = {entry: outputs[entry][number] for entry in section.inputs if "." in entry}
        said = _predict_fold(run, name, fold, replace(rows, extras=extras), embedded)
        for part, values in said.items():
            found_by_fold[part].append(values)
    run.progress.end("")
    result = {f"{name}.{part}": np.stack(values) for part, values in found_by_fold.items() if values}
    if views and not section.answers():
        fractions = mean_of(result[f"{name}.prediction"])
        result[f"{name}.coordinates"] = chain.to_source(fractions, views, chain.finds_boxes(section))
    return result


def _predict_fold(run: Run, name: str, fold: Fold, rows: Dataset, embedded: bool) -> dict[str, np.ndarray]:
    """Returns one fold's prediction and, where it is asked for, its embedding: means over the seeds."""
    section = run.config.models[name]
    context = Context(threads=run.config.threads, report=run.progress.update)
    kind, task = MODELS.get(section.kind), chain.task_of(run.plan, run.competition, name)
    said: dict[str, list[np.ndarray]] = {"prediction": [], "embedding": []}
    for index in range(section.seeds):
        model = kind(section, task).load(run.plan.fold(name, fold).path / "model" / f"seed{index}")
        said["prediction"].append(model.predict(rows.rows(), context))
        if embedded:
            said["embedding"].append(model.embed(rows.rows(), context))
    return {part: mean_of(values) for part, values in said.items() if values}
