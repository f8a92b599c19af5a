"""The study behind a search: an Optuna study in a database, and which of its trials count.

Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019.
"""

from __future__ import annotations

import datetime
import logging
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import ConfigError, did_you_mean, listing

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

Direction = Literal["minimize", "maximize"]

HEARTBEAT = 10  # seconds between signs of life of a trial
GRACE = 60  # seconds without one, after which the trial counts as killed and is tried again
MOST_RETRIES = 5
ATTEMPTS = 4  # to open a database that another machine is setting up
FIRST_TRIALS = 10  # drawn at random before the sampler learns, and left alone by the pruner

PRUNERS = ("median", "percentile", "hyperband", "wilcoxon", "none")

REASON = "reason"  # user attribute: why a trial failed
PUT_OFF = "put_off"  # user attribute: it was stopped by Ctrl-C or the end of the budget, and waits again
STARTED = "started"  # the number under which it gave its first sign of life
SECONDS = "seconds"
VALUES = "values"  # by parameter name, as the YAML writes them
SCORES = "scores"  # by fold


def open_study(
    name: str, address: str, directions: Sequence[Direction], pruner: str, seed: int | None = None
) -> Study:
    """Opens or creates the study of that name; trials that are left from a killed process wait again.

    Args:
        name: of the study: other spaces, folds or data make another one.
        address: of the database, as SQLAlchemy writes it: `sqlite:///PATH`, `postgresql://...`.
        directions: "minimize" or "maximize", one per objective.
        pruner: one of PRUNERS.
        seed: of the sampler, which draws on from the trials that there are; None where several
            workers share the study.

    Raises:
        ConfigError: the database cannot be reached.
    """
    from sqlalchemy.exc import SQLAlchemyError

    _quiet()
    for attempt in range(ATTEMPTS):
        try:
            study = _create_study(name, address, directions, pruner)
            break
        except (SQLAlchemyError, ImportError, OSError) as error:
            # Two machines that begin at the same moment both make the tables, and one comes too late.
            late = any(said in str(error) for said in ("already exists", "duplicate key"))
            if late and attempt + 1 < ATTEMPTS:
                time.sleep(attempt + 1)
                continue
            place, shown = _without_password(address), str(error).splitlines()[0]
            raise ConfigError(f"--storage: the database {place} cannot be used: {shown}") from error
    study.sampler = _sampler(None if seed is None else seed + len(study.get_trials(deepcopy=False)))
    return study


def _create_study(name: str, address: str, directions: Sequence[Direction], pruner: str) -> Study:
    import optuna
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback

    storage = RDBStorage(
        address,
        engine_kwargs={"connect_args": {"timeout": 60}} if address.startswith("sqlite") else None,
        heartbeat_interval=HEARTBEAT,
        grace_period=GRACE,
        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=MOST_RETRIES),
    )
    return optuna.create_study(
        storage=storage,
        study_name=name,
        directions=list(directions),
        pruner=make_pruner(pruner),
        load_if_exists=True,
    )


def _sampler(seed: int | None) -> BaseSampler:
    """Returns a tree-structured Parzen estimator over all parameters at once (Bergstra et al., NIPS 2011)."""
    from optuna.samplers import TPESampler

    return TPESampler(
        multivariate=True,
        group=True,  # parameters that exist together are drawn together
        n_startup_trials=FIRST_TRIALS,
        seed=seed,
    )


