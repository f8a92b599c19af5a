"""Members of an ensemble: a run's models, predictions made with the same folds, outside files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.ensemble.outside import read_outside
from pipeline.errors import StoreError
from pipeline.run.plan import RUNS
from pipeline.run.run import Run
from pipeline.store import MANIFEST, Product, digest, file_digest
from pipeline.validation.cross_validation import mean_of
from pipeline.validation.predictions import Predictions, check_alignment, load_predictions


@dataclass(frozen=True)
class Member:
    """One member, known by name and key before it is read.

    Attributes:
        name: in tables and weights.
        key: changes when its predictions do.
        load: reads the predictions, or makes them from the folds' products.
        sources: the products that it opens.
        parts: the models of the run whose mean it is; () for files, and for predictions of other runs.
    """

    name: str
    key: str
    load: Callable[[], Predictions]
    sources: tuple[Product, ...] = ()
    parts: tuple[str, ...] = ()


def own_members(run: Run) -> list[Member]:
    """Returns the run's own models and the outside files that its configuration names."""
    plan = run.plan

    def own(name: str) -> Member:
        product = run.predictions_product(name)
        return Member(name, product.key, lambda: run.predictions(name), (product,), (name,))

    return [own(name) for name in plan.members] + [
        _outside(run, name) for name in plan.config.ensemble.outside
    ]


def average(name: str, group: list[Member]) -> Member:
    """Returns one member that is the mean of several: a model's seeds, say."""
    if len(group) == 1:
        return group[0]

    def load() -> Predictions:
        parts = [member.load() for member in group]
        return replace(
            parts[0],
            name=name,
            oof=mean_of([part.oof for part in parts]),
            test=mean_of([part.test for part in parts]),
            fold_scores=(),  # the mean's own are not known here, and the parts' are not the mean's
            seconds=sum(part.seconds for part in parts),
            marks=tuple(dict.fromkeys(mark for part in parts for mark in part.marks)),
        )

    sources = tuple(source for member in group for source in member.sources)
    names = tuple(name for member in group for name in member.parts)
    return Member(name, digest([member.key for member in group]), load, sources, names)


def averaged(members: Iterable[Member], group_of: Mapping[str, str]) -> list[Member]:
    """Returns the members, those of a group as one that is their mean, where the first of them stood.

    Args:
        members: in the order of the ensemble.
        group_of: a member's name -> its group's; who is not in it stays alone.
    """
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(group_of.get(member.name, member.name), []).append(member)
    return [average(name, group) for name, group in groups.items()]


def members_on_disk(run: Run, besides: Iterable[Member], runs: Path = RUNS) -> list[Member]:
    """Returns predictions in any run's store that were made with this run's folds and rows.

    Those of other configurations, of models that have left the configuration, and of earlier
    settings of a model are all there. A name that is taken gets its run's name or its key behind it.

    Args:
        run: whose folds they must share.
        besides: members that are known already; the same product is not returned again.
        runs: where all runs lie.
    """
    known = list(besides)
    keys, names = {member.key for member in known}, {member.name for member in known}
    reference = known[0].load() if known else None
    found = []
    for path in sorted(runs.glob("*/products/*-predictions-*/predictions.json")):
        manifest = path.parent / MANIFEST
        if not manifest.is_file():
            continue
        key = json.loads(manifest.read_text(encoding="utf-8"))["key"]
        facts = json.loads(path.read_text(encoding="utf-8"))
        if key in keys or facts["folds_hash"] != run.folds.hash:
            continue
        predictions = load_predictions(path.parent)
        if reference is not None and not _speak_of_the_same(reference, predictions):
            continue
        name = _free_name(facts["name"], path.parts[-4], run.config.competition, key, names)
        keys.add(key)
        names.add(name)
        found.append(Member(name, key, lambda named=replace(predictions, name=name): named))  # type: ignore[misc]
    return found


def _outside(run: Run, name: str) -> Member:
    files = run.config.ensemble.outside[name]
    competition, folds = run.competition, run.folds

    def load() -> Predictions:
        return read_outside(
            name,
            Path(files.oof),
            Path(files.test),
            competition.task,
            competition.ids,
            competition.test_ids,
            folds.assignment[0],
            folds.hash,
        )

    return Member(name, file_digest(Path(files.oof)) + file_digest(Path(files.test)), load)


def _speak_of_the_same(one: Predictions, other: Predictions) -> bool:
    try:
        check_alignment([one, other])
    except StoreError:
        return False
    return True


def _free_name(name: str, run: str, own: str, key: str, taken: set[str]) -> str:
    """Returns the name, with its run before it or its key behind it where it is taken."""
    for candidate in (name if run == own else f"{run}.{name}", f"{run}.{name}", f"{run}.{name}.{key[:6]}"):
        if candidate not in taken:
            return candidate
    return f"{run}.{name}.{key}"
