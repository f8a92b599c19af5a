"""The order of the stages, and nothing else: each reads products of earlier ones."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.config.load import competition_module
from pipeline.config.schema import Config
from pipeline.data.source import Source, open_source
from pipeline.errors import DataError
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.runners.pool import train_models
from pipeline.stages.audit import (
    audit_before_training,
    findings_of,
    lines_of,
    make_labels,
    refuse_if_stopped,
)
from pipeline.stages.report import make_report, publish_report
from pipeline.stages.submission import Summary, make_submission, publish
from pipeline.store import Product


def open_data(config: Config, root: str | None, progress: Progress) -> Source:
    """Opens the competition's files; a module that can make or fetch them is asked to first.

    Args:
        config: checked.
        root: folder or zip of the command line, which goes before the configuration's.
        progress: told what was made.

    Raises:
        DataError: there are no files; says where they are looked for.
    """
    path = Path(root or config.data.root or f"data/{config.competition}")
    module = competition_module(config)
    if module and not root:
        prepare = getattr(importlib.import_module(module), "prepare", None)
        said = prepare(path) if prepare else None
        if said:
            progress.message(said)
    try:
        return open_source(path, config.data.train)
    except DataError as error:
        raise DataError(
            f"{error} Put the competition's files there (train, test and sample submission, as a folder "
            f"or as the zip that Kaggle gives), or name another place: DATA=path with make, --data path."
        ) from error


def train(plan: Plan, progress: Progress, worker: Sequence[str] = ()) -> Summary | None:
    """Carries out every stage that is not done yet and returns what a person wants to see.

    Args:
        plan: what there is to do.
        progress: who is told.
        worker: arguments of `python -m pipeline` that start a worker, where the configuration
            asks for several.

    Returns:
        The submission's manifest, or None where one fold only was trained (no submission then).

    Raises:
        DataError: the audit found what would make the score a lie, and the configuration does not
            allow it.
    """
    if plan.only_fold is None and _finished(plan):
        refuse_if_stopped(plan)
        return _publish(plan, plan.submission, time.monotonic())
    started = time.monotonic()
    run = Run(plan, progress)
    audit_before_training(run)
    train_models(run, worker)
    if plan.only_fold is not None:
        return None
    submission = make_submission(run)
    make_labels(run, plan.ensemble.path)
    if plan.reports:
        make_report(run)
    return _publish(plan, submission, started)


def _finished(plan: Plan) -> bool:
    """Says whether nothing is left to do."""
    products = [plan.submission, plan.audit, plan.labels_of(plan.ensemble.path)]
    return all(product.done() for product in [*products, *([plan.report] if plan.reports else [])])


def _publish(plan: Plan, submission: Product, started: float) -> Summary:
    summary = publish(plan, submission, started)
    labels = findings_of(plan.labels_of(plan.ensemble.path))
    summary |= {"labels": lines_of(labels, plan)}
    return summary | {"report": publish_report(plan)} if plan.reports else summary
