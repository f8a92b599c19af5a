"""The command that opens Optuna's page on searches, and TensorBoard on learning curves."""

from __future__ import annotations

import argparse
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from pipeline.commands.options import asked_run
from pipeline.console import ConsoleProgress
from pipeline.errors import ModelError, listing
from pipeline.reports.event_files import has_curves, write_event_files
from pipeline.reports.trained import Trained
from pipeline.run.plan import RUNS
from pipeline.run.run import Run
from pipeline.search.study import full_address
from pipeline.stages.live import HERE

HOW_TO_INSTALL = "`make setup DASHBOARD=1` does that."
OPTUNA, TENSORBOARD = "optuna_dashboard", "tensorboard"
OPTUNAS = f"import sys, {OPTUNA}; {OPTUNA}.run_server(sys.argv[1], host=sys.argv[2], port=int(sys.argv[3]))"
SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True)
class Page:
    """A page that another library's server shows.

    Attributes:
        title: what is seen there.
        package: whose server it is.
        command: starts it.
        port: where it answers.
    """

    title: str
    package: str
    command: Sequence[str]
    port: int


def dashboard(options: argparse.Namespace, console: Console) -> int:
    """Serves the pages on this machine until Ctrl-C; writes nothing into the run."""
    if not (RUNS / options.name).is_dir():
        raise ModelError(f"Nothing of {options.name} is there to look at. Start train or tune first.")
    with TemporaryDirectory(prefix="dashboard-") as folder:
        with ConsoleProgress(console) as progress:
            pages = list(_pages(asked_run(options, progress), Path(folder), options))
        if not pages:
            raise ModelError(
                f"{options.name} has neither a search (make tune) nor learning curves (make train) to show."
            )
        lacking = sorted({page.package.replace("_", "-") for page in pages if not installed(page.package)})
        pages = [page for page in pages if installed(page.package)]
        if lacking:
            text = f"Not installed: {listing(lacking)}. {HOW_TO_INSTALL}"
            if not pages:
                raise ModelError(text)
            console.print(text, markup=False)
        for page in pages:
            _refuse_taken(page.port)
        _serve(pages, Path(folder), console)
    return 0


def installed(package: str) -> bool:
    """Says whether a package is there, without importing it."""
    return importlib.util.find_spec(package) is not None


def _pages(run: Run, folder: Path, options: argparse.Namespace) -> Iterator[Page]:
    """Yields Optuna's page of each search, then TensorBoard's of all curves; ports follow one another."""
    port = options.port
    databases = sorted(run.plan.store.root.glob("search/*/study.db"))
    found = {f"the search of {path.parent.name}": f"sqlite:///{path.resolve()}" for path in databases}
    if options.storage:
        found = {"the searches of the storage": full_address(options.storage)}
    for title, address in found.items():
        yield Page(title, OPTUNA, [sys.executable, "-c", OPTUNAS, address, HERE, str(port)], port)
        port += 1
    trained = [Trained(run, name) for name in run.plan.models] if run.competition_product.done() else []
    with_curves = [model for model in trained if has_curves(model)]
    if with_curves:
        logs = folder / "logs"
        if installed(TENSORBOARD):
            write_event_files(with_curves, logs)
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logs), "--host", HERE]
        names = listing([model.name for model in with_curves])
        yield Page(f"learning curves of {names}", TENSORBOARD, [*command, "--port", str(port)], port)


def _refuse_taken(port: int) -> None:
    """Raises ModelError where another program has the port."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HERE, port))
        except OSError as error:
            raise ModelError(f"--port {port}: {error.strerror}. Name another one.") from error


def _serve(pages: Sequence[Page], folder: Path, console: Console) -> None:
    """Runs the servers side by side until Ctrl-C, or until one of them ends.

    Raises:
        ModelError: a server ended; says what it wrote last.
    """
    running: list[tuple[Page, subprocess.Popen, Path]] = []
    try:
        for page in pages:
            said = folder / f"{page.port}.log"
            with said.open("wb") as file:
                running.append((page, subprocess.Popen(page.command, stdout=file, stderr=file), said))
            console.print(f"http://{HERE}:{page.port}  {page.title}", markup=False)
        console.print("Ctrl-C ends it")
        while all(server.poll() is None for _, server, _ in running):
            time.sleep(SECONDS_BETWEEN_LOOKS)
        page, server, said = next(one for one in running if one[1].poll() is not None)
        last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise ModelError(f"The server of {page.title} ended ({server.returncode}). {''.join(last)}".rstrip())
    finally:
        for _, server, _ in running:
            server.terminate()
            server.wait()
