"""Wanted pictures: what the best network of pictures wants to see of each class, drawn by `make report`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.inputs.base import entries_of, opened
from pipeline.inputs.images.images import ImagesInput
from pipeline.inputs.images.part import Pictures
from pipeline.models.base import Context
from pipeline.registry import MODELS
from pipeline.reports.material import Material
from pipeline.reports.trained import Trained
from pipeline.store import Product

LABEL = "wanted"
VERSION = 1  # raise it when the same networks would want other pictures
MOST = 12  # outputs
OPERATIONS = 4e10  # multiplications in all: ten seconds of one core at most
LOOKED_AT = 1000  # training pictures whose mean colour the wanted ones begin with


def wanting(material: Material) -> Trained | None:
    """Returns the best network of pictures alone that says probabilities and has two scored folds, if any."""
    if material.task.dense or not material.task.probabilities:
        return None
    known = [name for name in material.ranked if name in material.trained]
    for one in (material.trained[name] for name in known or material.trained):
        section = one.section
        pictures = len(entries_of(section)) == 1 and isinstance(
            next(iter(opened(section).values())), ImagesInput
        )
        able = hasattr(MODELS.get(section.kind), "wanted") and section.answers()
        if able and pictures and len(_folds(one)) > 1:
            return one
    return None


def wanted_product(trained: Trained) -> Product:
    """Product of what a network wants: pictures.npy, and in said.npy how sure two networks are of each."""
    run, folds = trained.run, _folds(trained)

    def make(folder: Path) -> None:
        context = Context(threads=run.config.threads)
        own, other = (trained.model(fold) for fold in folds)
        entry, data = next(iter(opened(trained.section))), run.sides(trained.name).train
        rows = np.random.default_rng(run.config.seed).permutation(run.folds.with_rows(folds[0]).train)
        colour = data.part(entry).take(np.sort(rows[:LOOKED_AT])).mean(axis=(0, 1, 2))
        pictures = own.wanted(MOST, OPERATIONS, colour, run.config.seed, context)
        shown = Dataset(np.arange(len(pictures)).astype(str), {entry: Pictures(pictures)}).rows()
        place = np.arange(len(pictures))
        said = [model.predict(shown, context)[place, place] for model in (own, other)] if len(place) else []
        np.save(folder / "pictures.npy", pictures)
        np.save(folder / "said.npy", np.array(said, np.float32).reshape(2, len(pictures)))

    fits = [trained.product(fold) for fold in folds]
    opens = [run.competition_product, run.folds_product, *run.input_products(trained.name).values()]
    asked = {"seed": run.config.seed, "version": VERSION}
    say = f"what {trained.name} wants to see"
    return run.plan.store.product(f"{trained.name}-{LABEL}", asked, make, fits, opens, say=say)


def draw_wanted(material: Material) -> None:
    """Draws what is not drawn yet; a network that cannot be asked costs a warning, not the page."""
    trained = wanting(material)
    if trained is None:
        return
    try:
        material.run.made(wanted_product(trained))
    except Exception as error:
        material.run.progress.warning(f"What {trained.name} wants to see is not known: {error!r}")


def _folds(trained: Trained) -> list[Fold]:
    """Returns the first two scored folds that are done: one draws, the other one judges."""
    return [fold for fold in trained.done if fold.scored and not fold.repeat][:2]
