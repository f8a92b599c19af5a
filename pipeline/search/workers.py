"""Several processes that search one study side by side."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

from pipeline.errors import ModelError
from pipeline.progress import Progress
from pipeline.runners import command as processes
from pipeline.search.request import Request
from pipeline.search.study import counted, open_study
from pipeline.search.trials import refuse_hopeless, trial_label

LOOK = 0.5  # seconds between two looks at the workers
MOST_RESTARTS = 5  # of workers that were killed


def run_workers(
    request: Request, command: Sequence[str], left: Callable[[], float], progress: Progress
) -> None:
    """Starts the workers, shows how far they are, starts killed ones again, and waits for all.

    Args:
        request: what is searched.
        command: arguments of `python -m pipeline` that make a worker of it.
        left: returns the seconds until the search must end.
        progress: who is told.

    Raises:
        ModelError: the first trials all failed in the same way, or workers keep dying.
    """
    study = open_study(request.study_name, request.address, request.directions, request.pruner)
    workers = [_start(command, left()) for _ in range(request.workers)]
    restarts = 0
    try:
        while any(worker.poll() is None for worker in workers):
            time.sleep(LOOK)
            ended = len(counted(study.get_trials(deepcopy=False)))
            progress.begin(trial_label(request, study), ended, request.most or ended + 1)
            for place, worker in enumerate(workers):
                code = worker.poll()
                if code is not None and code < 0 and restarts < MOST_RESTARTS and left() > 0:
                    restarts += 1
                    progress.warning(f"a worker was killed (signal {-code}); another one takes its place")
                    workers[place] = _start(command, left())
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.terminate()
        codes = [worker.wait() for worker in workers]
        progress.end("")
    refuse_hopeless(study)
    if all(codes):
        raise ModelError(f"All {request.workers} workers failed (exit codes {codes}); see the run's log.")


def _start(command: Sequence[str], left: float) -> subprocess.Popen:
    limit = [] if left == float("inf") else ["--budget", f"{max(left, 1):.0f}"]
    return processes.start([*command, *limit], stdout=subprocess.DEVNULL)
