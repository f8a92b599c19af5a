"""One part of a search for features: rows that screen and choose, and others that confirm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.clock import Clock
from pipeline.data.features.base import Feature
from pipeline.errors import DataError
from pipeline.progress import Progress
from pipeline.search.features.candidates import Candidate, find_candidates
from pipeline.search.features.fits import ADDITIVE, ShortFits, some_of
from pipeline.search.features.screen import Unsaid, screen, sources_of
from pipeline.search.gain import Gain, measure_gain
from pipeline.search.parts import Part, groups_of

MOST_SCREENED = 30_000  # rows
MOST_CHOSEN = 6  # features of a part
LOOK = 2  # folds after which a candidate that gained nothing is given up
SCREENING = 0.4  # of the time that is left for it
ALONE = 0.5  # of the time that is left then must be there when candidates are tried together


@dataclass(frozen=True)
class Confirmed:
    """A feature that the folds of a part chose, and what the part's held-back rows say of it.

    Attributes:
        candidate: the feature.
        claimed: what it gains, beside those chosen before it, on the folds that chose it.
        gain: the same on the rows that no step of the search has seen.
    """

    candidate: Candidate
    claimed: float
    gain: Gain


@dataclass
class FeaturePart:
    """A part of the search: what is screened and chosen knows the part's other rows only.

    Attributes:
        fits: short boosting on the run's table.
        part: its `outer.valid` rows confirm, its folds are of all others.
        until: when it must end, by `Clock.now`.
        progress: who is told.
        tried: how many candidates there were.
        confirmed: so far.
    """

    fits: ShortFits
    part: Part
    until: float
    progress: Progress
    tried: int = 0
    confirmed: list[Confirmed] = field(default_factory=list)

    def left(self) -> float:
        """Returns the seconds until it must end."""
        return self.until - Clock.now()

    def run(self) -> None:
        """Screens, chooses and confirms until nothing more gains or the time is over."""
        shortlist = self._screened()
        before: np.ndarray | None = None
        known: dict[str, Feature] = {}
        for candidate, claimed in self._chosen(shortlist):
            if before is None:
                before = self._on_held_back({})
            known[candidate.name] = candidate.feature()
            after = self._on_held_back(known)
            self.confirmed.append(Confirmed(candidate, claimed, self._gain(after, before)))
            before = after

    def _screened(self) -> list[Candidate]:
        """Returns the candidates that are worth fits of their own."""
        fits, folds = self.fits, [fold for fold in self.part.folds if fold.repeat == 0]
        rows, answers = [], []
        self.progress.begin(f"as it is, without {self.part.outer.label}", 0, 1)
        for place, fold in enumerate(folds):
            scored = some_of(fits.known(fold.valid), MOST_SCREENED // len(folds))
            rows.append(scored)
            answers.append(fits.predict(fold.train, scored, rounds=ADDITIVE))
            self.progress.update((place + 1) / len(folds), fold.label)
        self.progress.end("")
        fits.predict(folds[0].train, rows[0])  # how long a fit takes, and what its splits gain
        some, base = np.concatenate(rows), np.concatenate(answers)
        competition, config = fits.competition, fits.run.config
        frame = competition.train
        if frame is None:
            raise DataError("There is no table.")
        frame = frame.iloc[some]
        sources = sources_of(frame, dict(competition.kinds))
        taken = {*map(str, frame.columns), *config.features}
        candidates = find_candidates(sources, sources.kinds, fits.gains, taken)
        self.tried = len(candidates)
        until = Clock.now() + SCREENING * self.left()
        unsaid = Unsaid(competition.task, fits.target[some], base, config.threads)
        return screen(
            candidates,
            frame,
            dict(competition.kinds),
            unsaid,
            lambda: until - Clock.now(),
            self.progress,
            config.seed,
        )

    def _chosen(self, shortlist: Sequence[Candidate]) -> Iterator[tuple[Candidate, float]]:
        """Yields, one after the other, what gains on the folds beside what they chose before."""
        known: dict[str, Feature] = {}
        standing: dict[int, float] = {}
        waiting = self._by_itself(shortlist, standing)
        folds = len(list(self.part.folds))
        self.progress.expect(len(waiting))
        for place, one in enumerate(waiting):
            if len(known) == MOST_CHOSEN or self.left() <= self._held(len(known)):
                return
            self.progress.begin(f"{one.name} with others", place, len(waiting))
            losses = self._losses({**known, one.name: one.feature()}, standing, folds, self._held(len(known)))
            self.progress.end("")
            saved = [standing[number] - loss for number, loss in losses.items()]
            if len(saved) < folds:
                continue
            claimed = float(np.mean(saved))
            if claimed > np.std(saved, ddof=1) / np.sqrt(len(saved)):
                known[one.name], standing = one.feature(), losses
                yield one, claimed

    def _by_itself(self, shortlist: Sequence[Candidate], standing: dict[int, float]) -> list[Candidate]:
        """Returns the candidates that gain by themselves on the first folds, the best first.

        Args:
            shortlist: as the screening ranks them; for which there is no time stand behind.
            standing: takes the losses of the table as it is.
        """
        gains: list[tuple[float, Candidate]] = []
        self.progress.expect(len(shortlist))
        until = ALONE * self.left()
        for place, one in enumerate(shortlist):
            if self.left() <= max(until, self._held(0)):
                break
            self.progress.begin(one.name, place, len(shortlist))
            losses = self._losses({one.name: one.feature()}, standing, LOOK, self._held(0))
            self.progress.end("")
            gains.append((sum(standing[number] - loss for number, loss in losses.items()), one))
        ranked = [one for gain, one in sorted(gains, key=lambda pair: -pair[0]) if gain > 0]
        return [*ranked, *shortlist[len(gains) :]]

    def _held(self, chosen: int) -> float:
        """Returns the seconds to keep for the rows that confirm, once so many features are chosen."""
        return (2 if chosen else 3) * self.fits.seconds

    def _losses(
        self, features: dict[str, Feature], standing: dict[int, float], most: int, held: float
    ) -> dict[int, float]:
        """Returns the losses by fold; not of all where the first say that nothing is gained.

        Args:
            features: what is tried.
            standing: losses without it; those of the table as it is are added where they lack.
            most: folds, from the first.
            held: seconds to be left when it ends.
        """
        losses: dict[int, float] = {}
        folds = list(self.part.folds)[:most]
        for number, fold in enumerate(folds):
            if number >= LOOK and sum(standing[n] - losses[n] for n in losses) <= 0:
                break
            if self.left() <= held:
                break
            rows = self.fits.known(fold.valid)
            if number not in standing:
                standing[number] = self.fits.loss(rows, self.fits.predict(fold.train, rows))
            losses[number] = self.fits.loss(rows, self.fits.predict(fold.train, rows, features))
            self.progress.update((number + 1) / len(folds), "")
        return losses

    def _on_held_back(self, features: dict[str, Feature]) -> np.ndarray:
        return self.fits.predict(self.part.outer.train, self.part.outer.valid, features)

    def _gain(self, after: np.ndarray, before: np.ndarray) -> Gain:
        rows, groups = self.part.outer.valid, groups_of(self.fits.run)
        return measure_gain(
            self.fits.metric,
            self.fits.target[rows],
            after,
            before,
            None if groups is None else groups[rows],
        )
