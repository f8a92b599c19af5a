"""Measures speed and memory against the plain way of doing the same work, and against limits.

    python bench/speed.py                      # all cases, into bench/RESULTS.md
    python bench/speed.py --only input,head
    python bench/speed.py --check              # exit status 1 where a limit is not kept
    python bench/speed.py --quick              # tiny sizes: tries the bench, tells nothing; not written

The plain way is what a user would write with the libraries alone: bench/plain/. Each case runs in a
process of its own. docs/performance.md says what is measured and how.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.child import ROOT, in_child
from bench.machine import describe
from bench.results import Value, write_section

CASES = (
    "input",
    "sound",
    "step",
    "masks",
    "head",
    "finetune",
    "inference",
    "tables",
    "side_by_side",
    "texts",
    "encoder",
    "startup",
    "memory",
    "mask_tiles",
    "large_table",
    "backends",
)
PAGE = ROOT / "bench" / "RESULTS.md"


def options_of(words: Sequence[str] | None) -> argparse.Namespace:
    """Returns what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default=",".join(CASES), help="cases, separated by commas")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a limit is not kept")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; nothing is written")
    parser.add_argument("--rows", type=int, default=20_000, help="tables: rows of the generated table")
    parser.add_argument("--data", type=Path, help="tables: the real otto, a folder or a zip, instead")
    options = parser.parse_args(words)
    options.only = [name.strip() for name in options.only.split(",") if name.strip()]
    if unknown := [name for name in options.only if name not in CASES]:
        parser.error(f"--only: unknown {', '.join(unknown)}. Known: {', '.join(CASES)}.")
    return options


def settings_of(case: str, options: argparse.Namespace) -> dict[str, Any]:
    """Returns the arguments of a case's `run`."""
    settings: dict[str, Any] = {"quick": options.quick}
    if case == "tables":
        settings |= {"rows": options.rows, "data": str(options.data.absolute()) if options.data else None}
    return settings


def measure(case: str, options: argparse.Namespace) -> list[Value] | None:
    """Runs a case and prints its values; None where it failed."""
    try:
        found = in_child(f"bench.cases.{case}", "run", **settings_of(case, options))
    except RuntimeError as error:
        print(f"{case}: FAILED, {error}", flush=True)
        return None
    values = [Value(**facts) for facts in found]
    for value in values:
        print(value.line(), flush=True)
    return values


def main(words: Sequence[str] | None = None) -> int:
    """Measures; returns the exit status."""
    options, on = options_of(words), describe()
    print(on, flush=True)
    measured, failed = {}, False
    for case in options.only:
        values = measure(case, options)
        failed |= values is None
        if not values:  # failed, or what it measures is not installed
            continue
        measured[case] = values
        if not options.quick:  # after each case: a long run that is cut short keeps what it has
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(write_section(page, measured, CASES, on), encoding="utf-8")
    below = [value.name for values in measured.values() for value in values if value.below]
    if below:
        print(f"Below their limits: {', '.join(below)}.")
    return int(failed or (options.check and bool(below)))


if __name__ == "__main__":
    sys.exit(main())
