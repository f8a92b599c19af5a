"""Models that are worth training for this size of data, on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.draft.boxes import choose_centernet
from pipeline.draft.chain import make_chain
from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, table_seconds
from pipeline.draft.drawn import Drawn
from pipeline.draft.network import choose_network
from pipeline.draft.pointers import choose_pointers
from pipeline.draft.restorer import choose_restorers
from pipeline.draft.unet import choose_unet
from pipeline.draft.weights import Weights
from pipeline.errors import listing
from pipeline.models.size import Size
from pipeline.registry import MODELS
from pipeline.tasks.boxes import Boxes
from pipeline.tasks.multilabel import Multilabel

BUDGET = 1200  # seconds for all models of tables
FEWEST_CATEGORIES = 3  # columns of names with many levels, from which their sets get a model

NOTHING = Drawn()
NAMES = {
    "lightgbm": "lgbm",
    "xgboost": "xgb",
    "extra_trees": "trees",
    "tabular": "net",
    "linear": "linear",
    "neighbours": "neighbours",
    "kernel": "kernel",
}

OTHER_NGRAMS: dict[str, tuple[dict[str, Any], str]] = {
    "words": (
        {"learner": "naive_bayes", "ngram_range": {"word": [1, 2]}, "lowercase": True},
        "naive Bayes on words: seconds, and it errs elsewhere",
    ),
    "chars": (
        {"learner": "naive_bayes", "ngram_range": {"char_wb": [2, 6]}},
        "naive Bayes on characters: the same of parts of words",
    ),
    "logit": (
        {"learner": "logistic", "lowercase": True},
        "logistic regression on the n-grams as they are, case left out: good where a class is rare",
    ),
}
FOR_EXCLUSIVE = ("chars",)  # of little use where a row has several labels
# of n-grams where a row has several labels, as bench/text_labels.py has measured it
OF_LABELS: dict[str, Any] = {"lowercase": True, "floor": 0.5, "smoothing": 2.0, "C": 1.0}


def choose_models(
    size: Size, fits: int, metric: str, machine: Machine, weights: list[Weights], drawn: Drawn = NOTHING
) -> tuple[list[Chosen], list[str]]:
    """Returns the models in the order of the YAML, and a line on each that was left out.

    Args:
        size: of the data.
        fits: folds times repeats.
        metric: decides what boosting minimises.
        machine: what trains.
        weights: ImageNet weights that can be had.
        drawn: boxes, points or masks of the pictures.
    """
    chosen: list[Chosen] = []
    if size.task.verbatim:
        return choose_pointers(size, fits, machine), []
    if size.task.dense:
        if size.task.a_row_per_pixel:
            return choose_restorers(size, fits, machine), []
        if size.task.general == Boxes.general:
            return [choose_centernet(size, fits, machine, weights)], []
        return [choose_unet(size, fits, machine, weights)], []
    if size.picture:
        seen = replace(size, picture=drawn.crop or size.picture)
        network = choose_network(seen, fits, machine, weights)
        suits = MODELS.get(network.section["kind"]).settings_for(metric)
        network = replace(network, section={**network.section, **suits})
        chosen += [*make_chain(drawn, network, size, fits, machine), *_on_top(network, size)]
    if not size.columns:
        return chosen, []
    tables, left_out = _of_tables(size, fits, metric, machine)
    return [*chosen, *tables], left_out


def _on_top(network: Chosen, size: Size) -> list[Chosen]:
    """Returns the linear model that reads what a network represents a picture by."""
    reads = f"{network.name}.embedding"
    if size.columns:
        section = {"kind": "linear", "inputs": ["auto", reads]}
        return [Chosen("both", section, "a linear model on the table and what the network sees, together")]
    return [
        Chosen("embedding", {"kind": "linear", "inputs": [reads]}, "a linear model on what the network sees")
    ]


def _of_tables(size: Size, fits: int, metric: str, machine: Machine) -> tuple[list[Chosen], list[str]]:
    chosen = _of_texts(size, fits, machine)
    left_out: list[str] = []
    spent = 0.0
    crossed = {"crosses": "crosses"} if size.categories >= FEWEST_CATEGORIES else {}
    for kind, name in {**NAMES, **crossed}.items():
        if kind not in MODELS:
            continue
        seconds = table_seconds(kind, size, fits, machine)
        against = MODELS.get(kind).unsuitable(size)
        if not against and chosen and spent + seconds > BUDGET:
            against = f"all its fits would take about {_minutes(seconds)}"
        if against:
            left_out.append(f"{name}: {against}")
            continue
        section: dict[str, Any] = {"kind": kind, **MODELS.get(kind).settings_for(metric)}
        spent += seconds
        chosen.append(Chosen(name, section, f"about {_minutes(seconds)} for all its fits"))
    return chosen, left_out


def _of_texts(size: Size, fits: int, machine: Machine) -> list[Chosen]:
    """Returns linear models on the n-grams of the text columns; they differ, and gain by being blended."""
    if not size.texts:
        return []
    said = f"about {_minutes(table_seconds('ngrams', size, fits, machine))} for all its fits"
    several = size.task.general == Multilabel.general
    how = "case left out, rare labels in mind" if several else "as they stand"
    reads = f"words and characters of {listing(size.texts)}, {how}"
    found = [Chosen("ngrams", {"kind": "ngrams", **(OF_LABELS if several else {})}, f"{reads}; {said}")]
    if size.task.probabilities:
        others = [
            Chosen(name, {"kind": "ngrams", **section}, reason)
            for name, (section, reason) in OTHER_NGRAMS.items()
            if size.task.exclusive or name not in FOR_EXCLUSIVE
        ]
        found = [others[0], *found, *others[1:]]  # a budget fits the quickest first
    return found


def _minutes(seconds: float) -> str:
    return f"{max(seconds, 1):.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
