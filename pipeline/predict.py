"""Predictions for new rows by the fold models that a run has trained; nothing is learned."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline import chain
from pipeline.cross_validation import mean_of
from pipeline.data.competition import Competition, read_rows
from pipeline.data.rows import Dataset
from pipeline.data.source import FolderSource
from pipeline.datasets import declared_kinds, picture_channels, sees, write_views
from pipeline.ensemble.final import make_ensemble
from pipeline.metrics import find_metric
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
        replace(run.predictions(name), test=outputs[f"{name}.prediction"], test_ids=new.test_ids)
        for name in plan.members
    ]
    made = make_ensemble(
        members,
        competition.target,
        find_metric(run.config.metric),
        run.folds.assignment[0],
        run.config.ensemble,
        run.config.seed,
    )
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([competition.id, *competition.task.outputs])
        for key, row in zip(new.test_ids, made.test, strict=True):
            writer.writerow([key, *(f"{value:.6g}" for value in row)])
    return len(new.test_ids)


def _predict_model(
    run: Run,
    name: str,
    new: Competition,
    outputs: dict[str, np.ndarray],
    source: FolderSource,
    scratch: Path,
) -> dict[str, np.ndarray]:
    """Returns the mean over one model's folds and seeds, by what others may read of it.

    NAME.prediction; NAME.embedding where it is read; NAME.coordinates in source pixels where it
    finds boxes or points.
    """
    section, plan = run.config.models[name], run.plan
    pixels, views = None, None
    if "images" in sees(section):
        path, channels = scratch / f"{name}.npy", picture_channels(plan, name)
        found = [outputs[f"{other}.coordinates"] for other in section.views()]
        report, threads = run.progress.update, run.config.threads
        views, fallen = write_views(
            path, source, new.test_pictures, section, channels, report, threads, *found
        )
        pixels = np.load(path, mmap_mode="r")
        for line in chain.fallback_lines(plan, name, {"new": fallen}):
            run.progress.message(line)
    rows = Dataset(
        ids=new.test_ids,
        table=new.test if "table" in sees(section) else None,
        pixels=pixels,
        pixels_key=f"new-{name}",
        extras={entry: outputs[entry] for entry in section.inputs if "." in entry},
        column_kinds=declared_kinds(plan, new.test),
        features=plan.config.features,
    ).rows()
    context = Context(threads=run.config.threads, report=run.progress.update)
    kind, task = MODELS.get(section.kind), chain.task_of(plan, run.competition, name)
    predictions: list[np.ndarray] = []
    embeddings: list[np.ndarray] = []
    run.progress.begin(f"{name} on new rows", 0, 1)
    for fold in run.folds:
        for index in range(section.seeds):
            model = kind(section, task).load(plan.fold(name, fold).path / "model" / f"seed{index}")
            predictions.append(model.predict(rows, context))
            if any(f"{name}.embedding" in other.inputs for other in run.config.models.values()):
                embeddings.append(model.embed(rows, context))
    run.progress.end("")
    result = {f"{name}.prediction": mean_of(predictions)}
    if views and not section.answers():
        fractions = result[f"{name}.prediction"]
        result[f"{name}.coordinates"] = chain.to_source(fractions, views, chain.finds_boxes(section))
    if embeddings:
        result[f"{name}.embedding"] = mean_of(embeddings)
    return result
