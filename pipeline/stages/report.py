"""Report on the trained models: where the evidence lies, what easy folds would claim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.metric import metric_name
from pipeline.config.schema import FoldsConfig
from pipeline.data.folds import Fold, Folds, make_folds
from pipeline.data.rows import Dataset
from pipeline.inputs.base import entries_of
from pipeline.inputs.images.decoding import decode
from pipeline.inputs.images.part import Pictures
from pipeline.models.base import Context
from pipeline.networks.config import finds_boxes
from pipeline.registry import MODELS
from pipeline.reports.contact_sheet import Entry, write_sheet
from pipeline.reports.evidence import grid, occlusion_maps, shares_inside
from pipeline.run.run import Run
from pipeline.store import Product, write_atomically, write_json
from pipeline.transforms.views import Views, box_corners
from pipeline.validation import cross_validation
from pipeline.validation.fold_output import FoldOutput

LOOKED_AT = 60  # pictures whose evidence is measured
DRAWN = 12
EASY_FOLDS = 2  # of those that ignore the group: enough to see what they would claim
REPORT_VERSION = 3  # raise it when the same models would be reported on in another way
BOX_MARGIN = 0.1  # a predicted box is widened by this share on every side before evidence counts as inside


def report_product(run: Run) -> Product:
    """Product of what is looked into: report.json and evidence-NAME.png."""

    def make(folder: Path) -> None:
        facts: dict[str, Any] = {"evidence": {}}
        facts["optimism"] = {name: _optimism(run, name) for name in run.plan.optimism}
        regions = _regions(run)
        for name in _classifiers(run):
            if regions is not None:
                facts["evidence"][name] = _evidence(run, name, regions, folder / f"evidence-{name}.png")
        write_json(folder / "report.json", facts | {"lines": [*_lines(run, facts)]})

    reads = [run.predictions_product(name) for name in run.plan.members]
    reads += [run.coordinates_product(name) for name in run.plan.finders]
    reads += [product for name in run.plan.optimism for product in ungrouped_products(run, name)]
    material = {"seed": run.config.seed, "version": REPORT_VERSION}
    return run.plan.store.product("report", material, make, reads, say="report")


def ungrouped_products(run: Run, name: str) -> list[Product]:
    """Products of a model's outputs on the first folds that ignore the group."""
    fits = [run.fit_product(name, fold) for fold in run.plan.all_folds]

    def declare(number: int) -> Product:
        def make(folder: Path) -> None:
            experiment = replace(run.experiment(name), folds=_easy_folds(run), splitter=None)
            fold = list(experiment.folds)[number]
            context = run.context(declare(number), {})
            cross_validation.fit_fold(experiment, fold, context).save(folder)

        say = f"{name} on easy fold{number}"
        label, material = f"{name}-ungrouped{number}", {"number": number}
        return run.plan.store.product(label, material, make, fits, say=say)

    return [declare(number) for number in range(EASY_FOLDS)]


def publish_report(run: Run) -> dict[str, list[str]]:
    """Copies the finished report's pictures to `runs/NAME/report/`.

    Returns:
        "lines" for a person to read, and the paths of the "pictures".
    """
    folder, root = report_product(run).path, run.plan.store.root / "report"
    for old in root.glob("evidence-*.png"):
        old.unlink()
    pictures = []
    for path in sorted(folder.glob("*.png")):
        write_atomically(root / path.name, path.read_bytes())
        pictures.append(str(root / path.name))
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {"lines": facts["lines"], "pictures": pictures}


def _lines(run: Run, facts: dict[str, Any]) -> Iterator[str]:
    for name, evidence in facts["evidence"].items():
        yield (
            f"{name}: {evidence['inside']:.0%} of its evidence lies inside the {evidence['region']} "
            f"({evidence['pictures']} pictures, fold models that were not trained on them)"
        )
    metric = metric_name(run.config.metric)
    for name, scores in facts["optimism"].items():
        yield (
            f"{name}: folds that ignore `{run.config.folds.group}` would have claimed {metric} "
            f"{scores['claimed']:.5g} (honest: {scores['honest']:.5g})"
        )


def _classifiers(run: Run) -> list[str]:
    """Returns the members that answer from pictures alone."""
    if not run.competition.task.exclusive:
        return []
    sections = {name: run.plan.section(name) for name in run.plan.members}
    return [name for name, section in sections.items() if entries_of(section) == ("images",)]


def _regions(run: Run) -> tuple[str, np.ndarray] | None:
    """Returns what the chain takes for the thing itself: words, and (rows, 4, 2) corners in source pixels.

    The box of the last network that finds one, a little widened; in a chain without boxes the crop
    of the first network that follows points.
    """
    for name in reversed(run.plan.finders):
        if (box := _boxes(run, name)) is None:
            continue
        grown = np.tile(box[:, 2:] - box[:, :2], 2) * [-BOX_MARGIN, -BOX_MARGIN, BOX_MARGIN, BOX_MARGIN]
        return f"box that {name!r} finds", box_corners(box + grown)
    for name in run.plan.models:
        if run.plan.section(name).views():
            return f"crop of {name!r}", _outlines(run.views(name))
    return None


