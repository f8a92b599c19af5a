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
from pipeline.run.run import Run
from pipeline.runners.pool import train_models
from pipeline.stages.audit import (
    audit_before_training,
    audit_product,
    findings_of,
    labels_product,
    lines_of,
    refuse_if_stopped,
)
from pipeline.stages.page import publish_page
from pipeline.stages.report import publish_report, report_product
from pipeline.stages.submission import Summary, own_ensemble, own_submission, publish
from pipeline.store import Product, closure


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


def train(run: Run, worker: Sequence[str] = ()) -> Summary | None:
    """Carries out every stage that is not done yet and returns what a person wants to see.

    Args:
        run: what there is to do.
        worker: arguments of `python -m pipeline` that start a worker, where the configuration
            asks for several.

    Returns:
        The submission's manifest, or None where one fold only was trained (no submission then).

    Raises:
        DataError: the audit found what would make the score a lie, and the configuration does not
            allow it.
    """
    if run.plan.only_fold is None and all(product.done() for product in goals(run)):
        refuse_if_stopped(run)
        return _publish(run, time.monotonic())
    started = time.monotonic()
    audit_before_training(run)
    train_models(run, worker)
    if run.plan.only_fold is not None:
        return None
    for product in goals(run):
        run.made(product)
    return _publish(run, started)


def goals(run: Run) -> list[Product]:
    """Returns what a finished run has made; everything else was made for these."""
    products = [audit_product(run), own_submission(run), labels_product(run, own_ensemble(run).path)]
    return products + ([report_product(run)] if run.plan.reports else [])


def products_of(run: Run) -> list[Product]:
    """Returns everything that a configuration uses: what stays when its store is cleaned."""
    fits = [run.fit_product(name, fold) for name in run.plan.models for fold in run.plan.fits[name]]
    said = [
        run.coordinates_product(name) if name in run.plan.finders else run.predictions_product(name)
        for name in run.plan.models
    ]
    return closure([*goals(run), *fits, *said])


def _publish(run: Run, started: float) -> Summary:
    summary = publish(run, own_submission(run), started)
    labels = findings_of(labels_product(run, own_ensemble(run).path))
    summary |= {"labels": lines_of(labels, run)}
    if run.plan.reports:
        summary["report"] = publish_report(run)
    return summary | {"page": str(publish_page(run))}
