"""An opened package: checked, then asked for the answers of a test that it has never seen."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from pipeline.config.load import load_config
from pipeline.config.schema import Config
from pipeline.data.competition import Competition
from pipeline.data.dense import numbers_of
from pipeline.data.new_rows import read_test
from pipeline.data.source import FolderSource, Source
from pipeline.data.submission import append_pixels, submission_text, verify_pixels, verify_submission
from pipeline.errors import DataError, ModelError, StoreError, listing
from pipeline.package.contents import (
    BROUGHT,
    CODE,
    CONFIG,
    FACTS,
    OOF,
    PROBE,
    PROBED,
    RUN,
    SHOWN_ROWS,
    shown_values,
)
from pipeline.package.finished import Finished, peak_memory
from pipeline.package.source import ContestSource, find_contest
from pipeline.package.versions import MISSING, differences
from pipeline.package.weights import brought_weights
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.stages.answers import Answered, answers, needed
from pipeline.stages.blend import Blend
from pipeline.store import Store, replaced

SAME = 1e-5  # of the probe's values, against the largest of them: another order of adding up
ALIKE = 1e-3  # above, it is another model


class Stopwatch(Progress):
    """Counts the seconds of every model; is silent.

    Attributes:
        seconds: by model.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun = ("", 0.0)

    def begin(self, label: str, step: int, steps: int) -> None:
        self._begun = (label.partition(" ")[0], time.monotonic())

    def end(self, text: str) -> None:
        name, begun = self._begun
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun


