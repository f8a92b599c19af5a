"""Wheels of libraries that Kaggle's image lacks, or has in a version that cannot read what was learned."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from pipeline.errors import DataError
from pipeline.package.versions import COMPUTING
from pipeline.progress import Progress

# Not on Kaggle's image, as far as is known, and small: brought where nobody says what it holds.
LACKING = ("skops", "prettytable", "wcwidth", "ruamel.yaml")
# Read what was learned.
READING = ("catboost", "keras", "keras_hub", "lightgbm", "skops", "sklearn", "xgboost")
PLATFORMS = (
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_28_x86_64",
)
LONGEST = 600  # seconds for a wheel


def fetch_wheels(
    folder: Path, versions: Mapping[str, str], image: Path | None, progress: Progress
) -> list[str]:
    """Fetches wheels into a folder, from where pip is told to fetch.

    Args:
        folder: receives them.
        versions: module -> version that the models were made with.
        image: the versions of Kaggle's image, one a line, as `pip freeze` writes them; the line
            `Python 3.12.4`, if there is one, says for which Python. Without it only what is thought to be
            lacking there is brought.
        progress: told of each.

    Returns:
        Lines on wheels that could not be fetched.

    Raises:
        DataError: the list of the image is not there, or holds no version.
    """
    there, python = read_image(image) if image else ({}, None)
    lines = []
    for name, version in wanted(versions, there if image else None).items():
        progress.begin(f"wheel of {name} {version}", 0, 1)
        said = _fetch(folder, f"{name}=={version}", python)
        progress.end("")
        if said:
            lines.append(
                f"The wheel of {name} {version} could not be fetched: {said} Without it the notebook needs "
                "an image that has it."
            )
    return lines


def wanted(versions: Mapping[str, str], there: Mapping[str, str] | None) -> dict[str, str]:
    """Returns distribution -> version of the wheels to bring.

    Args:
        versions: module -> version that the models were made with.
        there: distribution -> version on the image; None: nobody knows.
    """
    if there is None:
        return {name: _version(name) for name in LACKING}
    found = {name: _version(name) for name in LACKING if name not in there}
    for module in READING:
        if module in versions:
            brought = COMPUTING[module]
            same = any(there.get(name) == versions[module] for name in brought)
            if not same:
                found[brought[0]] = versions[module]
    return found


def read_image(path: Path) -> tuple[dict[str, str], str | None]:
    """Returns distribution -> version, and the version of Python where the list says it.

    Raises:
        DataError: the file is not there, or holds no `name==version`.
    """
    if not path.is_file():
        raise DataError(f"There is no list of the image's versions at {path} (a `pip freeze` of Kaggle's).")
    text = path.read_text(encoding="utf-8")
    found = {
        name.lower().replace("_", "-"): said for name, said in re.findall(r"^([\w.-]+)==(\S+)$", text, re.M)
    }
    if not found:
        raise DataError(
            f"{path} names no version: lines must read `name==version`, as `pip freeze` writes them."
        )
    python = re.search(r"^Python (\d+\.\d+)", text, re.M)
    return found, python[1] if python else None


def _version(name: str) -> str:
    return metadata.version(name)


def _fetch(folder: Path, wanted: str, python: str | None) -> str:
    """Fetches one wheel; returns what went wrong, or ""."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder), wanted]
    if python:
        command += ["--python-version", python, "--implementation", "cp"]
        command += [word for platform in PLATFORMS for word in ("--platform", platform)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return f"it took more than {LONGEST} s."
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"pip ended with {done.returncode}.")
