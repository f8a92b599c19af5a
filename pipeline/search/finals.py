"""Finals of a search: its best trials and the parameters to beat, on all folds of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.clock import Clock, OutOfTime
from pipeline.config.tuned import put_over
from pipeline.errors import ModelError, listing
from pipeline.run.run import Run
from pipeline.search.finalist import PRESENT, TUNED, Finalist
from pipeline.search.request import Request
from pipeline.validation import cross_validation


def score_present(request: Request, run: Run, clock: Clock) -> Finalist:
    """Trains what the model reads, then the model as it is.

    Raises:
        ModelError: the budget is over before all its folds are done.
    """
    try:
        for other in run.plan.models:
            clock.start_model(clock.deadline)
            run.with_progress(clock).train_model(other)
    except OutOfTime:
        raise _too_short(request, "as it is") from None
    return on_all_folds(request, run, Finalist(PRESENT, {}, request.section, 0.0))


def score_tuned(request: Request, run: Run, clock: Clock, keys: dict[str, Any]) -> Finalist:
    """Trains the section as an earlier search has left it.

    Raises:
        ModelError: the budget is over before all its folds are done.
    """
    said = request.section.model_dump(exclude_defaults=True) | {"kind": request.section.kind}
    section = type(request.section).model_validate(put_over(said, keys))
    own = run.with_section(request.name, section)
    clock.start_model(clock.deadline)
    try:
        own.with_progress(clock).train_model(request.name)
    except OutOfTime:
        raise _too_short(request, "as tuned before") from None
    return on_all_folds(request, own, Finalist(TUNED, {}, section, 0.0))


def _too_short(request: Request, how: str) -> ModelError:
    return ModelError(
        f"The budget of {request.budget:.0f} s ends before {request.name} {how} has all its folds, "
        "and there is nothing to compare trials with. Its finished folds are kept: the next search "
        "goes on from them. Give it more time."
    )


def score_found(
    request: Request, run: Run, clock: Clock, found: Sequence[Finalist], keep: int
) -> tuple[list[Finalist], list[str]]:
    """Trains what was found on all folds; its predictions stay for the next train and the ensemble.

    Args:
        request: what is searched.
        run: the plan and its data.
        clock: ends what lasts past the budget.
        found: the first to keep comes first.
        keep: how many of them, at most; those that do not fit into the time make room for the next.

    Returns:
        The finalists with their scores, and a line that says which were left out.
    """
    done: list[Finalist] = []
    left_out: list[str] = []
    for one in found:
        if len(done) == keep:
            break
        own = run.with_section(request.name, one.section).with_progress(clock)
        seconds = one.seconds / len(list(run.folds)) * len(own.missing(request.name))
        clock.start_model(clock.deadline)
        try:
            if seconds > clock.left:
                raise OutOfTime
            own.train_model(request.name)
            done.append(on_all_folds(request, own, one))
        except OutOfTime:
            clock.end("")
            left_out.append(f"{one.label} (about {seconds:.0f} s)")
    line = f"too long for the time left, on all folds: {listing(left_out)}; the same search again has it"
    return done, [line] if left_out else []


def on_all_folds(request: Request, run: Run, one: Finalist) -> Finalist:
    """Returns the finalist with the scores of the run's folds, which are done, and their seconds."""
    name = request.name
    outputs, target = run.outputs(name), run.experiment(name).train.target
    metric = run.metric(name)
    scored = [(fold, output) for fold, output in outputs if fold.scored]
    scores = [cross_validation.score(metric, target, fold.valid, output.valid) for fold, output in scored]
    if run.plan.section(name).answers():
        run.predictions(name)  # where `make ensemble` finds them
    return replace(
        one, scores=tuple(scores), seconds=float(np.sum([output.seconds for _, output in outputs]))
    )
