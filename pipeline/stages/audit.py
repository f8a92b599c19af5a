"""The audit as a stage: its findings are products, printed by a run and able to stop it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.audit.audit import audit
from pipeline.audit.finding import Finding, refuse
from pipeline.audit.labels import label_finding
from pipeline.data.dense import read_values
from pipeline.data.long_table import fixed_columns, parts_of, rows_of
from pipeline.data.table_file import TableFile
from pipeline.run.run import Run
from pipeline.store import Product, write_json

if TYPE_CHECKING:
    import pandas as pd

AUDIT_VERSION = 3  # raise it when the audit would find something else in the same data


def audit_product(run: Run) -> Product:
    """Findings about the data before a model is trained."""
    config, source = run.config, run.plan.source

    def make(folder: Path) -> None:
        found = audit(
            run.competition,
            run.folds,
            source.open,
            run.competition.kinds,
            config.seed,
            config.threads,
            run.progress.update,
            run.intensity,
            _series(run),
        )
        _write(found, folder)

    material = {"seed": config.seed, "version": AUDIT_VERSION}
    reads = [run.competition_product, run.folds_product, run.intensity_product]
    return run.plan.store.product("audit", material, make, reads, say="audit")


def make_audit(run: Run) -> list[Finding]:
    """Audits the data where that is not done yet; returns the findings, the worst first."""
    product = audit_product(run)
    run.made(product)
    return findings_of(product)


def audit_before_training(run: Run) -> None:
    """Audits, tells what is to be looked at, and refuses to go on where the score would be a lie.

    Raises:
        DataError: names the findings that the configuration does not allow.
    """
    new = not audit_product(run).done()
    findings, allowed = make_audit(run), run.config.audit.allow
    refuse(findings, allowed)
    for found in findings:
        if new and found.name not in allowed:
            run.progress.message(f"audit: {found.line()}")


def refuse_if_stopped(run: Run) -> None:
    """Raises DataError where a finished audit forbids the run; nothing is made."""
    refuse(findings_of(audit_product(run)), run.config.audit.allow)


def labels_product(run: Run, blend: Path) -> Product:
    """The labels that look wrong by the out-of-fold predictions of a blend, given by its folder."""

    def make(folder: Path) -> None:
        competition = run.competition
        oof = read_values(blend / "oof.npy")
        found = label_finding(competition.task, competition.target, oof, competition.ids)
        _write([found] if found else [], folder)

    material = {"ensemble": blend.name, "version": AUDIT_VERSION}
    return run.plan.store.product("labels", material, make, opens=[run.competition_product])


def make_labels(run: Run, blend: Path) -> list[Finding]:
    """Looks for labels that look wrong by the out-of-fold predictions of a blend, given by its folder."""
    product = labels_product(run, blend)
    run.made(product)
    return findings_of(product)


def newest_blend(run: Run) -> Path | None:
    """Returns the folder of the newest published blend of the same rows and folds, or None."""
    root = run.plan.store.root
    try:
        summary = json.loads((root / "submission.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    folder = root / summary["ensemble"]["folder"]
    return folder if summary["folds"] == run.folds.hash and (folder / "oof.npy").exists() else None


def findings_of(product: Product) -> list[Finding]:
    """Reads the findings of a finished audit."""
    facts: list[dict[str, Any]] = json.loads((product.path / "findings.json").read_text(encoding="utf-8"))
    return [Finding(**fact) for fact in facts]


def lines_of(findings: Sequence[Finding], run: Run) -> list[str]:
    """Returns a line for each finding that the configuration does not allow."""
    return [found.line() for found in findings if found.name not in run.config.audit.allow]


def _series(run: Run) -> tuple[pd.DataFrame, pd.DataFrame, str] | None:
    """Returns what is the same all along the series of a long table, of training and test, and its name."""
    data, source, competition = run.config.data, run.plan.source, run.competition
    if data.arrays is None or data.arrays.table is None:
        return None
    file, by = data.arrays.table, data.arrays.by or competition.id
    found = {
        name: fixed_columns(parts_of(TableFile.open(source, name, data), None, by, "data.arrays"), by)
        for name in dict.fromkeys([file, data.arrays.test_table or file])
    }
    train, test = found[file], found[data.arrays.test_table or file]
    return rows_of(train, competition.ids), rows_of(test, competition.test_ids), file


def _write(findings: Sequence[Finding], folder: Path) -> None:
    write_json(folder / "findings.json", [found.to_json() for found in findings])
