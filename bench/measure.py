"""Seconds and memory of functions and of other programs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MB = 1e6
BETWEEN = 0.05  # seconds between two looks at another program's memory


def seconds_of(function: Callable[[], object]) -> float:
    """Returns how long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def least_seconds(rounds: int, *functions: Callable[[], object]) -> list[float]:
    """Returns each function's least seconds over some rounds.

    The functions take turns, so that other work on the machine disturbs all alike, and the least
    is what was disturbed least.
    """
    least = [float("inf")] * len(functions)
    for _ in range(rounds):
        for place, function in enumerate(functions):
            least[place] = min(least[place], seconds_of(function))
    return least


def resident() -> float:
    """Returns the memory that this process holds now, MB."""
    if sys.platform == "linux":
        return memory_of(os.getpid())[1]
    done = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
    )
    return int(done.stdout) * 1024 / MB


@dataclass(frozen=True)
class Ran:
    """A program that ended.

    Attributes:
        seconds: from its start to its end.
        own: most memory of its own at any moment, MB, its children included: what it allocated.
        resident: the same with the pages of files that it maps, which the system may take back.
        code: exit status.
        output: standard output and error.
    """

    seconds: float
    own: float
    resident: float
    code: int
    output: str


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ran:
    """Runs a program to its end. Its memory is NaN where the system is not Linux: no other tells.

    Args:
        command: its words.
        folder: where it runs; its output is collected there too.
        environment: added to this process's own.
    """
    path = folder / "output.txt"
    own = held = 0.0 if sys.platform == "linux" else float("nan")
    with path.open("w+", encoding="utf-8") as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=folder, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
        while child.poll() is None:
            now = [memory_of(number) for number in family(child.pid)]
            own, held = max(own, sum(a for a, _ in now)), max(held, sum(b for _, b in now))
            try:
                child.wait(BETWEEN)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - start
    return Ran(seconds, own, held, child.returncode, path.read_text(encoding="utf-8"))


def memory_of(process: int) -> tuple[float, float]:
    """Returns a process's own memory and its resident memory, MB (Linux only); zeros once it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    kinds = {name: int(facts.get(name, "0 kB").split()[0]) * 1024 / MB for name in ("RssAnon", "VmRSS")}
    return kinds["RssAnon"], kinds["VmRSS"]


def family(process: int) -> list[int]:
    """Returns a process and all that it started and that they started; itself alone where unknown."""
    found = [process]
    for number in found:  # which grows meanwhile
        for path in Path(f"/proc/{number}/task").glob("*/children"):
            try:
                found += [int(word) for word in path.read_text(encoding="utf-8").split()]
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended since
    return found