@dataclass(frozen=True)
class Package:
    """A package and the contest's files, found.

    Attributes:
        root: the data set's folder.
        facts: what was noted when it was made.
        run: the run that it carries, as far as predicting needs it.
        blend: of its models.
    """

    root: Path
    facts: Mapping[str, Any]
    run: Run
    blend: Blend

    @property
    def source(self) -> Source:
        """The contest's files as they lie here."""
        return self.run.plan.source

    def summary(self) -> str:
        """Says what it holds."""
        models = listing(needed(self.run, self.blend))
        low_high = self.facts.get("interval")
        interval = f" (95 %: {low_high[0]:.5g} to {low_high[1]:.5g})" if low_high else ""
        return (
            f"{self.facts['competition']}: {self.facts['metric']} {self.facts['score']:.5g} "
            f"cross-fitted{interval}; {models}; {len(self.run.plan.answering)} fits of each"
        )

    def check(self) -> list[str]:
        """Predicts rows whose answers are known, and says what is different here; the notebook begins by it.

        Returns:
            Lines on libraries of other versions, and on how near the answers are.

        Raises:
            ModelError: the models cannot be opened here, or answer something else; says which libraries
                have other versions than those that the models were made with.
        """
        others = differences(self.facts["versions"])
        said = listing([f"{name} {here} (made with {was})" for name, (was, here) in others.items()], most=30)
        if lacking := [name for name, (_, here) in others.items() if here == MISSING]:
            raise ModelError(f"Libraries that the models need are not here: {listing(lacking)}.")
        because = f"Other versions than it was made with: {said}." if others else "All versions are the same."
        try:
            found = self._probed()
        except Exception as error:  # whatever a library of another version raises
            raise ModelError(f"The package cannot predict here: {error} {because}") from error
        known = numbers_of(np.load(self.root / PROBED, allow_pickle=False))
        away = float(
            np.max(np.abs(found - known), initial=0.0) / max(np.max(np.abs(known), initial=0.0), 1e-12)
        )
        if not away <= ALIKE:
            raise ModelError(
                f"The package predicts something else here: {len(known)} known rows are off by {away:.2g} of "
                f"their largest value. {because}"
            )
        near = "the same" if away <= SAME else f"off by {away:.2g} of the largest value"
        return [because, f"{len(known)} rows with known answers are predicted again: {near}."]

    def read_test(self) -> Competition:
        """Reads the test rows and the sample that lie here now.

        Rows whose picture, clip or array is not there or cannot be decoded are answered by the prior,
        whatever the configuration says of its own: a hidden test is handed in whole or not at all.

        Raises:
            DataError: they do not fit what the models were trained with.
        """
        run, config = self.run, forgiving(self.run.config)
        return read_test(self.source, config, run.competition, self.source, run.features)

    def predict(self, test: Competition, out: Path, most: int | None = None) -> Finished:
        """Answers for the test rows and writes the file that is handed in, a block of rows at a time.

        Every block is verified as a submission is; the file takes its place when all are written.

        Args:
            test: of `read_test`.
            out: "submission.csv".
            most: rows of a block; default: what fits into a part of the memory.
        """
        run, started, shown, rows, prior = self.run, time.monotonic(), [], 0, 0
        if isinstance(run.progress, Stopwatch):
            run.progress.seconds.clear()  # those of the check
        step = -(-len(test.sample_ids) // SHOWN_ROWS) or 1
        with replaced(out) as file:
            for one in answers(run, self.blend, test, self.source, most):
                handed = one.handed
                self._write(one, file, begins=not rows)
                shown.append(shown_values(handed.values[::step], run.competition.task.dense))
                rows, prior = rows + len(one.competition.sample_ids), prior + len(one.competition.by_prior)
            if test.pixel_rows is not None:
                file.flush()
                verify_pixels(Path(file.name), test)
        oof = np.load(self.root / OOF, allow_pickle=False)
        seconds = time.monotonic() - started
        outputs = ("mean",) if run.competition.task.dense else run.competition.task.outputs
        watch = run.progress
        of_models = dict(watch.seconds) if isinstance(watch, Stopwatch) else {}
        return Finished(
            out, rows, prior, seconds, peak_memory(), outputs, oof, np.concatenate(shown), of_models
        )

    def _write(self, one: Answered, file: TextIO, begins: bool) -> None:
        """Writes a block's lines; of a row for each pixel the whole file is verified when all are there."""
        handed, asked = one.handed, self.run.config.submission
        if one.competition.pixel_rows is not None:
            append_pixels(one.competition, handed.values, file, asked.decimals, begins)
            return
        text = submission_text(one.competition, handed.values, handed.labels, asked)
        verify_submission(text, one.competition)
        file.write(text if begins else text.partition("\n")[2])

    def _probed(self) -> np.ndarray:
        """Returns float64 (rows, numbers) for the rows that the package brings."""
        probe, source = self.run.competition, FolderSource(self.root / PROBE)
        found = [one.handed.values for one in answers(self.run, self.blend, probe, source)]
        return numbers_of(np.concatenate(found))


def forgiving(config: Config) -> Config:
    """Returns the configuration that goes on without rows whose picture, clip or array cannot be used."""
    update: dict[str, Any] = {"broken_pictures": "leave_out"}
    for name in ("sound", "arrays"):
        if section := getattr(config.data, name):
            update[name] = section.model_copy(update={"broken": "leave_out"})
    return config.model_copy(update={"data": config.data.model_copy(update=update)})


def open_package(root: Path, inputs: Path, progress: Progress | None = None) -> Package:
    """Opens a package where the contest's files lie somewhere else than where it was made.

    Args:
        root: the data set's folder.
        inputs: the folder in which the contest's files are: "/kaggle/input".
        progress: told what goes on.

    Raises:
        DataError: there is no package, or there are no files of the contest.
        StoreError: files of the package are missing.
    """
    if not (root / FACTS).is_file():
        raise DataError(f"{root} holds no package: it has no {FACTS}.")
    facts = json.loads((root / FACTS).read_text(encoding="utf-8"))
    brought_weights(facts, root)
    data = load_config(root / CONFIG, tuned=False).data
    return package_of(root, facts, find_contest(inputs, data.train, data.sample), progress)


def package_of(
    root: Path, facts: Mapping[str, Any], contest: Source, progress: Progress | None = None
) -> Package:
    """Returns the package in a folder, and the contest's files that it is to be used on.

    Args:
        root: the data set's folder.
        facts: what was noted when it was made.
        contest: the files.
        progress: told what goes on.

    Raises:
        StoreError: files of the package are missing.
    """
    code = str(root / CODE)
    if code not in sys.path:
        sys.path.insert(0, code)
    brought_weights(facts, root)
    config = load_config(root / CONFIG, tuned=False)
    source = ContestSource(contest, FolderSource(root / BROUGHT), facts["fingerprint"])
    plan = Plan(config, source, Store(root / RUN), tuple(facts["models"]))
    run = Run(plan, progress or Stopwatch())
    if not run.competition_product.done():
        raise StoreError(f"{root} is not whole, or another version of the toolkit made it.")
    blend = Blend.load(root / RUN / "products" / facts["ensemble"], run.metric())
    models = needed(run, blend)
    products = [run.fit_product(name, fold) for name in models for fold in plan.answering]
    products += [product for name in models for product in run.input_products(name).values()]
    if lacking := [product.path.name for product in products if not product.done()]:
        raise StoreError(f"{root} is not whole: {listing(lacking)}.")
    return Package(root, facts, run, blend)
