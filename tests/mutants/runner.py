"""Puts each mutant into a copy of the code and looks whether its tests see it: `make mutants`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.mutants.mutant import Mutant, MutantError, read_mutants

ROOT = Path(__file__).parents[2]
LISTS = Path(__file__).parent / "lists"
LEFT_OUT = {".git", ".venv", "runs", "data", "shared"}  # of the root alone: pipeline/data is code
CACHES = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
LONGEST = 600  # seconds for the tests of one mutant, for those that it makes endless

KILLED, SURVIVED, STALE, BROKEN = "killed", "survived", "stale", "broken"


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries the mutants; returns 0 only where each was seen by its tests."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("-k", metavar="WORD", default="", help="those with this in their name, file or tests")
    options = parser.parse_args(arguments)
    try:
        mutants = chosen(read_mutants(sorted(LISTS.glob("*.toml"))), options.k)
        return report(try_all(mutants, ROOT, lambda line: print(line, flush=True)))
    except MutantError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def chosen(mutants: Iterable[Mutant], word: str) -> list[Mutant]:
    """Returns the mutants that hold a word in their name, file or tests.

    Raises:
        MutantError: there is none.
    """
    found = [one for one in mutants if word in " ".join((one.name, one.file, *one.tests))]
    if not found:
        raise MutantError(f"no mutant has {word!r} in its name, file or tests.")
    return found


def report(verdicts: dict[str, str]) -> int:
    """Prints how many there are of each verdict; returns 0 only where all mutants were killed."""
    words = [verdict.partition(":")[0] for verdict in verdicts.values()]
    print(", ".join(f"{words.count(word)} {word}" for word in (KILLED, SURVIVED, STALE, BROKEN)))
    return 0 if set(words) == {KILLED} else 1


def try_all(mutants: Sequence[Mutant], root: Path, say: Callable[[str], None]) -> dict[str, str]:
    """Tries mutants one after the other in a copy of a tree.

    Args:
        mutants: to try.
        root: of the tree, which stays as it is.
        say: told each verdict.

    Returns:
        Name -> "killed", or "survived", "stale" or "broken" with the reason behind a colon. Broken
        is one whose tests do not pass without it, or fail by anything but an assertion: that
        proves nothing.
    """
    verdicts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(root, tree)
        fitting = [one for one in mutants if one.stale(tree) is None]
        tests = dict.fromkeys(test for one in fitting for test in one.tests)
        say(f"{len(tests)} tests without a mutant ...")
        healthy = run_tests(tree, list(tests)) if tests else {}
        for one in mutants:
            started = time.monotonic()
            verdicts[one.name] = try_one(one, tree, healthy)
            say(line(one, verdicts[one.name], time.monotonic() - started))
    return verdicts


def line(mutant: Mutant, verdict: str, seconds: float) -> str:
    """Returns the row of the table: verdict, seconds, file and name, and below it the reason, if any."""
    word, _, reason = verdict.partition(": ")
    return f"{word:<9}{seconds:4.0f} s  {mutant.file:<36} {mutant.name}" + (
        f"\n    {reason}" if reason else ""
    )


def copy_tree(root: Path, tree: Path) -> None:
    """Copies the code and its tests, without what is made from them or belongs to this machine."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        return set(CACHES(folder, names)) | (LEFT_OUT & set(names) if Path(folder) == root else set())

    shutil.copytree(root, tree, ignore=ignore)


def try_one(mutant: Mutant, tree: Path, healthy: dict[str, str]) -> str:
    """Returns the verdict on a mutant; the tree is afterwards as it was before.

    Args:
        mutant: to try.
        tree: a copy that may be changed.
        healthy: how the tests end without it, by node id.
    """
    if (reason := mutant.stale(tree)) is not None:
        return f"{STALE}: {reason}"
    for test in mutant.tests:
        if (ended := outcome(test, healthy)) != "passed":
            return f"{BROKEN}: without the mutant {test} ends as: {ended}"
    path = tree / mutant.file
    content = path.read_text(encoding="utf-8")
    path.write_text(mutant.applied(content), encoding="utf-8")
    try:
        found = run_tests(tree, mutant.tests)
    except MutantError as error:
        return f"{BROKEN}: {error}"
    finally:
        path.write_text(content, encoding="utf-8")
    for test in mutant.tests:
        ended = outcome(test, found)
        if ended == "passed":
            return f"{SURVIVED}: {test} passes"
        if ended != "assertion":
            return f"{BROKEN}: {test} ends as: {ended}"
    return KILLED


def outcome(test: str, found: dict[str, str]) -> str:
    """Returns how a test ended; one with parameters fails by the first of its cases that does."""
    cases = [ended for name, ended in found.items() if name == test or name.startswith(f"{test}[")]
    if not cases:
        return "not run"
    return next((ended for ended in ("assertion", *cases) if ended in cases and ended != "passed"), "passed")


def run_tests(tree: Path, tests: Sequence[str]) -> dict[str, str]:
    """Runs tests in a tree, in a process of their own; returns how each ended, by node id.

    No bytecode is written: it is told apart by the second and the size of its source, and two
    mutants may share both.

    Raises:
        MutantError: no test ran, or they do not end.
    """
    path = tree.with_name("outcomes.json")
    path.unlink(missing_ok=True)
    command = [sys.executable, str(Path(__file__).with_name("child.py")), str(path), *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, timeout=LONGEST, check=False, **pipes)
    except subprocess.TimeoutExpired as error:
        raise MutantError(f"the tests do not end within {LONGEST} s") from error
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not found:
        raise MutantError(f"no test ran: {done.stdout.strip()[-400:]}")
    return found


if __name__ == "__main__":
    sys.exit(main())
