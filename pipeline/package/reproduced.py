"""A submission made again from a model card: what differs here is said first, then every byte is compared."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.load import load_config
from pipeline.config.schema import Config
from pipeline.data.source import Source
from pipeline.errors import ConfigError, DataError, listing
from pipeline.package.contents import CODE, CONFIG
from pipeline.package.machine import differing, machine
from pipeline.package.made import MADE, data_files, read_made, toolkit
from pipeline.package.versions import differences
from pipeline.package.weights import weights_files
from pipeline.run.run import Run
from pipeline.runners.pool import train_models
from pipeline.stages.audit import audit_before_training
from pipeline.stages.members import averaged, own_members
from pipeline.stages.submission import ensemble_product, own_ensemble, publish, submission_product
from pipeline.store import file_digest

FILE = "submission.csv"


@dataclass(frozen=True)
class Card:
    """A model card that was opened: the record beside it, and the configuration that it names.

    Attributes:
        folder: of the card.
        made: the record, `made.json`.
        config: the configuration, fitted in one process.
    """

    folder: Path
    made: Mapping[str, Any]
    config: Config

    @property
    def name(self) -> str:
        """The competition."""
        return self.config.competition

    def differences(self) -> list[str]:
        """Returns what is not as it was where the submission was made, and so may change its bytes."""
        said, here = self.made["toolkit"], toolkit()
        found = []
        if said["code"] != here["code"]:
            one, other = (f"{which['version']} {which['commit'][:10]}".strip() for which in (said, here))
            found.append(f"the toolkit's code: made with {one}, here {other}")
        versions = differences(self.made["versions"])
        found += [f"{name}: made with {was}, here {now}" for name, (was, now) in versions.items()]
        found += differing(self.made["machine"], machine())
        weights = weights_files(self.config.models.values())
        found += [f"weights {line}" for line in differing(self.made["weights"], weights)]
        if timed := self.made["timed"]:
            found.append(f"what ends by the clock (`max_seconds`), and never twice alike: {listing(timed)}")
        return found

    def check_data(self, source: Source) -> None:
        """Compares the contest's files with those that the submission was made from.

        Raises:
            DataError: names the files that are others, or are not there.
        """
        said, here = self.made["data"], data_files(source)
        others = [name for name, known in said.items() if here.get(name, known) != known]
        lacking, more = (
            [name for name in said if name not in here],
            [name for name in here if name not in said],
        )
        whys = (("others", others), ("missing", lacking), ("not known to the card", more))
        if wrong := [f"{why}: {listing(names)}" for why, names in whys if names]:
            raise DataError(
                f"{source.root} does not hold the files that the submission is of; {'; '.join(wrong)}."
            )

    def make_again(self, run: Run) -> Reproduced:
        """Trains, blends and writes the submission anew, and compares it with the one of the card.

        Args:
            run: of the card's configuration, in a store where nothing of the first run lies.
        """
        with run.plan.store.exclusive(run.progress.message):
            audit_before_training(run)
            train_models(run, ())
            groups = {part: name for name, parts in self.made["averages"].items() for part in parts}
            members = averaged(own_members(run), groups)
            blend = ensemble_product(run, members) if groups else own_ensemble(run)
            product = submission_product(run, blend)
            run.made(product)
            summary = publish(run, product, 0.0)
        path = run.plan.store.root / FILE
        files = {**summary["files"], FILE: file_digest(path)}
        others = [name for name, known in self.made["files"].items() if files.get(name) != known]
        return Reproduced(
            path, self.made["metric"], self.made["score"], summary["cross_fitted_score"], others
        )


@dataclass(frozen=True)
class Reproduced:
    """Outcome: what is the same, and how far apart the scores are.

    Attributes:
        path: the submission that was made again.
        metric: of both scores.
        was, score: cross-fitted, of the card and of here.
        others: the files whose bytes are not those of the card.
    """

    path: Path
    metric: str
    was: float
    score: float
    others: list[str]

    @property
    def same(self) -> bool:
        """Whether the file that is handed in is the same, byte by byte."""
        return FILE not in self.others

    def lines(self) -> list[str]:
        """Says it."""
        if not self.others:
            return [f"{self.path}: the same bytes as the card's, and so are the ensemble's predictions."]
        what = "the same bytes as the card's, but not" if self.same else "other bytes than the card's:"
        scores = f"{self.metric} {self.score:.6g} cross-fitted, the card says {self.was:.6g}"
        return [f"{self.path}: {what} {listing(self.others)}.", scores]


def open_card(card: Path) -> Card:
    """Opens a model card and reads the configuration beside it.

    Args:
        card: the card, or the folder of the package.

    Raises:
        ConfigError: there is no record beside it, or the configuration is not the one that it names.
    """
    folder, made = read_made(card)
    path = folder / CONFIG
    if not made or not path.is_file():
        raise ConfigError(f"{folder} holds no {MADE if not made else CONFIG}: is it a card of make package?")
    if file_digest(path) != made["config"]:
        raise ConfigError(f"{path} is not the configuration that {MADE} names: it was changed since.")
    _find_code(folder / CODE)
    return Card(folder, made, load_config(path, tuned=False))


def _find_code(folder: Path) -> None:
    """Puts a package's own modules before those of the checkout; what it has not, the checkout brings."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not place.is_dir() or place.name == "__pycache__":
            continue
        try:
            package = importlib.import_module(place.name)
        except ModuleNotFoundError:
            sys.path.insert(0, str(folder))
            continue
        paths: Any = package.__path__
        if str(place) not in paths:
            paths.insert(0, str(place))
