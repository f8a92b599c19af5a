"""A search from beginning to end: parts with rows held back, the verdict, finalists, the tuned file."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.clock import Clock
from pipeline.config.tuned import marked, read_tuned
from pipeline.progress import Progress
from pipeline.run.run import Run
from pipeline.search.finalist import Finalist, standard_error
from pipeline.search.finals import score_found, score_present, score_tuned
from pipeline.search.held_back import PartResult, search_part, unclean
from pipeline.search.parts import ENOUGH_TRIALS, outer_folds, parts_for
from pipeline.search.pictures import draw_search
from pipeline.search.request import Request
from pipeline.search.study import REASON, counted, open_study
from pipeline.search.trials import run_trials
from pipeline.search.tuned_file import write_tuned
from pipeline.search.verdict import Verdict, judge
from pipeline.search.workers import run_workers

MOST_RESERVE = 0.5  # of a budget, at most, for the held-back folds and the finalists


@dataclass(frozen=True)
class Outcome:
    """Outcome of a search: the parameters found, and whether they are kept.

    Attributes:
        finalists: what stands first (an earlier search's result, or the present section), then the
            winners and others of the best trials.
        chosen: one of them.
        verdict: what it gains, honestly and otherwise.
        trials: how many have ended.
        pruned: how many of them were given up early.
        failed: reason -> how many failed for it.
        seconds: of the search of all parts.
        tuned: the file that was written.
        lines: what else a person should know.
        pictures: files that were drawn.
    """

    finalists: list[Finalist]
    chosen: Finalist
    verdict: Verdict
    trials: int
    pruned: int
    failed: dict[str, int]
    seconds: float
    tuned: Path
    lines: list[str] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)


def search(
    request: Request,
    progress: Progress,
    tuned: Path,
    command: Sequence[str] = (),
    started: float | None = None,
) -> Outcome:
    """Searches, chooses and writes what was found.

    Args:
        request: checked.
        progress: who is told.
        tuned: the file to write.
        command: arguments of `python -m pipeline` that make a worker of it, for several workers.
        started: when the budget began, by `time.monotonic`; default: now.

    Raises:
        ModelError: the first trials all failed in the same way, or no trial was scored.
    """
    begun = time.monotonic() if started is None else started
    clock = Clock(progress, begun + request.budget if request.budget else float("inf"))
    open_study(request.study_name, request.address, request.directions, request.pruner)
    run = Run(request.plan, progress)
    present = score_present(request, run, clock)
    error = standard_error(present.scores)
    progress.message(f"{request.name} as it is: {request.metric} {present.score:.5f} ± {error:.5f}")
    before = read_tuned(tuned)[0].get(request.name)
    standing = score_tuned(request, run, clock, before) if before else present
    end = plan_end(request, run, standing)
    if fits := _few_trials(request, present, end):
        progress.message(fits)
    searched = time.monotonic()
    requests = parts_of(request, end.parts)
    results = _search_parts(requests, run, clock, standing, end, command)
    seconds = time.monotonic() - searched
    verdict = judge(request, standing, results)
    counts = _counts(requests)
    chosen, others, lines = _train_found(request, run, clock, verdict, results, end.keep)
    if verdict.kept:
        _write(request, tuned, chosen, verdict, counts["trials"])
    elif not before:
        _write_nothing(request, tuned, present, counts["trials"])
    stood = [verdict.standing] if standing is present else [verdict.standing, present]
    return Outcome(
        [*stood, *others],
        chosen,
        verdict,
        tuned=tuned,
        seconds=seconds,
        lines=[*verdict.lines, *unclean(request, run), *lines],
        pictures=[path for one in requests for path in draw_search(one)],
        **counts,
    )


def parts_of(request: Request, parts: int) -> list[Request]:
    """Returns a request per part, each with its share of the trials."""
    share = None if request.most is None else math.ceil(request.most / parts)
    return [replace(request, part=part, outer=parts, trials=share) for part in range(parts)]


@dataclass(frozen=True)
class End:
    """Time that the end of a search may take of its budget.

    Attributes:
        parts: folds that are held back in turn.
        keep: finalists that are trained on all folds.
        each: seconds kept for the end of each part.
        last: seconds kept for the finalists.
    """

    parts: int
    keep: int
    each: float = 0.0
    last: float = 0.0


def plan_end(request: Request, run: Run, standing: Finalist) -> End:
    """Returns what half of the budget is enough for: another part goes before a second finalist."""
    most = request.most or math.inf
    if request.budget is None:
        return End(parts_for(run, most, request.outer), request.keep)
    half, whole = MOST_RESERVE * request.budget, max(standing.seconds, 1e-9)  # a model on all folds
    trials = half / _seconds_of_a_trial(request, standing) * request.workers
    parts = parts_for(run, min(most, trials), request.outer)
    refits = request.keep * whole if request.partial and request.keep > 1 else 0.0
    each = min(whole / len(standing.scores) + refits, half)
    while parts > 1 and request.outer is None and parts * (each + whole) > half:
        parts -= 1
    keep = max(1, min(max(request.keep, parts), int((half - parts * each) / whole)))
    return End(parts, keep, each, min(keep * whole, max(half - parts * each, 0.0)))


def _seconds_of_a_trial(request: Request, standing: Finalist) -> float:
    effort = request.effort
    share = effort.folds / len(standing.scores) * effort.rows / request.section.seeds
    return max(standing.seconds * share, 1e-9)


def _few_trials(request: Request, present: Finalist, end: End) -> str:
    """Returns what to say where a budget holds few trials; nothing where it holds enough."""
    effort = request.effort
    if request.budget is None:
        return ""
    each = _seconds_of_a_trial(request, present)
    fitting = int((request.budget - end.last - end.parts * end.each) / each * request.workers)
    if fitting >= ENOUGH_TRIALS or (effort.folds == 1 and effort.rows < 1):
        return ""
    said = f"about {fitting} trials of {each:.0f} s fit into the budget"
    return f"{said}; --folds 1 or --rows 0.3 makes them smaller"


def _search_parts(
    requests: Sequence[Request], run: Run, clock: Clock, standing: Finalist, end: End, command: Sequence[str]
) -> list[PartResult]:
    """Searches part after part; what time there is for trials is shared among those to come."""
    results = []
    for place, request in enumerate(requests):
        to_come = len(requests) - place
        limit = clock.left - end.last - to_come * end.each
        until = clock.now() + limit / to_come
        outer = outer_folds(run)[request.part]
        run.progress.message(f"{outer.label} held back: no trial sees its {len(outer.valid)} rows")
        result = search_part(request, run, clock, standing, _trials(request, run, until, command))
        results += [result] if result else []
    return results


def _trials(request: Request, run: Run, until: float, command: Sequence[str]) -> Callable[[], None]:
    """Returns what tries values until there are enough or the time is over."""

    def left() -> float:
        return until - Clock.now()

    def work() -> None:
        if request.workers == 1:
            return run_trials(request, run, left)
        trials = [] if request.trials is None else ["--trials", str(request.trials)]
        return run_workers(request, [*command, "--part", str(request.part), *trials], left, run.progress)

    return work


def _train_found(
    request: Request, run: Run, clock: Clock, verdict: Verdict, results: Sequence[PartResult], keep: int
) -> tuple[Finalist, list[Finalist], list[str]]:
    """Returns what is chosen, all that was found, and lines; trains it on all folds where it is kept.

    The winners of several parts are compared on all folds: each has been judged by rows that it had
    not seen, and none is better known than another.
    """
    if not verdict.kept:
        return verdict.standing, verdict.winners, []
    mark = verdict.found(0).mark()
    others = [one for result in results for one in result.found[1:]]
    found = [replace(one, section=marked(one.section, mark)) for one in [*verdict.winners, *others]]
    most = max(keep, len(verdict.winners))
    done, lines = score_found(request, run, clock, found, most)
    names = {one.label for one in verdict.winners}
    known = [one for one in done if one.label in names] or found[:1]
    sign = -1 if request.greater_is_better else 1
    chosen = min(known, key=lambda one: sign * one.score) if known[0].scores else known[0]
    values = ", ".join(f"{key} {value}" for key, value in chosen.values.items())
    return chosen, done or found[:1], [*lines, f"{chosen.label}: {values}"]


def _write(request: Request, path: Path, chosen: Finalist, verdict: Verdict, trials: int) -> None:
    """Writes the model's section of the tuned file."""
    today = datetime.date.today().isoformat()
    gain = f"gain {verdict.gain} in {request.metric} on rows that no trial saw"
    comment = f"{chosen.label} of {trials}: {gain}; {today}"
    keys = request.space.nested(chosen.values)
    write_tuned(path, request.name, keys, comment, verdict.found(trials))


def _write_nothing(request: Request, path: Path, present: Finalist, trials: int) -> None:
    """Notes in the tuned file that the present parameters stay."""
    today = datetime.date.today().isoformat()
    comment = f"none of {trials} trials was surely better than the YAML's own parameters"
    write_tuned(path, request.name, {}, f"{comment}, {request.metric} {present.score:.5f}; {today}")


def _counts(requests: Sequence[Request]) -> dict:
    from optuna.trial import TrialState

    trials = []
    for one in requests:
        study = open_study(one.study_name, one.address, one.directions, one.pruner)
        trials += counted(study.get_trials(deepcopy=False))
    failed: dict[str, int] = {}
    for trial in trials:
        if trial.state == TrialState.FAIL:
            reason = trial.user_attrs.get(REASON, "its process was killed each time")
            failed[reason] = failed.get(reason, 0) + 1
    pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
    return {"trials": len(trials), "pruned": pruned, "failed": failed}