def make_pruner(name: str) -> BasePruner:
    """Returns the pruner of that name; steps are hundredths of the first fold, then whole folds."""
    from optuna import pruners

    known: dict[str, Any] = {
        "median": lambda: pruners.MedianPruner(n_startup_trials=FIRST_TRIALS, n_warmup_steps=30),
        "percentile": lambda: pruners.PercentilePruner(
            25.0, n_startup_trials=FIRST_TRIALS, n_warmup_steps=30
        ),
        "hyperband": lambda: pruners.HyperbandPruner(min_resource=100, reduction_factor=3),
        "wilcoxon": lambda: pruners.WilcoxonPruner(p_threshold=0.1),
        "none": pruners.NopPruner,
    }
    if name not in known:
        raise ConfigError(f"--pruner: unknown {name!r}.{did_you_mean(name, known)} Known: {listing(known)}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Wilcoxon's is called experimental
        return known[name]()


def sqlite_address(folder: Path) -> str:
    """Returns the address of the database in a run's folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(folder / 'study.db').resolve()}"


def full_address(address: str) -> str:
    """Returns the address with a driver: for PostgreSQL the one that we ask for, if none is named."""
    for short in ("postgresql://", "postgres://"):
        if address.startswith(short):
            return "postgresql+pg8000://" + address.removeprefix(short)
    return address


def counted(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Returns the trials that have come to an end: scored, pruned, or failed for a reason.

    One that was killed or put off counts once, when it is tried again; one that was killed each
    time counts as failed.
    """
    lost = {trial.number for trial in _killed(trials)}
    tried_again = {number for trial in trials for number in _history(trial)}
    return [
        trial
        for trial in trials
        if trial.state.is_finished()
        and trial.number not in lost | tried_again
        and not trial.user_attrs.get(PUT_OFF)
    ]


def pending(trials: Sequence[FrozenTrial]) -> int:
    """Returns how many trials are under way, or were killed and will be tried again."""
    from optuna.trial import TrialState

    return sum(trial.state == TrialState.RUNNING for trial in trials) + len(_killed(trials))


def mark_started(trial: Trial) -> None:
    """Gives the first sign of life of a trial at once, and notes that it has."""
    if record := getattr(trial.storage, "record_heartbeat", None):
        record(trial._trial_id)
    trial.set_user_attr(STARTED, trial.number)  # a trial that is tried again inherits the old number


def retry_lost(study: Study) -> None:
    """Has killed trials tried again: those without a sign of life, and what fell between two steps.

    Optuna's heartbeat does not see a trial that was killed before its first beat, nor one whose
    finder was killed before he had put it back.
    """
    from optuna.storages import RetryHeartbeatStaleTrialCallback, fail_stale_trials
    from optuna.trial import TrialState

    fail_stale_trials(study)
    retry = RetryHeartbeatStaleTrialCallback(max_retry=MOST_RETRIES)
    for trial in study.get_trials(states=[TrialState.RUNNING]):
        if trial.user_attrs.get(STARTED) != trial.number and _older_than_grace(trial.datetime_start):
            study.tell(trial.number, state=TrialState.FAIL)
            retry(study, trial)
    for trial in _killed(study.get_trials()):
        if _older_than_grace(trial.datetime_complete):
            retry(study, trial)


def _killed(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Returns failed trials that have no reason, may be tried again, and have not been yet."""
    from optuna.trial import TrialState

    tried_again = {number for trial in trials for number in _history(trial)}
    return [
        trial
        for trial in trials
        if trial.state == TrialState.FAIL
        and trial.number not in tried_again
        and not {REASON, PUT_OFF} & set(trial.user_attrs)
        and len(_history(trial)) < MOST_RETRIES
    ]


def _history(trial: FrozenTrial) -> list[int]:
    """Returns the numbers under which the trial was tried before."""
    return trial.system_attrs.get("retry_history", [])


def _older_than_grace(moment: datetime.datetime | None) -> bool:
    return moment is not None and (datetime.datetime.now() - moment).total_seconds() > GRACE


def best_trials(study: Study, most: int, near: float | None = None) -> list[FrozenTrial]:
    """Returns the trials to look at closely, one per set of values.

    Args:
        study: the study.
        most: how many.
        near: None: those with the best scores, best first. Else the best one and then the fastest
            of those whose score is not farther from it.
    """
    from optuna.study import StudyDirection
    from optuna.trial import TrialState

    sign = -1 if study.directions[0] == StudyDirection.MAXIMIZE else 1
    done = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    found: dict[str, FrozenTrial] = {}
    for trial in sorted(done, key=lambda trial: sign * trial.values[0]):
        found.setdefault(str(sorted(trial.user_attrs[VALUES].items(), key=str)), trial)
    best = list(found.values())
    if near is not None and best:
        close = [trial for trial in best[1:] if sign * (trial.values[0] - best[0].values[0]) <= near]
        best = [best[0], *sorted(close, key=lambda trial: trial.values[1])]
    return best[:most]


def _quiet() -> None:
    """The run's log gets what Optuna says; the screen does not."""
    import optuna

    optuna.logging.disable_default_handler()
    optuna.logging.set_verbosity(logging.INFO)
    ours = logging.getLogger("pipeline")
    theirs = logging.getLogger("optuna")
    theirs.handlers[:] = ours.handlers
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def _without_password(address: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(address).render_as_string(hide_password=True)
