"""Predictions for new rows by the fold models that a run has trained; nothing is learned."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.competition import Competition
from pipeline.data.folds import Fold
from pipeline.data.many_rows import spread
from pipeline.data.new_rows import read_rows
from pipeline.data.rows import Dataset
from pipeline.data.source import FolderSource
from pipeline.data.submission import with_prior, with_unknown, write_pixels
from pipeline.ensemble.fitted import FittedEnsemble, HandedIn
from pipeline.errors import ModelError, listing
from pipeline.inputs.base import Workshop, opened
from pipeline.inputs.outputs import Values
from pipeline.models.base import Context
from pipeline.networks.config import finds_boxes
from pipeline.registry import MODELS
from pipeline.run.coordinates import to_source
from pipeline.run.run import Run
from pipeline.stages.members import own_members
from pipeline.stages.submission import fitted_ensemble, own_ensemble
from pipeline.tasks.answer import number_text
from pipeline.validation.cross_validation import mean_of

Said = Mapping[str, Mapping[str, np.ndarray]]  # by model, by what others may read of it


@dataclass(frozen=True)
class NewRows:
    """Rows of a new table in the place of the test rows, the files beside it, and room for more."""

    competition: Competition
    source: FolderSource
    scratch: Path


def predict(run: Run, table: Path, out: Path) -> int:
    """Writes a CSV of the ensemble's predictions for the rows of a table.

    The ensemble is the one that the submission was made with, saved with it and applied again: rows
    of the test table get the submission's values. Members from outside have no model here: their
    rows are looked up by id in their file of test predictions.

    Args:
        run: a run whose models are trained.
        table: a table with the columns of the test table; pictures are looked for beside it.
        out: the CSV to write: the id, one column per output, and the class that would be submitted
            where the competition asks for it.

    Returns:
        How many rows there were.

    Raises:
        ModelError: models that are not trained yet, by name; rows that an outside member lacks.
        DataError: the table does not fit the competition.
    """
    plan, competition = run.plan, run.competition
    run.refuse_untrained()
    source = FolderSource(table.parent)
    new = read_rows(source, table.name, run.config, competition, run.plan.source)
    _warn_of_another_blend(run)
    ensemble = fitted_ensemble(run)
    members = _outside_rows(run, ensemble, new.test_ids)
    said: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in plan.models:
            said[name] = _predict_model(run, name, NewRows(new, source, Path(folder)), said)
    members |= {name: mean_of(said[name]["prediction"]) for name in plan.members}
    ids = np.array([*new.test_ids, *new.by_prior])
    handed = ensemble.apply(members)
    _write(new, ids, HandedIn(*with_prior(new, handed.values, handed.labels)), out)
    for line in new.lines():
        run.progress.message(line)
    return len(ids)


def cut_to_time(run: Run) -> list[str]:
    """Returns the overrides by which a configuration is that of a submission that a budget cut to its time.

    None where the configuration's own models are trained, or where no budget made the submission.
    """
    path = run.plan.store.root / "submission.json"
    if not path.exists() or run.trained():
        return []
    facts = json.loads(path.read_text(encoding="utf-8"))["config"]
    own = {name: section.model_dump(mode="json") for name, section in run.config.models.items()}
    cut = [
        name
        for name, section in facts["models"].items()
        if {**section, "max_seconds": None} == {**own.get(name, {}), "max_seconds": None}
        and section.get("max_seconds") is not None
    ]
    if not any(own[name].get("max_seconds") is None for name in cut):
        return []
    return [f"{key}={json.dumps(facts[key])}" for key in ("models", "folds", "ensemble")]


def _warn_of_another_blend(run: Run) -> None:
    """Says where the submission that lies there was made of other members than this configuration's."""
    path = run.plan.store.root / "submission.json"
    if path.exists():
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["ensemble"]["folder"] != str(own_ensemble(run).path.relative_to(run.plan.store.root)):
            run.progress.warning(
                f"{path.with_suffix('.csv')} was made with another configuration or other members: rows are "
                "predicted by this configuration's own ensemble."
            )


