"""Answers for new rows by the fold models that a run has trained, a block of rows at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.order import model_order
from pipeline.config.reads import INPUTS
from pipeline.context import Context
from pipeline.data.competition import Competition
from pipeline.data.folds import Fold
from pipeline.data.new_rows import blocks
from pipeline.data.rows import Dataset
from pipeline.data.source import Source
from pipeline.ensemble.fitted import HandedIn
from pipeline.errors import ModelError, listing
from pipeline.inputs.base import Workshop, opened
from pipeline.inputs.outputs import Values
from pipeline.registry import MODELS
from pipeline.run.run import Run
from pipeline.stages.blend import Blend
from pipeline.stages.members import own_members
from pipeline.store import digest
from pipeline.validation.cross_validation import mean_of

BLOCK_BYTES = 2**28  # of predictions that are held at a time
MOST_ROWS = 20_000  # at a time: what is made of their tables must fit into memory, their pictures on the disk
FEWEST_ROWS = 64

Said = Mapping[str, Mapping[str, np.ndarray]]  # by model, by what others may read of it


@dataclass
class Block:
    """Some new rows in the place of the test rows, and what was made of them for several models.

    Attributes:
        competition: whose test rows they are.
        source: the files beside their table.
        scratch: room for files.
        number: of the block, of so many.
        said: what models say of them.
    """

    competition: Competition
    source: Source
    scratch: Path
    number: tuple[int, int] = (0, 1)
    said: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    _parts: dict[str, Any] = field(default_factory=dict)
    _arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def part(self, key: str, make: Any) -> Any:
        """Returns an input's part, opened once for all models that see the same."""
        if key not in self._parts:
            self._parts[key] = make()
        return self._parts[key]

    def cache(self, name: str, key: Mapping[str, Any], make: Any) -> np.ndarray:
        """Returns an array made once: features of a frozen backbone, which the folds share."""
        named = digest([name, dict(key)])
        if named not in self._arrays:
            self._arrays[named] = make()
        return self._arrays[named]


@dataclass(frozen=True)
class Answered:
    """Answers of one block.

    Attributes:
        competition: whose test rows they are.
        handed: of the test rows; without those that no model could see.
    """

    competition: Competition
    handed: HandedIn


def answers(
    run: Run, blend: Blend, new: Competition, source: Source, most: int | None = None
) -> Iterator[Answered]:
    """Yields answers for new rows, so many at a time: memory does not grow with their number.

    Only the models that the blend needs are asked. Members from outside have no model here: their rows
    are looked up by id in their file of test predictions.

    Args:
        run: whose models are trained.
        blend: of them.
        new: the competition, new rows in the place of its test rows.
        source: the files beside their table.
        most: rows at a time; default: what a part of the memory holds.

    Raises:
        ModelError: a model is not trained; rows that an outside member lacks.
    """
    outside = _outside_rows(run, blend, new.test_ids)
    models = needed(run, blend)
    place = {key: number for number, key in enumerate(new.test_ids)} if outside else {}
    some = list(blocks(new, most or rows_at_once(run, models)))
    for number, part in enumerate(some):
        with tempfile.TemporaryDirectory() as folder:
            block = Block(part, source, Path(folder), (number, len(some)))
            for name in models:
                block.said[name] = _predict_model(run, name, block)
            at = [place[key] for key in part.test_ids] if outside else []
            members = {name: values[at] for name, values in outside.items()}
            for name in blend.models:
                if name not in outside:
                    members[name] = mean_of(block.said[name]["prediction"])
            handed = blend.answer(members) if len(part.test_ids) else _nothing(part)
        yield Answered(part, handed)


def needed(run: Run, blend: Blend) -> list[str]:
    """Returns the models that the blend needs, each after those that it reads."""
    found = set(blend.models) - set(run.config.ensemble.outside)
    order = model_order(run.config.models)
    for name in reversed(order):
        if name in found:
            reads = run.plan.reads(name)
            found.update(read.name for read in reads if read.part in (*INPUTS, "coordinates"))
    return [name for name in order if name in found]


