"""A search for features from beginning to end: parts with rows held back, the verdict, the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist

import numpy as np

from pipeline.clock import Clock
from pipeline.config.feature_section import Origin
from pipeline.progress import Progress
from pipeline.run.run import Run
from pipeline.search.features.candidates import Candidate
from pipeline.search.features.file import write_features
from pipeline.search.features.fits import ShortFits
from pipeline.search.features.held_part import FeaturePart
from pipeline.search.gain import Gain, mean_gain
from pipeline.search.parts import part_of, parts_for

BY_LUCK = 0.1  # the probability that any of the features that are kept gains nothing


@dataclass(frozen=True)
class FoundFeature:
    """A feature that some part chose, over all parts: one that did not choose it gained nothing by it.

    Attributes:
        candidate: the feature.
        claimed: mean gain on the folds that chose it: too good.
        gain: mean gain on the rows that no step of the search has seen.
        kept: whether it is written.
    """

    candidate: Candidate
    claimed: float
    gain: Gain
    kept: bool


@dataclass(frozen=True)
class FeatureOutcome:
    """Outcome of a search for features.

    Attributes:
        found: what was confirmed or was not, the largest gains first.
        tried: how many candidates there were.
        rows: that confirmed.
        metric: that the gains are of.
        stopped: whether somebody ended it before its time.
        file: that was written.
    """

    found: list[FoundFeature]
    tried: int
    rows: int
    metric: str
    stopped: bool
    file: Path

    @property
    def kept(self) -> list[FoundFeature]:
        return [one for one in self.found if one.kept]

    @property
    def luck(self) -> float:
        """Part of what all that was chosen claims that the unseen rows do not confirm."""
        return float(sum(one.claimed - one.gain.value for one in self.found))


@dataclass
class FeatureSearch:
    """A search for features of a run's table.

    Attributes:
        run: its configuration has no feature of an earlier search.
        budget: seconds.
        progress: who is told.
        parts: that have ended; of the last one what was confirmed when it was stopped.
    """

    run: Run
    budget: float
    progress: Progress
    parts: list[FeaturePart] = field(default_factory=list)

    def search(self, file: Path, started: float | None = None) -> FeatureOutcome:
        """Searches and writes what is confirmed; Ctrl-C or the budget's end leaves what is so far.

        Args:
            file: `configs/NAME.features.yaml`.
            started: when the budget began, by `Clock.now`; default: now.

        Raises:
            DataError: the competition has no table, or asks for several values.
        """
        deadline = (Clock.now() if started is None else started) + self.budget
        fits = ShortFits(self.run)
        stopped = False
        try:
            self._search_parts(fits, deadline)
        except KeyboardInterrupt:
            stopped = True
        found = judge(self.parts)
        tried = max((part.tried for part in self.parts), default=0)
        rows = sum(len(part.part.outer.valid) for part in self.parts)
        outcome = FeatureOutcome(found, tried, rows, fits.metric.name, stopped, file)
        if self.parts:
            write_features(file, outcome_lines(outcome), yaml_of(outcome), origins_of(outcome))
        return outcome

    def _search_parts(self, fits: ShortFits, deadline: float) -> None:
        """Searches part after part, each with its share of the time."""
        count = parts_for(self.run, np.inf)
        for number in range(count):
            left = deadline - Clock.now()
            if left <= 0:
                return
            until = Clock.now() + left / (count - number)
            part = part_of(self.run, number)
            held = len(part.outer.valid)
            self.progress.message(f"{part.outer.label} held back: no step of the search sees its {held} rows")
            one = FeaturePart(fits, part, until, self.progress)
            try:
                one.run()
            except KeyboardInterrupt:
                if one.confirmed and not self.parts:
                    self.parts.append(one)
                raise
            self.parts.append(one)


def judge(parts: list[FeaturePart]) -> list[FoundFeature]:
    """Decides by the held-back rows alone, on which nothing was chosen.

    A feature is kept where its gain there is above zero by so many standard errors that the chance that
    any of those compared is kept by luck alone stays at a tenth (Bonferroni).
    """
    named = {str(one.candidate.yaml): one.candidate for part in parts for one in part.confirmed}
    if not named:
        return []
    sure = NormalDist().inv_cdf(1.0 - BY_LUCK / len(named))
    found = []
    for said, candidate in named.items():
        claims, gains = [], []
        for part in parts:
            own = [one for one in part.confirmed if str(one.candidate.yaml) == said]
            claims.append(own[0].claimed if own else 0.0)
            gains.append(own[0].gain if own else Gain(0.0, 0.0, len(part.part.outer.valid)))
        gain = mean_gain(gains)
        kept = gain.value > sure * gain.error
        found.append(FoundFeature(candidate, float(np.mean(claims)), gain, kept))
    return sorted(found, key=lambda one: (-one.kept, -one.gain.value))


def yaml_of(outcome: FeatureOutcome) -> dict[str, dict]:
    """Returns the features that are kept as the YAML writes them."""
    return {one.candidate.name: one.candidate.yaml for one in outcome.kept}


def origins_of(outcome: FeatureOutcome) -> dict[str, Origin]:
    """Returns what is known of the features that are kept."""
    return {
        one.candidate.name: Origin(
            str(outcome.file), one.claimed, one.gain.value, one.gain.error, one.gain.rows
        )
        for one in outcome.kept
    }


def outcome_lines(outcome: FeatureOutcome) -> list[str]:
    """Returns what a person should know, a line each."""
    lines = [f"{outcome.tried} candidates, {len(outcome.found)} chosen, {len(outcome.kept)} kept"]
    if not outcome.found:
        lines.append("none gains even on the folds that would choose it")
    for one in outcome.found:
        end = "kept" if one.kept else "not sure, left out"
        lines.append(
            f"{one.candidate.name}: {one.gain} {outcome.metric} on {one.gain.rows} unseen rows "
            f"(claimed {one.claimed:+.5f}): {end}"
        )
    if outcome.found:
        claimed = sum(one.claimed for one in outcome.found)
        share = f", {outcome.luck / claimed:.0%} of it" if claimed > 0 and outcome.luck > 0 else ""
        lines.append(f"of the {claimed:.5f} that they claim, {max(outcome.luck, 0.0):.5f} was luck{share}")
    return lines
