"""Verdict over the parts of a search: whether what was found is kept, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.config.tuned import Found
from pipeline.search.finalist import TUNED, Finalist
from pipeline.search.gain import Gain, mean_gain
from pipeline.search.held_back import PartResult
from pipeline.search.request import Request


@dataclass(frozen=True)
class Verdict:
    """The figures of a search.

    Attributes:
        standing: what stood before, with means over the parts.
        winners: of the parts, one per set of values, the largest gain on their own folds first.
        claimed: the mean gain on the folds that chose: optimistic.
        gain: the mean gain on rows that no trial saw.
        kept: whether a winner takes the place of what stood.
        lines: what a person should know.
    """

    standing: Finalist
    winners: list[Finalist]
    claimed: float
    gain: Gain
    kept: bool
    lines: list[str]

    def found(self, trials: int) -> Found:
        """Returns what the tuned file says of the search."""
        return Found(trials, self.claimed, self.gain.value, self.gain.error, self.gain.rows)


def judge(request: Request, standing: Finalist, results: Sequence[PartResult]) -> Verdict:
    """Decides by the held-back rows alone, on which nothing was chosen.

    The winner is kept where it gains more there than the standard error of its gain. A search for
    fast models keeps a faster one, too, that loses no more than that.
    """
    stays = "what was tuned before stays" if standing.label == TUNED else "the present parameters stay"
    if not results:
        line = f"no trial came so far as to be held against rows that it had not seen: {stays}"
        return Verdict(standing, [], 0.0, Gain(0.0, 0.0, 0), False, [line])
    lines = [line for result in results for line in result.lines]
    own = tuple(np.mean([np.mean(result.standing.own) for result in results], keepdims=True).tolist())
    standing = replace(standing, own=own, held=float(np.mean([result.standing.held for result in results])))
    winners: dict[str, Finalist] = {}
    for one in sorted((one for one in results if one.found), key=lambda one: -one.claimed):
        winners.setdefault(str(one.found[0].values), one.found[0])
    claimed, gain = float(np.mean([one.claimed for one in results])), mean_gain([one.gain for one in results])
    if not winners:
        line = f"no trial is better even on the folds that would choose it: {stays}"
        return Verdict(standing, [], claimed, gain, False, [*lines, line])
    if len(results) > 1:
        lines += [_part_line(result) for result in results]
    lines += _gain_lines(claimed, gain, len(results))
    faster = request.timed and all(one.seconds < standing.seconds for one in winners.values())
    kept = gain.sure or (faster and gain.value >= -gain.error)
    if not kept:
        worse = "worse" if faster else "not better"
        lines.append(f"{worse} on them by more than the standard error: {stays}")
    return Verdict(standing, list(winners.values()), claimed, gain, kept, lines)


def _part_line(result: PartResult) -> str:
    """Returns what one part says."""
    outer = result.part.outer
    if not result.found:
        return f"{outer.label} held back: no trial is better on the other folds"
    return (
        f"{outer.label} held back: {result.found[0].label} gains {result.claimed:+.5f} on the other folds "
        f"and {result.gain} on it"
    )


def _gain_lines(claimed: float, gain: Gain, parts: int) -> list[str]:
    where = f"{gain.rows} rows" + (f" of {parts} folds in turn" if parts > 1 else "")
    luck = claimed - gain.value
    return [
        f"gain by the folds that chose it (optimistic): {claimed:+.5f}",
        f"gain on {where}, held back, that no trial saw (honest): {gain}; "
        + (f"{luck:.5f} of the first figure was luck" if luck > 0 else "none of the first figure was luck"),
    ]
