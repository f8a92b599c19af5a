"""Occlusion of words: what an answer loses where a word of its text is left out, out of fold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.data.columns import as_text
from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.inputs.base import entries_of, reads_fold
from pipeline.inputs.text import ALONE, text_names
from pipeline.models.base import Context
from pipeline.reports.material import Material
from pipeline.reports.trained import Trained
from pipeline.tasks.words import word_places

MOST_MODELS, MOST_WORDS = 2, 60  # words of a row, from the beginning of its texts


@dataclass(frozen=True)
class Occluded:
    """Words of a row's texts, each with what it does to an answer.

    Attributes:
        output: number of the class or label that is looked at.
        said: its probability, the texts as they are.
        pieces: by column, its text in parts: each with what the probability loses where the part is left out;
            None for what is no word, or behind those that were tried.
    """

    output: int
    said: float
    pieces: dict[str, list[tuple[str, float | None]]]

    @property
    def words(self) -> list[tuple[str, float]]:
        """The words that were left out, the one whose absence changes most first."""
        found = [(text, lost) for parts in self.pieces.values() for text, lost in parts if lost is not None]
        return sorted(found, key=lambda one: -abs(one[1]))


def readers_of(material: Material) -> list[Trained]:
    """Returns the best models that read texts and nothing else, of answers that have probabilities."""
    if material.task.dense or not material.task.probabilities:
        return []
    found = []
    for name in [name for name in material.ranked if name in material.trained] or list(material.trained):
        model = material.trained[name]
        alone = entries_of(model.section) == ALONE and not reads_fold(model.section)
        if alone and model.section.answers() and any(fold.scored for fold in model.done):
            found.append(model)
    return found[:MOST_MODELS]


def occluded(trained: Trained, rows: Sequence[int], seconds: float) -> dict[int, Occluded]:
    """Returns by row what its words do to the answer of the model that was not trained on it.

    Of a class it is the likeliest, of labels the one that is farthest off.

    Args:
        trained: one of `readers_of`; the first seed of each fold is asked.
        rows: positions of scored rows, the most important first.
        seconds: of CPU, after which no further row is looked at; the first takes what it takes.
    """
    run, data, found = trained.run, trained.run.sides(trained.name).train, dict[int, Occluded]()
    fitted: dict[str, Any] = {}
    begun = time.process_time()  # of this process: a busy machine changes nothing
    for row in rows:
        fold = next((one for one in _scored(trained) if row in run.folds.with_rows(one).valid), None)
        if fold is None or (found and time.process_time() - begun > seconds):
            continue
        if fold.label not in fitted:
            fitted[fold.label] = trained.model(fold)
            begun = begun if found else time.process_time()
        context, names = Context(threads=run.config.threads), getattr(trained.section, "columns", None)
        found[row] = _of_row(fitted[fold.label], data, row, names, context)
    return found


def _scored(trained: Trained) -> list[Fold]:
    return [fold for fold in trained.done if fold.scored and not fold.repeat]


def _of_row(model: Any, data: Dataset, row: int, names: list[str] | None, context: Context) -> Occluded:
    [(entry, part)] = data.parts.items()
    texts = {name: str(as_text(part.frame[name].iloc[[row]])[0]) for name in names or text_names(part)}
    places = [(name, begin, end) for name in texts for begin, end in word_places(texts[name]).tolist()]
    places = places[:MOST_WORDS]
    frame = part.frame.iloc[np.full(1 + len(places), row)].reset_index(drop=True)
    for name, text in texts.items():
        others = [text[:begin] + text[end:] if of == name else text for of, begin, end in places]
        frame[name] = np.array([text, *others], object)
    tried = Dataset(np.arange(len(frame)).astype(str), {entry: replace(part, frame=frame)})
    said = np.asarray(model.predict(tried.rows(), context), np.float64)
    truth = np.asarray(data.target)[row]
    output = int(said[0].argmax() if model.task.exclusive else np.abs(truth - said[0]).argmax())
    lost = said[0, output] - said[1:, output]
    return Occluded(output, float(said[0, output]), _pieces(texts, places, lost.tolist()))


def _pieces(
    texts: dict[str, str], places: Sequence[tuple[str, int, int]], lost: Sequence[float]
) -> dict[str, list[tuple[str, float | None]]]:
    """Returns the texts in parts, the words with what was lost without each."""
    found: dict[str, list[tuple[str, float | None]]] = {}
    for name, text in texts.items():
        parts, done = [], 0  # type: ignore[var-annotated]
        for (of, begin, end), change in zip(places, lost, strict=True):
            if of == name:
                parts += [(text[done:begin], None), (text[begin:end], change)]
                done = end
        found[name] = [one for one in [*parts, (text[done:], None)] if one[0]]
    return found
