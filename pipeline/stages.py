"""The order of the stages, and nothing else: each reads products of earlier ones."""

from __future__ import annotations

import importlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.load import competition_module
from pipeline.config.schema import Config
from pipeline.data.source import Source, open_source
from pipeline.ensemble import final
from pipeline.errors import DataError
from pipeline.metrics import find_metric
from pipeline.plan import Plan
from pipeline.progress import Progress
from pipeline.run import Run
from pipeline.store import file_digest, write_atomically, write_json
from pipeline.submission import submission_text, verify_submission

Summary = dict[str, Any]


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
    if plan.only_fold is None and plan.submission.done():
        return publish(plan, time.monotonic())
    started = time.monotonic()
    run = Run(plan, progress)
    for name in plan.models:
        run.train_model(name)
    if plan.only_fold is not None:
        return None
    make_submission(run)
    return publish(plan, started)


def make_ensemble(run: Run) -> Path:
    """Blends the members' predictions; returns the folder of the product."""
    plan, config = run.plan, run.plan.config

    def make(folder: Path) -> None:
        members = [run.predictions(name) for name in plan.members]
        metric, folds = find_metric(config.metric), run.folds.assignment[0]
        made = final.make_ensemble(
            members, run.competition.target, metric, folds, config.ensemble, config.seed
        )
        np.save(folder / "oof.npy", made.oof)
        np.save(folder / "test.npy", made.test)
        if made.test_labels is not None:
            np.save(folder / "test_labels.npy", made.test_labels)
        write_json(folder / "ensemble.json", made.facts)

    return run.made(plan.ensemble, make)


def make_submission(run: Run) -> Path:
    """Writes and verifies the submission; returns the folder of the product."""
    plan, competition = run.plan, run.competition
    ensemble = make_ensemble(run)

    def make(folder: Path) -> None:
        labels = ensemble / "test_labels.npy"
        text = submission_text(
            competition,
            np.load(ensemble / "test.npy", allow_pickle=False),
            np.load(labels, allow_pickle=False) if labels.exists() else None,
            plan.config.submission,
        )
        verify_submission(text, competition)
        (folder / "submission.csv").write_text(text, encoding="utf-8")
        write_json(folder / "submission.json", _manifest(run, ensemble, folder / "submission.csv"))

    return run.made(plan.submission, make)


def _manifest(run: Run, ensemble: Path, submission: Path) -> Summary:
    """What made a submission: enough to judge it, and to make it again."""
    config = run.plan.config
    facts = json.loads((ensemble / "ensemble.json").read_text(encoding="utf-8"))
    metric = find_metric(config.metric)
    models = {}
    for name in run.plan.members:
        predictions = run.predictions(name)
        scored = predictions.scored
        models[name] = {
            "kind": config.models[name].kind,
            "score": metric(run.competition.target[scored], predictions.oof[scored]),
            "fold_scores": list(predictions.fold_scores),
            "optimistic": config.models[name].validate_on == "fold",
            "weight": facts["weights"].get(name),
            "seconds": predictions.seconds,
        }
    return {
        "competition": config.competition,
        "metric": config.metric,
        "greater_is_better": metric.greater_is_better,
        "cross_fitted_score": facts["cross_fitted_score"],
        "ensemble": facts,
        "models": models,
        "seconds": sum(model["seconds"] for model in models.values()),
        "folds": run.plan.folds.key,
        "config": config.model_dump(mode="json"),
        "files": {
            "submission.csv": file_digest(submission),
            **{
                f"{name}/oof.npy": file_digest(run.plan.predictions(name).path / "oof.npy") for name in models
            },
        },
    }


def publish(plan: Plan, started: float) -> Summary:
    """Copies the finished submission to `runs/NAME/` and returns its manifest."""
    folder, root = plan.submission.path, plan.store.root
    write_atomically(root / "submission.csv", (folder / "submission.csv").read_bytes())
    write_atomically(root / "submission.json", (folder / "submission.json").read_bytes())
    summary: Summary = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    return summary | {"path": str(root / "submission.csv"), "elapsed": time.monotonic() - started}


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
