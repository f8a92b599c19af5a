"""Sandbox: a notebook executed by a program of its own, without a network, within limits."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ModelError

PAUSE = 0.2  # seconds between two looks at the memory
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "KERAS_BACKEND")  # fmt: skip
CUT = "a namespace without a network (unshare)"
GUARDED = "refused sockets (unshare is not allowed here: programs that a cell starts could still connect)"

# Runs in a folder of its own, from which the toolkit cannot be imported. The kernel talks through files, for
# a namespace without a network has no loopback either.
RUNNER = """
import os, sys
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

source, target, cores = sys.argv[1], sys.argv[2], int(sys.argv[3])
if cores and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
notebook = nbformat.read(source, 4)
nbformat.validate(notebook)
pipes = os.path.join(os.environ["HOME"], "kernel")
manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=pipes)
place = {"metadata": {"path": os.getcwd()}}
try:
    NotebookClient(notebook, km=manager, timeout=None, resources=place).execute()
finally:
    nbformat.write(notebook, target)
"""
# Where no namespace can be made: the kernel's Python refuses to open a connection.
GUARD = """
import socket

class _Refused(socket.socket):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise OSError(101, "there is no network in this trial")
        return super().connect(address)

socket.socket = _Refused
"""


@dataclass(frozen=True)
class Executed:
    """An executed notebook.

    Attributes:
        path: the notebook, with what its cells printed and drew.
        seconds: from the start of its kernel to the end.
        peak: bytes that all of its processes held together, at most.
        cut: how the network was cut off.
    """

    path: Path
    seconds: float
    peak: int
    cut: str


def execute(
    notebook: Path, folder: Path, inputs: Path, target: Path, seconds: float, memory: int, cores: int
) -> Executed:
    """Executes a notebook in a folder of its own and returns what it took.

    Args:
        notebook: the file.
        folder: empty; the notebook's working folder.
        inputs: takes the place of "/kaggle/input".
        target: receives the notebook with its outputs.
        seconds, memory, cores: the limits; memory in bytes, cores 0: all.

    Raises:
        ModelError: a cell failed, or a limit was met; says which.
    """
    _refuse_without_nbclient()
    cut = can_unshare()
    with tempfile.TemporaryDirectory(prefix="trial") as home:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= {"HOME": home, "KAGGLE_INPUT": str(inputs.resolve()), "JUPYTER_RUNTIME_DIR": home}
        environment |= {"IPYTHONDIR": home, "MPLCONFIGDIR": home, "MPLBACKEND": "agg"}
        if not cut:
            (Path(home) / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
            environment["PYTHONPATH"] = home
        command = [sys.executable, "-c", RUNNER, str(notebook.resolve()), str(target.resolve()), str(cores)]
        if cut:
            command = ["unshare", "--net", "--map-root-user", *command]
        started = time.monotonic()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
            peak = _watch(process, started + seconds, memory)
            took = time.monotonic() - started
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
    if process.returncode:
        raise ModelError(f"The notebook failed: {_failure(target, text)} Look at {target}.")
    return Executed(target, took, peak, CUT if cut else GUARDED)


@functools.cache
def can_unshare() -> bool:
    """Says whether this machine lets a process have a network of its own, that is none."""
    try:
        asked = ["unshare", "--net", "--map-root-user", "true"]
        return subprocess.run(asked, capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _watch(process: subprocess.Popen[bytes], end: float, memory: int) -> int:
    """Waits for a program and returns the most bytes that it and its children held.

    Raises:
        ModelError: it met a limit, and is ended.
    """
    import psutil

    peak, family = 0, psutil.Process(process.pid)
    try:
        while process.poll() is None:
            held = 0
            for one in [family, *family.children(recursive=True)]:
                try:
                    held += one.memory_info().rss
                except psutil.Error:
                    continue
            peak = max(peak, held)
            if peak > memory:
                raise ModelError(f"The notebook needs more than {memory / 2**30:.3g} GB of memory.")
            if time.monotonic() > end:
                raise ModelError("The notebook needs more time than the contest gives.")
            time.sleep(PAUSE)
    except psutil.NoSuchProcess:
        process.wait()
    finally:
        if process.poll() is None:
            for one in family.children(recursive=True):
                one.kill()
            process.kill()
            process.wait()
    return peak


def _refuse_without_nbclient() -> None:
    from importlib.util import find_spec

    if lacking := [
        name for name in ("nbclient", "nbformat", "ipykernel", "psutil") if find_spec(name) is None
    ]:
        raise ModelError(
            f"A trial executes the notebook, and {', '.join(lacking)} is not installed: run `make setup "
            "PACKAGE=1` (pip install -r requirements-package.txt -c constraints.txt), or leave the trial "
            "out: TRIAL=0 (--no-trial)."
        )


def _failure(notebook: Path, said: str) -> str:
    """Returns what a failed notebook raised, in one line."""
    if notebook.is_file():
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                if output["output_type"] == "error":
                    return f"{output['ename']}: {output['evalue']}"
    lines = said.strip().splitlines()
    return lines[-1] if lines else "it said nothing."
