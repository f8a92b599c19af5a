"""`python -m tests.golden.record NAME ...`: trains and records anew; without names, all of them.

--check   compare with what is recorded in place of writing it
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.golden.machine import differences, made_with
from tests.golden.result import record_path, train
from tests.golden.settings import GOLDEN


def main(arguments: Sequence[str]) -> int:
    """Records, and says what has changed; returns 1 where `--check` finds a difference."""
    names = [name for name in arguments if name != "--check"] or sorted(GOLDEN)
    unknown = [name for name in names if name not in GOLDEN]
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}. Known: {', '.join(sorted(GOLDEN))}.")
    changed = False
    for name in names:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            result = dataclasses.asdict(train(name))
        found = {"made_with": made_with(), "result": result}
        path = record_path(name)
        lines = differences(json.loads(path.read_text(encoding="utf-8")), found) if path.exists() else ["new"]
        changed |= bool(lines)
        print(f"golden {name}:", "\n  ".join(lines) or "as recorded")
        if "--check" not in arguments:
            write(path, found)
    return int(changed and "--check" in arguments)


def write(path: Path, found: dict[str, object]) -> None:
    """Writes a record, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
