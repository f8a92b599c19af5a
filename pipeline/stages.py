"""The order of the stages, and nothing else: each reads products of earlier ones."""

from __future__ import annotations

import importlib
import shutil
import time
from pathlib import Path

from pipeline.config.load import competition_module
from pipeline.config.schema import Config
from pipeline.data.source import Source, open_source
from pipeline.errors import DataError
from pipeline.last_mile import Summary, make_submission, publish
from pipeline.plan import Plan
from pipeline.progress import Progress
from pipeline.reporting import make_report, publish_report
from pipeline.run import Run
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


def train(plan: Plan, progress: Progress) -> Summary | None:
    """Carries out every stage that is not done yet and returns what a person wants to see.

    Returns:
        The submission's manifest, or None where one fold only was trained (no submission then).
    """
    looked = not plan.reports or plan.report.done()
    if plan.only_fold is None and plan.submission.done() and looked:
        return _publish(plan, plan.submission, time.monotonic())
    started = time.monotonic()
    run = Run(plan, progress)
    for name in plan.models:
        run.train_model(name)
    if plan.only_fold is not None:
        return None
    submission = make_submission(run)
    if plan.reports:
        make_report(run)
    return _publish(plan, submission, started)


def _publish(plan: Plan, submission: Product, started: float) -> Summary:
    summary = publish(plan, submission, started)
    return summary | {"report": publish_report(plan)} if plan.reports else summary


def clean(plan: Plan, everything: bool) -> int:
    """Removes products that the present configuration does not use, or all; returns the bytes freed.

    Cached features stay unless everything goes: which of them will be read again is known only
    to the networks.
    """
    root = plan.store.root
    keep = set() if everything else {product.path for product in plan.products()}
    freed = 0
    for folder in [*root.glob("products/*"), *root.glob("partial/*")]:
        if folder in keep or (not everything and folder.name.startswith("features-")):
            continue
        freed += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
    return freed