def _outside_rows(run: Run, ensemble: FittedEnsemble, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the new rows' predictions of the outside members that the ensemble needs.

    Raises:
        ModelError: rows that a member's file lacks, by id.
    """
    needed = set(ensemble.needs) & set(run.config.ensemble.outside)
    found = {}
    for member in own_members(run):
        if member.name in needed:
            known = member.load()
            line = {key: number for number, key in enumerate(known.test_ids)}
            lacking = [key for key in ids if key not in line]
            if lacking:
                raise ModelError(
                    f"The ensemble needs `ensemble.outside.{member.name}`, which has no model here, and its "
                    f"file has no line for {len(lacking)} of the {len(ids)} rows: {listing(lacking)}. "
                    "Predict rows of the test table, or blend without it: `--set ensemble.outside={}`."
                )
            found[member.name] = known.test[[line[key] for key in ids]]
    return found


def _write(competition: Competition, ids: np.ndarray, handed: HandedIn, out: Path) -> None:
    """Writes values as a submission holds them: in their range, with every digit that they have."""
    task, answer = competition.task, competition.answer
    if task.dense:
        _write_pictures(competition, ids, handed, out)
        return
    header, chosen = [competition.id, *task.outputs], None
    if answer.kind == "label" and (task.exclusive or not answer.outputs):
        label = answer.columns[0] if len(answer.columns) == 1 else "label"
        cells = task.cells(replace(answer, outputs=()), handed.values, handed.labels, None)
        header, chosen = [*header, label], [row[0] for row in cells]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row, (key, values) in enumerate(zip(ids, answer.held(handed.values), strict=True)):
            names = [] if chosen is None else [chosen[row]]
            writer.writerow([key, *map(number_text, values), *names])


def _write_pictures(competition: Competition, ids: np.ndarray, handed: HandedIn, out: Path) -> None:
    """Writes answers that are pictures as a submission does: in cells, or a row for each pixel."""
    answer, sizes = competition.answer, with_unknown(competition)
    if competition.pixel_rows is not None and sizes is not None:
        known = np.flatnonzero(sizes.prod(axis=1) > 0)  # nobody knows how many pixels the others have
        asked = competition.pixel_rows.of_pictures(ids[known].tolist(), sizes[known])
        write_pixels(competition, handed.values, out, asked=asked)
        return
    cells = competition.task.cells(answer, handed.values, handed.labels, None, sizes)
    columns = [ids.tolist(), *zip(*cells, strict=True)]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([competition.id, *answer.columns])
        writer.writerows(spread(columns, range(1, len(columns))))


def _predict_model(run: Run, name: str, new: NewRows, said: Said) -> dict[str, np.ndarray]:
    """Returns what one model says of the new rows, by what others may read of it.

    "prediction" and, where it is read, "embedding": (folds, rows, columns), mean over the seeds, for a
    reader's fold reads the fit of the same fold. "coordinates" where it finds boxes or points: (rows,
    columns) in source pixels, mean over the folds.
    """
    section, reads = run.config.models[name], run.plan.reads(name)
    parts = _open_new(run, name, new, said)
    others = [read for read in reads if read.part in ("prediction", "embedding")]
    embedded = any(
        (read.name, read.part) == (name, "embedding")
        for other in run.config.models
        for read in run.plan.reads(other)
    )
    found_by_fold: dict[str, list[np.ndarray]] = {"prediction": [], "embedding": []}
    run.progress.begin(f"{name} on new rows", 0, 1)
    for number, fold in enumerate(run.plan.answering):
        of_fold = {read.entry: Values(said[read.name][read.part][number]) for read in others}
        rows = Dataset(new.competition.test_ids, {**parts, **of_fold})
        for part, values in _predict_fold(run, name, fold, rows, embedded).items():
            found_by_fold[part].append(values)
    run.progress.end("")
    result = {part: np.stack(values) for part, values in found_by_fold.items() if values}
    if not section.answers():
        views = parts["images"].views
        result["coordinates"] = to_source(mean_of(result["prediction"]), views, finds_boxes(section))
    return result


def _open_new(run: Run, name: str, new: NewRows, said: Said) -> dict[str, Any]:
    """Returns what a model's inputs hold of the new rows, by entry."""
    folders = {entry: run.made(product) for entry, product in run.input_products(name).items()}
    parts = {}
    for entry, one in opened(run.config.models[name]).items():
        files = one.files(run.config, run.config.models[name])
        found = {}
        for read in files.reads if files else ():
            found["test"] = said[read.name][read.part]
        shop = Workshop(run.config, name, new.competition, new.source, run.progress, found)
        scratch = new.scratch / name / entry
        scratch.mkdir(parents=True)
        parts[entry] = one.open_new(shop, folders.get(entry), scratch)
    return parts


def _predict_fold(run: Run, name: str, fold: Fold, rows: Dataset, embedded: bool) -> dict[str, np.ndarray]:
    """Returns one fold's prediction and, where it is asked for, its embedding: means over the seeds."""
    section = run.config.models[name]
    context = Context(threads=run.config.threads, report=run.progress.update)
    kind, task = MODELS.get(section.kind), run.task_of(name)
    said: dict[str, list[np.ndarray]] = {"prediction": [], "embedding": []}
    for index in range(section.seeds):
        model = kind(section, task).load(run.fit_product(name, fold).path / "model" / f"seed{index}")
        said["prediction"].append(model.predict(rows.rows(), context))
        if embedded:
            said["embedding"].append(model.embed(rows.rows(), context))
    return {part: mean_of(values) for part, values in said.items() if values}
