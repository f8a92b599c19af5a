"""Folds and models side by side, in processes of their own: one for each GPU, or a share of the cores."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from queue import SimpleQueue
from statistics import fmean
from typing import Any, TextIO

from pipeline.data.folds import Fold
from pipeline.errors import ModelError, PipelineError
from pipeline.run.run import Run
from pipeline.runners import command
from pipeline.runners.ray import RayPool

SHORT = 20.0  # seconds: where less is left of a model, processes cost more than they bring
MARK = "@fold "  # begins the lines that a worker answers with; libraries print too


def train_models(run: Run, command: Sequence[str]) -> None:
    """Fits every fold that is missing, with as many workers as the configuration asks for.

    Each fold has its own seed and its own product, so that nothing depends on who fits it or when.
    The first fold of a model is fitted here and tells how long one takes: what is too short to be
    worth a process is fitted here as well.

    Args:
        run: the plan and its data.
        command: arguments of `python -m pipeline` that make a worker for it.

    Raises:
        ModelError: a fold failed; says which.
    """
    if run.config.workers == 1 and run.config.runner == "processes":
        for name in run.plan.models:
            run.train_model(name)
        return
    workers, on_ray = run.config.workers, run.config.runner == "ray"
    with RayPool(run, workers) if on_ray else Pool(command, workers) as pool:
        _Schedule(run, pool).carry_out()


class Pool:
    """Worker processes, started when they are first needed.

    Args:
        command: arguments of `python -m pipeline` that start one.
        size: how many.
    """

    def __init__(self, command: Sequence[str], size: int) -> None:
        self.command, self.size = list(command), size
        self._threads = ThreadPoolExecutor(size)
        self._free: SimpleQueue[subprocess.Popen | None] = SimpleQueue()
        self._all: list[subprocess.Popen] = []
        for _ in range(size):
            self._free.put(None)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            process.terminate()
        self._threads.shutdown(cancel_futures=True)

    def submit(self, name: str, fold: Fold) -> Future:
        """Has a fold fitted; the future holds nothing, or the error."""
        return self._threads.submit(self._fit, name, fold)

    def _fit(self, name: str, fold: Fold) -> None:
        process = self._free.get() or self._start()
        try:
            print(json.dumps([name, fold.repeat, fold.left_out]), file=process.stdin, flush=True)
            answer = _answer(process.stdout)  # type: ignore[arg-type]
        except BrokenPipeError:  # it ended between two folds
            answer = None
        finally:
            self._free.put(process if process.poll() is None else None)
        if answer is None:
            code = process.wait()
            raise ModelError(f"models.{name}, {fold.label}: its process ended (exit code {code}).")
        if answer["error"]:
            raise ModelError(answer["error"])

    def _start(self) -> subprocess.Popen:
        devices = gpus()
        device = {"CUDA_VISIBLE_DEVICES": devices[len(self._all) % len(devices)]} if devices else {}
        process = command.start(
            self.command,
            device,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its workers
        )
        self._all.append(process)
        return process


def _answer(stdout: TextIO) -> dict[str, Any] | None:
    """Returns a worker's next answer, or None where it ended."""
    for line in stdout:
        if line.startswith(MARK):
            return json.loads(line.removeprefix(MARK))
    return None


def work(run: Run, tasks: TextIO, answers: TextIO) -> None:
    """Fits the folds that the parent names, line by line, until it names no more."""
    for line in tasks:
        name, repeat, (number, *others) = json.loads(line)
        error = ""
        try:
            run.output(name, Fold(repeat, number, others=tuple(others)))
        except PipelineError as failure:
            error = str(failure)
        print(MARK + json.dumps({"error": error}), file=answers, flush=True)


def gpus() -> list[str]:
    """Returns the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [name for name in said.split(",") if name.strip() not in ("", "-1")]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [str(place) for place, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU ")]


@dataclass
class _Schedule:
    """Schedule of the models: each begins after those that it reads."""

    run: Run
    pool: Pool | RayPool
    under_way: dict[Future, str] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    each: dict[str, float] = field(default_factory=dict)

    def carry_out(self) -> None:
        waiting = list(self.run.plan.models)
        while waiting or self.under_way:
            ready = next((name for name in waiting if not self._reads_unfinished(name, waiting)), None)
            if ready is None or len(self.under_way) >= self.pool.size:
                self._take_results()
                continue
            waiting.remove(ready)
            self._begin(ready)

    def _reads_unfinished(self, name: str, waiting: list[str]) -> bool:
        read = {one.name for one in self.run.plan.reads(name)}
        return bool({*waiting, *self.under_way.values()} & read)

    def _begin(self, name: str) -> None:
        """Fits the first missing fold here, and the others where they are worth a process."""
        missing = self.run.missing(name)
        if not missing:
            return
        self.started[name] = time.monotonic()
        self.run.train_folds(name, missing[:1])
        self.each[name] = each = time.monotonic() - self.started[name]
        rest = missing[1:]
        if each * len(rest) < SHORT:
            self.run.train_folds(name, rest)
            self.run.say_trained(name, len(missing), self.started[name])
            return
        self.run.progress.message(f"{name}: {len(rest)} folds by {self.pool.size} workers, {each:.0f} s each")
        self.under_way |= {self.pool.submit(name, fold): name for fold in rest}

    def _take_results(self) -> None:
        """Waits for a fold; says of a model that it is done when none of its folds is under way."""
        each = fmean(self.each[name] for name in self.under_way.values())
        self.run.progress.expect(len(self.under_way), self.pool.size, each)
        self.run.progress.begin(f"{len(self.under_way)} folds left with the workers", 0, 1)
        done, _ = wait(self.under_way, return_when=FIRST_COMPLETED)
        self.run.progress.end("")
        for future in done:
            name = self.under_way.pop(future)
            future.result()
            if name not in self.under_way.values():
                self.run.say_trained(name, len(self.run.fits(name)), self.started[name])
