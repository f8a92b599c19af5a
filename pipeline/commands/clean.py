"""Making room: products that the configuration no longer uses."""

from __future__ import annotations

import shutil

from pipeline.run.run import Run
from pipeline.stages.order import products_of


def clean(run: Run, everything: bool) -> int:
    """Removes products that the present configuration does not use, or all; returns the bytes freed.

    Cached features stay unless everything goes: which of them will be read again is known only
    to the networks.
    """
    root = run.plan.store.root
    keep = set() if everything else {product.path for product in products_of(run)}
    freed = 0
    for folder in [*root.glob("products/*"), *root.glob("partial/*")]:
        if folder in keep or (not everything and folder.name.startswith("features-")):
            continue
        freed += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
    return freed
