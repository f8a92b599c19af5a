"""Optimism marks: why the out-of-fold score of a model claims more than the model will keep."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.reads import reads_of
from pipeline.config.schema import ModelConfig
from pipeline.config.tuned import tuned_mark


def marks_of(name: str, models: Mapping[str, ModelConfig]) -> tuple[str, ...]:
    """Returns the reasons, none for an honest score; what a model reads passes its reasons on.

    Args:
        name: of the model.
        models: every section by name.
    """
    section, reads = models[name], reads_of(models[name], models)
    marks = []
    if section.validate_on == "fold":
        marks.append("early stopping looked at the scored folds")
    if plain := [read.entry for read in reads if read.part == "prediction" and read.scope != "nested"]:
        marks.append(f"{', '.join(plain)}: from fits that have seen the scored folds (`nested: false`)")
    if tuned := tuned_mark(section):
        marks.append(tuned)
    for read in reads:
        marks += [f"reads {read.name}: {mark}" for mark in marks_of(read.name, models)]
    return tuple(dict.fromkeys(marks))
