"""Page of a run: `runs/NAME/report.html`, made of the products that there are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pipeline.audit.finding import Finding
from pipeline.board import FILE, Board
from pipeline.config.schema import EnsembleConfig, FoldsConfig
from pipeline.errors import ModelError
from pipeline.registry import MODELS
from pipeline.reports.material import Blended, Material
from pipeline.reports.page import HEAD, VERSION, made_of, render
from pipeline.reports.robustness_products import LABEL, measure_robustness
from pipeline.reports.wanted import LABEL as WANTED
from pipeline.reports.wanted import draw_wanted
from pipeline.run.run import Run
from pipeline.stages.audit import audit_product, findings_of, labels_product, newest_blend
from pipeline.stages.report import report_product
from pipeline.store import MANIFEST, digest, file_digest, write_atomically

PAGE = "report.html"
SEARCHES = "search"  # the folder of a run's searches


def publish_page(run: Run, again: bool = False) -> Path:
    """Writes the page of a run, where what it shows has changed; returns its path.

    Args:
        run: whose products are shown: those that are there, be the run whole or killed.
        again: write it in any case, and ask networks of pictures for disturbed ones, and for those that they
            want to see, where nobody has yet.

    Raises:
        ModelError: not even the data have been read yet.
    """
    path = run.plan.store.root / PAGE
    if not run.competition_product.done():
        raise ModelError(f"Nothing of {run.config.competition} is there to report on. Run train first.")
    material = material_of(run)
    if again:
        measure_robustness(material)
        draw_wanted(material)
    key = key_of(material)
    if not again and path.exists():
        with path.open("rb") as file:
            if made_of(file.read(HEAD)) == key:
                return path
    text = render(material, key, run.progress.warning)
    write_atomically(path, text.encode("utf-8"))
    return path


def reported(run: Run) -> Run:
    """Returns the run that a page is of: the one asked for, or the one that was handed in last.

    A budget trains other models than the configuration names: the same with less time, in larger steps, on
    fewer folds. Where nothing of the configuration was trained since a file was handed in, the page is of
    what made that file.
    """
    path = run.plan.store.root / "submission.json"
    if not path.exists() or run.trained():
        return run
    fits = [run.fit_product(name, fold) for name in run.plan.models for fold in run.plan.fits[name]]
    handed_in = path.stat().st_mtime
    if any(fit.done() and (fit.path / MANIFEST).stat().st_mtime > handed_in for fit in fits):
        return run
    said = json.loads(path.read_text(encoding="utf-8"))["config"]
    models = {
        name: MODELS.get(section["kind"]).Config.model_validate(section)
        for name, section in said["models"].items()
    }
    update = {
        "models": models,
        "folds": FoldsConfig.model_validate(said["folds"]),
        "ensemble": EnsembleConfig.model_validate(said["ensemble"]),
    }
    return Run(replace(run.plan, config=run.config.model_copy(update=update), only=None), run.progress)


def material_of(run: Run) -> Material:
    """Returns what a report is made of; nothing is trained, and nothing made but the folds."""
    blended = _newest(run)
    products = [audit_product(run)]
    if blended:
        products.append(labels_product(run, blended.folder))
    findings: list[Finding] = []
    for product in products:
        findings += findings_of(product) if product.done() else []
    studied = report_product(run) if run.plan.reports else None
    return Material(
        run,
        tuple(findings),
        blended,
        Board.open(run.plan.store.root),
        studied.path if studied and studied.done() else None,
    )


def _newest(run: Run) -> Blended | None:
    """Returns the ensemble that was handed in last, if it was made with the folds of this configuration."""
    folder = newest_blend(run)
    if folder is None:
        return None
    summary = json.loads((run.plan.store.root / "submission.json").read_text(encoding="utf-8"))
    return Blended(folder, summary, _stale(run, summary["config"]["models"]))


def _stale(run: Run, models: dict) -> str:
    """Says which models of an ensemble are no longer those of the configuration."""
    own = {name: run.plan.section(name).model_dump(mode="json") for name in run.plan.models}
    changed = [name for name, section in own.items() if models.get(name) != section]
    if not changed:
        return ""
    return (
        f"The ensemble was made before the configuration changed ({', '.join(changed)}): "
        "train again, and it will be of these models."
    )


def key_of(material: Material) -> str:
    """Names everything that the page is made of."""
    run, root = material.run, material.run.plan.store.root
    fits = [fit.path.name for one in material.trained.values() for fit in (one.product(f) for f in one.done)]
    files = [root / "submission.json", root / FILE, *sorted((root / SEARCHES).rglob("*.png"))]
    known = [[str(path), file_digest(path)] for path in files if path.exists()]
    findings = [found.to_json() for found in material.findings]
    products = run.plan.store.products
    shaken = sorted(path.name for label in (LABEL, WANTED) for path in products.glob(f"*-{label}-*"))
    config = run.config.model_dump(mode="json")
    return digest([VERSION, config, fits, known, findings, shaken, str(material.studied)])