def rows_at_once(run: Run, models: list[str]) -> int:
    """Returns how many rows are answered at a time."""
    outputs = [run.competition.task.n_outputs] * 2 + [run.task_of(name).n_outputs for name in models]
    cells = sum(outputs) * len(run.plan.answering)
    return int(min(MOST_ROWS, max(FEWEST_ROWS, BLOCK_BYTES // (4 * cells))))


def _nothing(competition: Competition) -> HandedIn:
    """Returns the answer for no rows: of a block no model could see one."""
    task = competition.task
    return HandedIn(np.zeros((0, task.n_outputs), task.values_type), None)


def _outside_rows(run: Run, blend: Blend, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the new rows' predictions of the outside members that the ensemble needs.

    Raises:
        ModelError: rows that a member's file lacks, by id.
    """
    needed = set(blend.models) & set(run.config.ensemble.outside)
    found = {}
    for member in own_members(run) if needed else ():
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


def _predict_model(run: Run, name: str, block: Block) -> dict[str, np.ndarray]:
    """Returns what one model says of the new rows, by what others may read of it.

    "prediction" and, where it is read, "embedding": (folds, rows, columns), mean over the seeds, for a
    reader's fold reads the fit of the same fold. "coordinates" where others see by its boxes, points or
    masks: (rows, columns) in source pixels, mean over the folds.
    """
    reads, said = run.plan.reads(name), block.said
    if not len(block.competition.test_ids):
        return {}
    parts = _open_new(run, name, block)
    others = [read for read in reads if read.part in INPUTS]
    embedded = any(
        (read.name, read.part) == (name, "embedding")
        for other in run.config.models
        for read in run.plan.reads(other)
    )
    found_by_fold: dict[str, list[np.ndarray]] = {"prediction": [], "embedding": []}
    run.progress.begin(f"{name} on new rows", *block.number)
    for number, fold in enumerate(run.plan.answering):
        of_fold = {read.entry: Values(said[read.name][read.part][number]) for read in others}
        rows = Dataset(block.competition.test_ids, {**parts, **of_fold})
        for part, values in _predict_fold(run, name, fold, rows, embedded, block).items():
            found_by_fold[part].append(values)
    run.progress.end("")
    result = {part: np.stack(values) for part, values in found_by_fold.items() if values}
    if any(name in other.views() for other in run.config.models.values()):
        found = mean_of(result["prediction"])
        result["coordinates"] = run.finder(name).places(found, parts["images"])
    return result


def _open_new(run: Run, name: str, block: Block) -> dict[str, Any]:
    """Returns what a model's inputs hold of the new rows, by entry."""
    products = run.input_products(name)
    parts = {}
    for entry, one in opened(run.plan.section(name)).items():
        files = one.files(run.config, run.plan.section(name))
        found = {}
        for read in files.reads if files else ():
            found["test"] = block.said[read.name][read.part]
        shop = Workshop(run.config, name, block.competition, block.source, run.progress, found)
        folder = run.made(products[entry]) if entry in products else None

        def make(one: Any = one, shop: Workshop = shop, entry: str = entry, folder: Any = folder) -> Any:
            scratch = block.scratch / name / entry
            scratch.mkdir(parents=True)
            return one.open_new(shop, folder, scratch)

        parts[entry] = block.part(products[entry].key if entry in products else f"{name} {entry}", make)
    return parts


def _predict_fold(
    run: Run, name: str, fold: Fold, rows: Dataset, embedded: bool, block: Block
) -> dict[str, np.ndarray]:
    """Returns one fold's prediction and, where it is asked for, its embedding: means over the seeds."""
    section = run.plan.section(name)
    context = Context(threads=run.config.threads, report=run.progress.update, cache=block.cache)
    kind, task = MODELS.get(section.kind), run.task_of(name)
    said: dict[str, list[np.ndarray]] = {"prediction": [], "embedding": []}
    for index in range(section.seeds):
        model = kind(section, task).load(run.fit_product(name, fold).path / "model" / f"seed{index}")
        said["prediction"].append(model.predict(rows.rows(), context))
        if embedded:
            said["embedding"].append(model.embed(rows.rows(), context))
    return {part: mean_of(values) for part, values in said.items() if values}
