"""Model card: what is in a package, what it was made of, how good it is, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.schema import ModelConfig
from pipeline.data.folds import fold_kind
from pipeline.networks.backbones import BACKBONES
from pipeline.run.run import Run

CARD = """\
# {name}

A package of trained models for the contest `{slug}`: {models}. It answers for new rows of the contest; its
notebook hands them in. Made by the pipeline toolkit {toolkit}.

## How good it is

{metric} **{score:.5g}**, cross-fitted{interval}: every row was answered by models that were not trained on
its fold, blended by weights learned without it.
{marks}
| model | kind | {metric} | weight | seconds of training |
|---|---|---|---|---|
{table}

## Data and folds

{rows:,} training rows, {test_rows:,} test rows of the contest's files.{left_out} The fingerprint of the
files is `{fingerprint}`. Folds: {folds} (hash `{folds_hash}`), drawn once and shared by every
model. {fits} fits of each model answer for new rows by their mean.

The package holds {probe} test rows of the contest and the ids and targets of its training rows: use and share
it as the contest's rules allow.

## Licences

The toolkit: MIT. {weights}

## How to make it again

In a checkout of the toolkit (its commit, and the hash of every file of data, are in `made.json`), with the
libraries below and the contest's files, run

    make reproduce CARD=path/to/this/folder DATA=path
{again}
Libraries: {versions}.
"""


def write_card(run: Run, facts: Mapping[str, Any], manifest: Mapping[str, Any], path: Path) -> None:
    """Writes the card.

    Args:
        run: the run that was packed.
        facts: what was noted of the package.
        manifest: of the submission: members, scores, hashes.
        path: the file.
    """
    config, competition = run.config, run.competition
    interval, submission = facts["interval"], manifest.get("files", {}).get("submission.csv")
    low_high = f" (95 % interval: {interval[0]:.5g} to {interval[1]:.5g})" if interval else ""
    again = (
        "\nIt says first what is not as it was, and then compares every byte: on a machine of the same kind "
        f"submission.csv has the SHA-256 `{submission}`.\n"
    )
    counts = [f"{why}: {len(ids):,}" for why, ids in competition.left_out.items()]
    text = CARD.format(
        name=f"{config.competition}: trained models",
        slug=facts["slug"],
        models=", ".join(facts["models"]),
        toolkit=facts["toolkit"],
        metric=facts["metric"],
        score=facts["score"],
        interval=low_high,
        marks="".join(f"\nOptimistic: {mark}.\n" for mark in manifest["optimistic"]),
        table="\n".join(_row(name, one) for name, one in manifest["models"].items()),
        rows=len(competition.ids),
        test_rows=len(competition.sample_ids),
        fingerprint=facts["fingerprint"][:16],
        left_out=f" Left out: {'; '.join(counts)}." if counts else "",
        folds=f"{config.folds.n} of kind `{fold_kind(config.folds)}`",
        folds_hash=manifest["folds"][:16],
        fits=len(run.plan.answering),
        probe=facts["probe"],
        weights=_weights({name: run.plan.section(name) for name in facts["models"]}),
        config=config.competition,
        again=again if submission else "",
        versions=", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
    )
    path.write_text(text, encoding="utf-8")


def _row(name: str, facts: Mapping[str, Any]) -> str:
    weight = "" if facts["weight"] is None else f"{facts['weight']:.3f}"
    return f"| {name} | {facts['kind']} | {facts['score']:.5g} | {weight} | {facts['seconds']:.0f} |"


def _weights(models: Mapping[str, ModelConfig]) -> str:
    """Says where the weights that networks began with come from, and under what licence."""
    found = []
    for name, section in models.items():
        said = getattr(section, "weights_kind", "none")
        if said == "imagenet":
            record = BACKBONES[section.backbone]  # type: ignore[attr-defined]
            found.append(f"{name} began with the ImageNet weights of {section.backbone} ({record.licence})")  # type: ignore[attr-defined]
        elif said in ("file", "folder"):
            found.append(f"{name} began with the weights in {section.weights}, whose licence its giver says")  # type: ignore[attr-defined]
    return f"Weights: {'; '.join(found)}." if found else "No model began with weights of somebody else."
