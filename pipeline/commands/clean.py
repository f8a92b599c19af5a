"""Making room: products that the configuration no longer uses."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from pipeline.run.plan import Plan
from pipeline.store import Product


def clean(plan: Plan, everything: bool) -> int:
    """Removes products that the present configuration does not use, or all; returns the bytes freed.

    Cached features stay unless everything goes: which of them will be read again is known only
    to the networks.
    """
    root = plan.store.root
    keep = set() if everything else {product.path for product in products(plan)}
    freed = 0
    for folder in [*root.glob("products/*"), *root.glob("partial/*")]:
        if folder in keep or (not everything and folder.name.startswith("features-")):
            continue
        freed += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
    return freed


def products(plan: Plan) -> Iterable[Product]:
    """Everything that a configuration uses: what stays."""
    yield from (plan.competition, plan.folds, plan.audit, plan.ensemble, plan.submission, plan.report)
    yield from (plan.labels_of(plan.ensemble.path), plan.intensity)
    for name in plan.optimism:
        yield from plan.ungrouped(name)
    for name in plan.models:
        section = plan.config.models[name]
        yield plan.predictions(name) if section.answers() else plan.coordinates(name)
        yield from (plan.fold(name, fold) for fold in plan.fits[name])
        if section.picture():
            yield plan.pixels(name)
        for read in plan.reads(name):
            yield from (one for fold in plan.fits[name] for one in plan.products_read(read, fold))
