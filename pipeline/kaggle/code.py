"""Code submissions: a data set and a notebook pushed to Kaggle, run there, and its version handed in."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import KaggleError
from pipeline.kaggle.command import refusal, run_kaggle
from pipeline.kaggle.submit import FAILED, PAUSE, Report, submissions

# Said of failures with exit code 0.
DATASET_FAILED = ("Dataset creation error", "Dataset version creation error", "Upload unsuccessful")
PUSH_FAILED = ("Kernel push error", "are not valid dataset sources", "are not valid competition sources")
PUSHED = re.compile(r"Kernel version (\d+) successfully pushed")
RUNNING = {"queued", "running", "new_script"}
LONGEST_NOTE = 80  # letters


def push_dataset(folder: Path, name: str, note: str, slug: str, report: Report, patience: float) -> None:
    """Uploads a folder as a data set, or as the next version of it, and waits until Kaggle has unpacked it.

    Args:
        folder: with its `dataset-metadata.json`.
        name: "owner/name".
        note: on the version.
        slug: the contest's name, for an error.
        report: told how the waiting goes.
        patience: seconds to wait at most.

    Raises:
        KaggleError: Kaggle refused, or was not done in time.
    """
    asked = ["version", "-p", str(folder), "-m", note[:LONGEST_NOTE]]
    if name not in _own_datasets(name.partition("/")[2], slug):
        asked = ["create", "-p", str(folder)]
    said = run_kaggle([*asked, "--dir-mode", "zip", "-q"], slug, group="datasets")
    _refuse(said, DATASET_FAILED)

    def status() -> str:
        answer = run_kaggle(["status", name], slug, group="datasets").strip().splitlines()
        return answer[-1].strip().rpartition(".")[2].lower() if answer else ""

    found = _wait(status, lambda state: state not in ("ready", "error"), report, patience, f"data set {name}")
    if found != "ready":
        raise KaggleError(f"Kaggle has not finished the data set {name}: {found!r}. See its page there.")


def push_notebook(folder: Path, slug: str) -> int:
    """Uploads a notebook, which starts to run there; returns the number of its version.

    Raises:
        KaggleError: Kaggle refused it, or one of the sources that it names.
    """
    said = run_kaggle(["push", "-p", str(folder)], slug, group="kernels")
    _refuse(said, PUSH_FAILED)
    found = PUSHED.search(said)
    if found is None:
        raise KaggleError(f"Kaggle said nothing of a version of the notebook: {_last(said)}")
    return int(found[1])


def wait_for_notebook(name: str, slug: str, report: Report, patience: float) -> bool:
    """Waits until a notebook has run; returns False where it still runs.

    Args:
        name: "owner/name".
        slug, report, patience: as in `push_dataset`.

    Raises:
        KaggleError: it failed there.
    """

    def status() -> str:
        found = re.search(r'status "(?:\w+\.)?(\w+)"', run_kaggle(["status", name], slug, group="kernels"))
        return found[1].lower() if found else ""

    state = _wait(status, lambda state: state in RUNNING, report, patience, f"notebook {name}")
    if state != "complete" and state not in RUNNING:
        raise KaggleError(
            f"The notebook failed at Kaggle ({state or 'it says nothing'}): see "
            f"https://www.kaggle.com/code/{name}/log."
        )
    return state == "complete"


def hand_in_notebook(slug: str, name: str, version: int, message: str) -> frozenset[str]:
    """Hands in what a version of a notebook writes; returns the numbers of the submissions before it.

    Raises:
        KaggleError: Kaggle refused.
    """
    before = frozenset(one.ref for one in submissions(slug))
    asked = ["submit", "-c", slug, "-k", name, "-v", str(version), "-f", "submission.csv", "-m", message]
    said = run_kaggle(asked, slug)
    if any(words in said for words in FAILED):
        raise refusal(said, slug)
    return before


def _own_datasets(title: str, slug: str) -> list[str]:
    """Returns the names of one's data sets that are found by a title."""
    said = run_kaggle(["list", "--mine", "-s", title, "--csv"], slug, group="datasets")
    lines = said.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("ref,")), None)
    if start is None:
        return []
    return [row["ref"] for row in csv.DictReader(io.StringIO("\n".join(lines[start:])))]


def _wait(
    status: Callable[[], str], goes_on: Callable[[str], bool], report: Report, patience: float, what: str
) -> str:
    """Asks until something has ended; returns the last answer."""
    started = time.monotonic()
    while True:
        found, waited = status(), time.monotonic() - started
        if not goes_on(found) or waited >= patience:
            return found
        report(min(1.0, waited / patience), f"waiting for the {what}, {waited:.0f} s")
        time.sleep(min(PAUSE * (1 + waited / 30), 12 * PAUSE, patience - waited))


def _refuse(said: str, signs: tuple[str, ...]) -> None:
    for line in said.splitlines():
        if any(sign in line for sign in signs):
            raise KaggleError(f"Kaggle refuses: {line.strip()}")


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing."
