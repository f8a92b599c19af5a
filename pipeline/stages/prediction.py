"""Predictions for new rows by the fold models that a run has trained; nothing is learned."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.schema import Config
from pipeline.data.competition import Competition
from pipeline.data.file_pattern import FilePattern
from pipeline.data.many_rows import spread
from pipeline.data.new_rows import read_rows
from pipeline.data.pixel_rows import PixelRows
from pipeline.data.source import FolderSource, Source
from pipeline.data.submission import class_lines, with_prior, with_unknown, write_pixels
from pipeline.ensemble.fitted import HandedIn
from pipeline.errors import DataError, listing
from pipeline.registry import MODELS
from pipeline.run.run import Run
from pipeline.stages.answers import Answered, answers
from pipeline.stages.blend import blend_of
from pipeline.stages.submission import trained_sections
from pipeline.store import replaced
from pipeline.tasks.answer import number_text


def predict(run: Run, table: Path, out: Path) -> int:
    """Writes a CSV of the ensemble's predictions for the rows of a table.

    The ensemble is the one that the submission was made with, saved with it and applied again: rows
    of the test table get the submission's values. Members from outside have no model here: their
    rows are looked up by id in their file of test predictions.

    Args:
        run: a run whose models are trained.
        table: a table with the columns of the test table; pictures are looked for beside it. Or a folder
            of pictures, a row each.
        out: the CSV to write: the id, one column per output, and the class that would be submitted
            where the competition asks for it.

    Returns:
        How many rows there were.

    Raises:
        ModelError: models that are not trained yet, by name; rows that an outside member lacks.
        DataError: the table does not fit the competition.
    """
    run.refuse_untrained()
    source = FolderSource(table if table.is_dir() else table.parent)
    config, name = pictures_of(run.config, source) if table.is_dir() else (run.config, table.name)
    new = read_rows(source, name, config, run.competition, run.plan.source, run.features)
    blend = blend_of(run)
    first = True
    with replaced(out) as file:
        writer = csv.writer(file, lineterminator="\n")
        for answered in answers(run, blend, new, source):
            rows = iter(_lines(answered))
            header = next(rows)
            writer.writerows([header] if first else [])
            writer.writerows(rows)
            first = False
    for line in new.lines():
        run.progress.message(line)
    return len(new.sample_ids)


def pictures_of(config: Config, source: Source) -> tuple[Config, str]:
    """Returns the configuration for a folder of pictures, and the pattern that makes rows of their names.

    They are called as test pictures are, below the same folders or without them.

    Raises:
        DataError: there are none.
    """
    pattern = config.data.test_images or config.data.images or ""
    names = source.names()
    for asked in dict.fromkeys([pattern, pattern.rpartition("/")[2]]):
        if FilePattern(asked).fields and any(FilePattern(asked).matches(names)):
            data = config.data.model_copy(update={"images": asked, "test_images": None})
            return config.model_copy(update={"data": data}), asked
    raise DataError(
        f"{source.root} holds no picture that is called as `data.images` says ({pattern or 'nothing'}). "
        f"It holds: {listing(names) or 'nothing'}."
    )


def cut_to_time(run: Run) -> list[str]:
    """Returns the overrides by which a configuration is that of a submission that a budget cut to its time.

    None where the configuration's own models are trained, or where no budget made the submission.
    """
    path = run.plan.store.root / "submission.json"
    if not path.exists() or run.trained():
        return []
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest.get("asked") != trained_sections(run.config):
        return []
    return submitted_overrides(manifest["config"])


def submitted_overrides(facts: Mapping[str, Any]) -> list[str]:
    """Returns the overrides that make a configuration that of a submission: models, folds, ensemble.

    Of a model only what is not at its default is said: beside a key that is stated, others may be refused.

    Args:
        facts: `config` of the submission's manifest.
    """
    models = {}
    for name, said in facts["models"].items():
        section = MODELS.get(said["kind"]).Config.model_validate(said)
        models[name] = {"kind": said["kind"], **section.model_dump(mode="json", exclude_defaults=True)}
    found = {"models": models, "folds": facts["folds"], "ensemble": facts["ensemble"]}
    return [f"{key}={json.dumps(value)}" for key, value in found.items()]


def _lines(answered: Answered) -> Iterable[list[str]]:
    """Returns header and rows: values as a submission holds them, in their range, with every digit."""
    competition, handed = answered.competition, answered.handed
    task, answer = competition.task, competition.answer
    ids = [*competition.test_ids, *competition.by_prior]
    handed = HandedIn(*with_prior(competition, handed.values, handed.labels))
    if task.dense:
        return _pictures(competition, ids, handed)
    header, chosen = [competition.id, *task.outputs], None
    if answer.kind == "label" and (task.exclusive or not answer.outputs):
        label = answer.columns[0] if len(answer.columns) == 1 else "label"
        cells = task.cells(replace(answer, outputs=()), handed.values, handed.labels, None)
        header, chosen = [*header, label], [row[0] for row in cells]
    lines = [header]
    for row, (key, values) in enumerate(zip(ids, answer.held(handed.values), strict=True)):
        lines.append([key, *map(number_text, values), *([] if chosen is None else [chosen[row]])])
    return lines


def _pictures(competition: Competition, ids: list[str], handed: HandedIn) -> Iterable[list[str]]:
    """Returns answers that are pictures or spans as a submission does: in cells, or a row for each pixel."""
    answer, beside = competition.answer, with_unknown(competition)
    if competition.pixel_rows is not None and beside is not None:
        known = np.flatnonzero(beside.prod(axis=1) > 0)  # nobody knows how many pixels the others have
        asked = competition.pixel_rows.of_pictures([ids[row] for row in known], beside[known])
        return _pixels(competition, handed, asked)
    cells = competition.task.cells(answer, handed.values, handed.labels, None, beside)
    if (rows := competition.class_rows) is not None:
        return [list(rows.header), *class_lines(rows.of_pictures(ids), ids, cells, competition.task)]
    columns = [ids, *zip(*cells, strict=True)]
    lines = range(1, len(columns)) if competition.task.many_rows else ()
    return [[competition.id, *answer.columns], *spread(columns, lines)]


def _pixels(competition: Competition, handed: HandedIn, asked: PixelRows) -> Iterator[list[str]]:
    """Yields the header and a row for each pixel."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pixels.csv"
        write_pixels(competition, handed.values, path, asked=asked)
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.reader(file)
