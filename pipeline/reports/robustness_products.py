"""Products of robustness: measured once by `make report`, then on every page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pipeline.config.metric import metric_key
from pipeline.reports.material import Material
from pipeline.reports.robustness import VERSION, Robustness, folds_of, models_of, robustness
from pipeline.store import Product, write_json

LABEL, FILE = "robustness", "robustness.json"


def robustness_products(material: Material) -> dict[str, Product]:
    """Products of what each model says of disturbed rows, by its name."""
    run, seconds = material.run, material.run.config.report.robustness
    if not seconds:
        return {}

    def declare(name: str) -> Product:
        trained = material.trained[name]

        def make(folder: Path) -> None:
            found = robustness(trained, material.metric, seconds)
            write_json(folder / FILE, asdict(found) if found else None)

        asked = {"metric": metric_key(run.config.metric), "seconds": seconds, "version": VERSION}
        fits = [trained.product(fold) for fold in folds_of(trained)]
        opens = [run.competition_product, run.folds_product, *run.input_products(name).values()]
        say = f"{name} on disturbed rows"
        return run.plan.store.product(f"{name}-{LABEL}", asked, make, fits, opens, say=say)

    return {name: declare(name) for name in models_of(material)}


def robustness_known(material: Material) -> dict[str, Robustness | None]:
    """Returns what was measured already, by the model's name; None where too few rows were done in time."""
    done = {name: one for name, one in robustness_products(material).items() if one.done()}
    facts = {name: json.loads((one.path / FILE).read_text(encoding="utf-8")) for name, one in done.items()}
    return {name: found and Robustness.from_json(found) for name, found in facts.items()}


def measure_robustness(material: Material) -> None:
    """Measures what is not measured yet; a model that cannot be asked costs a warning, not the page."""
    for name, product in robustness_products(material).items():
        try:
            material.run.made(product)
        except Exception as error:
            material.run.progress.warning(f"What {name} says of disturbed rows is not known: {error!r}")
