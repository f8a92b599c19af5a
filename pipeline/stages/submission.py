"""From members to the file that is handed in: ensemble, submission, manifest."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.board import Board
from pipeline.config.metric import metric_key, metric_name, metric_of
from pipeline.config.schema import Config
from pipeline.data.dense import read_values
from pipeline.data.folds import fold_kind
from pipeline.data.submission import submission_text, verify_submission, write_pixels
from pipeline.ensemble.ensemble import make_ensemble
from pipeline.ensemble.split import Split
from pipeline.run.run import Run
from pipeline.stages.members import Member, own_members
from pipeline.store import Product, copy_atomically, file_digest, write_json
from pipeline.validation.predictions import Predictions

Summary = dict[str, Any]

BLEND_VERSION = 3  # raise it when the same members would be blended in another way


def ensemble_product(run: Run, members: list[Member]) -> Product:
    """The blend of these members: out of fold and for the test rows, fitted, and what it is made of."""
    config = run.config

    def make(folder: Path) -> None:
        metric, target = run.metric(), run.competition.target
        predictions = [member.load() for member in members]
        split = level_2_split(run)
        made = make_ensemble(predictions, target, metric, split, config.ensemble, config.seed)
        np.save(folder / "oof.npy", made.oof)
        for name, handed in (("test", made.test), ("second_test", made.second)):
            if handed is not None:
                np.save(folder / f"{name}.npy", handed.values)
            if handed is not None and handed.labels is not None:
                np.save(folder / f"{name}_labels.npy", handed.labels)
        made.fitted.save(folder / "fitted")
        facts = made.facts | {"members": _member_facts(run, predictions, made.facts)}
        if made.error_correlation is not None:
            facts["error_correlation"] = made.error_correlation.round(4).tolist()
        facts["averages"] = {one.name: list(one.parts) for one in members if len(one.parts) > 1}
        write_json(folder / "ensemble.json", facts)

    material = {
        "members": {member.name: member.key for member in members},
        "ensemble": config.ensemble.model_dump(exclude={"members", "outside"}),
        "made_with": [metric_key(config.metric), config.seed, BLEND_VERSION],
    }
    opens = [run.competition_product, *(source for member in members for source in member.sources)]
    return run.plan.store.product("ensemble", material, make, [run.folds_product], opens)


def level_2_split(run: Run) -> Split:
    """Returns how the rows were held apart, as far as the ensemble must know."""
    groups, folds = run.competition.splitter, run.folds
    if fold_kind(run.config.folds) not in ("group", "stratified_group"):
        groups = None
    numbers = None if groups is None else np.unique(groups, return_inverse=True)[1]
    return Split(folds.assignment[0], numbers, folds.ordered)


def submission_product(run: Run, ensemble: Product) -> Product:
    """The file that is handed in, written and verified; the second choice; what made them."""

    def make(folder: Path) -> None:
        _write(run, ensemble, "test", folder / "submission.csv")
        if (ensemble.path / "second_test.npy").exists():
            _write(run, ensemble, "second_test", folder / "second_submission.csv")
        write_json(folder / "submission.json", _manifest(run, ensemble, folder))

    material = {"submission": run.config.submission.model_dump()}
    reads = [ensemble, run.competition_product]
    return run.plan.store.product("submission", material, make, reads)


def own_submission(run: Run) -> Product:
    """The submission of the run's own members."""
    return submission_product(run, own_ensemble(run))


def own_ensemble(run: Run) -> Product:
    """The blend of the run's own members."""
    product: Product = run.once("own ensemble", lambda: ensemble_product(run, own_members(run)))
    return product


def publish(run: Run, product: Product, started: float, asked: Config | None = None) -> Summary:
    """Copies a finished submission to `runs/NAME/`, notes it on the board.

    Args:
        run: whose submission it is.
        product: the submission.
        started: when the run began, by the clock that never goes back.
        asked: the configuration that was asked for, where a budget made another of it.

    Returns:
        Its manifest.
    """
    root = run.plan.store.root
    for name in ("submission.csv", "second_submission.csv", "submission.json"):
        if (product.path / name).exists():
            copy_atomically(product.path / name, root / name)
        else:
            (root / name).unlink(missing_ok=True)
    summary: Summary = json.loads((product.path / "submission.json").read_text(encoding="utf-8"))
    if asked is not None:
        summary["asked"] = trained_sections(asked)
        write_json(root / "submission.json", summary)
    said = run.config.model_dump(mode="json", exclude_defaults=True)
    Board.open(root).record_run(summary, said, f"{os.getpid()}-{started}")
    return summary | {"path": str(root / "submission.csv"), "elapsed": time.monotonic() - started}


def trained_sections(config: Config) -> dict[str, Any]:
    """Returns the sections of a configuration that a budget may change, as a manifest holds them."""
    return config.model_dump(mode="json", include={"models", "folds", "ensemble"})


def _write(run: Run, ensemble: Product, name: str, path: Path) -> None:
    competition, values = run.competition, read_values(ensemble.path / f"{name}.npy")
    if competition.pixel_rows is not None:
        write_pixels(competition, values, path, run.config.submission.decimals)
        return
    labels = ensemble.path / f"{name}_labels.npy"
    text = submission_text(
        competition,
        values,
        np.load(labels, allow_pickle=False) if labels.exists() else None,
        run.config.submission,
    )
    verify_submission(text, competition)
    path.write_text(text, encoding="utf-8")


def _member_facts(run: Run, members: list[Predictions], facts: dict[str, Any]) -> dict[str, Any]:
    models = run.config.models
    found = {}
    for member in members:
        section = models.get(member.name)
        found[member.name] = {
            "kind": section.kind if section else "outside",
            "score": facts["member_scores"][member.name],
            "fold_scores": facts["member_fold_scores"][member.name],
            "optimistic": list(member.marks),
            "weight": facts["weights"].get(member.name, 0.0) if facts["weights"] else None,
            "seconds": member.seconds,
        }
    return found


def _manifest(run: Run, ensemble: Product, folder: Path) -> Summary:
    """Record of what made a submission: enough to judge it, and to make it again."""
    config = run.config
    facts = json.loads((ensemble.path / "ensemble.json").read_text(encoding="utf-8"))
    models = facts.pop("members")
    files = [*sorted(folder.glob("*.csv")), ensemble.path / "oof.npy", ensemble.path / "test.npy"]
    return {
        "competition": config.competition,
        "metric": metric_name(config.metric),
        "greater_is_better": metric_of(config.metric).greater_is_better,
        "cross_fitted_score": facts["cross_fitted_score"],
        "optimistic": [f"{name}: {mark}" for name, model in models.items() for mark in model["optimistic"]],
        "ensemble": facts | {"folder": str(ensemble.path.relative_to(run.plan.store.root))},
        "models": models,
        "left_out": {why: len(ids) for why, ids in run.competition.left_out.items()},
        "seconds": sum(model["seconds"] for model in models.values()),
        "folds": run.folds.hash,
        "config": config.model_dump(mode="json"),
        "files": {path.name: file_digest(path) for path in files},
    }
