"""Predictions for new rows by the fold models that a run has trained; nothing is learned."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.cross_validation import mean_of
from pipeline.data.competition import Competition, read_rows
from pipeline.data.rows import Dataset
from pipeline.data.source import FolderSource
from pipeline.datasets import picture_channels, sees, write_views
from pipeline.ensemble.final import make_ensemble
from pipeline.errors import ModelError, listing
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
    missing = [
        f"{name} {fold.label}"
        for name in plan.models
        for fold in run.folds
        if not plan.fold(name, fold).done()
    ]
    if missing:
        raise ModelError(f"Not trained yet: {listing(missing)}. Run train first.")
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
    """Returns the mean over one model's folds and seeds: predictions, and embeddings where it has them."""
    section, plan = run.config.models[name], run.plan
    pixels = None
    if "images" in sees(section):
        path = scratch / f"{name}.npy"
        channels = picture_channels(plan, name)
        write_views(
            path, source, new.test_pictures, section, channels, run.progress.update, run.config.threads
        )
        pixels = np.load(path, mmap_mode="r")
    rows = Dataset(
        ids=new.test_ids,
        table=new.test if "table" in sees(section) else None,
        pixels=pixels,
        pixels_key=f"new-{name}",
        extras={entry: outputs[entry] for entry in section.inputs if "." in entry},
        column_kinds=run.config.data.columns,
    ).rows()
    context = Context(threads=run.config.threads, report=run.progress.update)
    kind = MODELS.get(section.kind)
    predictions: list[np.ndarray] = []
    embeddings: list[np.ndarray] = []
    run.progress.begin(f"{name} on new rows", 0, 1)
    for fold in run.folds:
        for index in range(section.seeds):
            model = kind(section, run.competition.task).load(
                plan.fold(name, fold).path / "model" / f"seed{index}"
            )
            predictions.append(model.predict(rows, context))
            if any(f"{name}.embedding" in other.inputs for other in run.config.models.values()):
                embeddings.append(model.embed(rows, context))
    run.progress.end("")
    result = {f"{name}.prediction": mean_of(predictions)}
    if embeddings:
        result[f"{name}.embedding"] = mean_of(embeddings)
    return result