def _boxes(run: Run, name: str) -> np.ndarray | None:
    """Returns float64 (rows, 4): boxes that a network finds, or those around its masks; None of points."""
    section = run.plan.section(name)
    return run.coordinates(name).train[:, :4] if finds_boxes(section) or section.draws_masks() else None


def _outlines(views: Views) -> np.ndarray:
    """Returns the corners (rows, 4, 2) of views in source pixels."""
    height, width = views.size
    corners = box_corners(np.array([-0.5, -0.5, width - 0.5, height - 0.5]))
    return views.invert(np.repeat(corners[None], len(views), axis=0))


def _evidence(run: Run, name: str, regions: tuple[str, np.ndarray], sheet: Path) -> dict[str, Any]:
    """Measures one classifier on pictures that its fold model was not trained on, and draws some."""
    words, corners = regions
    views, sides = run.views(name), run.sides(name)
    folds = [fold for fold in run.folds if fold.repeat == 0]
    scored = np.concatenate([fold.valid for fold in folds])
    rows = np.sort(np.random.default_rng(run.config.seed).permutation(scored)[:LOOKED_AT])
    pictures, labels = sides.train.rows(rows).of("images"), run.competition.target[rows]
    down, across = grid(views.size)
    maps = np.zeros((len(rows), len(down) - 1, len(across) - 1), np.float32)
    for fold in folds:
        at = np.isin(rows, fold.valid)
        if at.any():
            maps[at] = occlusion_maps(_Predictor(run, name, fold), pictures[at], labels[at])
    shares = shares_inside(maps, views.take(rows).apply(corners[rows]), views.size)
    write_sheet([*_entries(run, name, rows[:DRAWN], pictures, maps, shares)], sheet)
    known = shares[np.isfinite(shares)]
    inside = float(known.mean()) if len(known) else float("nan")
    return {"inside": inside, "region": words, "pictures": len(known)}


class _Predictor:
    """The first network of a fold, as a function of pictures."""

    def __init__(self, run: Run, name: str, fold: Fold) -> None:
        section = run.plan.section(name)
        folder = run.fit_product(name, fold).path / "model" / "seed0"
        self.model = MODELS.get(section.kind)(section, run.competition.task).load(folder)
        self.context = Context(threads=run.config.threads)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        ids = np.arange(len(pictures)).astype(str)
        return self.model.predict(Dataset(ids, {"images": Pictures(pictures)}).rows(), self.context)


def _entries(
    run: Run, name: str, rows: np.ndarray, pictures: np.ndarray, maps: np.ndarray, shares: np.ndarray
) -> Iterator[Entry]:
    competition, predictions = run.competition, run.predictions(name).oof
    found = {other: _boxes(run, other) for other in run.plan.finders}
    boxes = [box for box in found.values() if box is not None]
    points = [run.coordinates(other).train for other, box in found.items() if box is None]
    crops = _outlines(run.views(name))
    for place, row in enumerate(rows):
        file, label = competition.pictures[row], competition.target[row]
        yield Entry(
            title=f"{competition.ids[row]}  {competition.task.outputs[label]}: "
            f"p {predictions[row, label]:.2f}, evidence inside {shares[place]:.0%}",
            picture=decode(run.plan.source.read(file), 3, file, run.intensity),
            outlines=[*(box_corners(box[row]) for box in boxes if np.isfinite(box[row]).all()), crops[row]],
            points=np.concatenate([found[row].reshape(-1, 2) for found in points] or [np.zeros((0, 2))]),
            seen=pictures[place],
            evidence=maps[place],
        )


def _easy_folds(run: Run) -> Folds:
    """Returns folds that ignore the group."""
    competition, folds = run.competition, run.config.folds
    config = FoldsConfig(kind="stratified", n=folds.n, seed=folds.seed)
    return make_folds(config, competition.task, competition.target)


def _optimism(run: Run, name: str) -> dict[str, float]:
    """Returns what a model would score on folds that ignore the group, and its honest score."""
    target, metric, scores = run.competition.target, run.metric(name), []
    for fold, product in zip(_easy_folds(run), ungrouped_products(run, name), strict=False):
        output = FoldOutput.load(run.made(product))
        scores.append(cross_validation.score(metric, target, fold.valid, output.valid))
    predictions = run.predictions(name)
    scored = predictions.scored
    honest = metric(target[scored], predictions.oof[scored])
    return {"claimed": float(np.mean(scores)), "honest": honest}
