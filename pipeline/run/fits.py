"""Fits that a run needs: one for each scored fold, and the nested ones that readers ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.config.order import model_order, models_read
from pipeline.config.reads import Read, reads_of
from pipeline.config.schema import ModelConfig
from pipeline.data.folds import PINNED, Fold
from pipeline.errors import ConfigError


def fits_read(read: Read, fold: Fold, scored: Sequence[Fold], ordered: bool) -> list[Fold]:
    """Returns the fits of a model that one fit of its reader needs, the one that answers for it last.

    A reader that leaves out the folds S learns from the outputs for fold i of a fit that leaves out S
    and i, and predicts from those of a fit that leaves out S. Where time orders the folds, the fit for
    fold i has seen nothing later, so that it is nested already; the earliest rows get their outputs
    from a fit on the first half of them, and the fit on all rows is answered for by its like.

    Args:
        read: the edge.
        fold: of the reader's fit.
        scored: all scored folds.
        ordered: whether time orders them.

    Raises:
        ConfigError: time orders the folds, and the reader is read by others; too few folds.
    """
    if read.scope == "same_fold":
        return [fold]
    if read.part == "coordinates":
        return list(scored)
    siblings = [one for one in scored if one.repeat == fold.repeat]
    if ordered:
        if fold.number == PINNED:
            raise ConfigError(
                f"Time orders the folds: a model that reads `{read.entry}` cannot be read by another, for "
                "the earliest rows would have no honest input."
            )
        earlier = [one for one in siblings if one.number < fold.number]
        return [Fold(fold.repeat, PINNED), *earlier, fold]
    if read.scope == "out_of_fold":
        return [one for one in siblings if one.number not in fold.left_out] + [
            one for one in siblings if one.number in fold.left_out
        ]
    further = [one.number for one in siblings if one.number not in fold.left_out]
    if len(further) < 2:
        raise ConfigError(
            f"`folds.n` must be at least {len(siblings) + 1}, for `{read.entry}` is read: its nested fits "
            f"leave out {len(fold.left_out) + 1} folds each. `nested: false` saves them, and marks the score."
        )
    return [*(fold.leaving_out(number) for number in further), fold]


def models_needed(models: Mapping[str, ModelConfig], wanted: Sequence[str]) -> list[str]:
    """Returns the models of these names and all that they read, each after those that it reads."""
    found, order = set(wanted), model_order(models)
    reads = {name: models_read(section, models) for name, section in models.items()}
    for name in reversed(order):
        if name in found:
            found.update(reads[name])
    return [name for name in order if name in found]


def answering_nested(models: Mapping[str, ModelConfig]) -> set[str]:
    """Returns the models whose nested fits answer for the test rows too, by all sections by name.

    A nested fit of a model with pseudo-labels learns from what the same nested fits of others say of them.
    """
    taught = [name for name, section in models.items() if section.pseudo]
    return {one for name in taught for one in models_needed(models, [name]) if one != name}


def fits_needed(
    models: Mapping[str, ModelConfig],
    wanted: Sequence[str],
    scored: Sequence[Fold],
    chosen: Sequence[Fold],
    ordered: bool,
) -> dict[str, list[Fold]]:
    """Returns, by model, the fits to train: of its own folds first, then those for its readers.

    Args:
        models: every section by name.
        wanted: names of the models to train, each after those that it reads.
        scored: all scored folds.
        chosen: the fits that answer for themselves: all, or of the one fold that is asked for. Of models
            that are read, every scored fold is fitted.
        ordered: whether time orders the folds.
    """
    reads = {name: reads_of(section, models) for name, section in models.items() if name in wanted}
    read = {one.name for some in reads.values() for one in some}
    found: dict[str, dict] = {
        name: {fold.identity: fold for fold in ([*scored, *chosen] if name in read else chosen)}
        for name in wanted
    }
    for name in reversed(wanted):
        for one in reads[name]:
            for fold in list(found[name].values()):
                for fit in fits_read(one, fold, scored, ordered):
                    found[one.name].setdefault(fit.identity, fit)
    return {name: list(fits.values()) for name, fits in found.items()}
