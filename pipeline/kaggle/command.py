"""Kaggle's own command line, run as a program: found, called, its refusals put into plain words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import KaggleError

Echo = Callable[[str], None]
CHUNK = 4096

# What its answers hold (versions 2.2, github.com/Kaggle/kaggle-cli), and what to do then; the first
# that fits counts.
_ANSWERS = (
    (
        r"Authentication required|\b401\b|Invalid credentials|Could not find kaggle.json",
        "Kaggle does not know you: run `kaggle auth login`, or save a token of "
        "https://www.kaggle.com/settings/api as ~/.kaggle/access_token (or the older ~/.kaggle/kaggle.json).",
    ),
    (
        r"\b403\b|must accept",
        "Kaggle refuses: open https://www.kaggle.com/competitions/{slug}/rules in a browser, join and accept "
        "the rules (a new account has to confirm its phone number, too), then run this again.",
    ),
    (
        r"\b404\b|Could not find competition",
        "Kaggle knows no contest {slug!r}: its name is the last part of its address. Set `data.kaggle` in "
        "the configuration, or SLUG=name (--slug).",
    ),
    (r"\b429\b", "Kaggle asks to wait (too many requests): try again in some minutes."),
    (
        r"\b400\b|submission limit|maximum number of submissions|Could not submit",
        "Kaggle did not take the file: is a submission left today (days end at midnight UTC), and is the "
        "contest open? See https://www.kaggle.com/competitions/{slug}/submissions.",
    ),
    (
        r"ConnectionError|Max retries exceeded|Name or service not known|NameResolutionError",
        "Kaggle cannot be reached: is this machine on the network?",
    ),
)


def find_command() -> str:
    """Returns the path of the `kaggle` program: of PATH, or of this Python's environment.

    Raises:
        KaggleError: there is none.
    """
    beside = Path(sys.executable).parent / "kaggle"
    found = shutil.which("kaggle") or (str(beside) if os.access(beside, os.X_OK) else None)
    if not found:
        raise KaggleError(
            "Kaggle's command line is not installed: run `make setup KAGGLE=1` "
            "(pip install -r requirements-kaggle.txt -c constraints.txt)."
        )
    return found


def run_kaggle(arguments: list[str], slug: str, echo: Echo | None = None, group: str = "competitions") -> str:
    """Runs `kaggle competitions ...` and returns what it printed, errors included.

    Args:
        arguments: what follows `kaggle competitions`.
        slug: the contest's name in Kaggle's address, for the error.
        echo: receives the output as it comes (a download's progress bar).
        group: "datasets" or "kernels" in the place of "competitions".

    Raises:
        KaggleError: the program is missing, or it failed; says what to do.
    """
    process = subprocess.Popen(
        [find_command(), group, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "KAGGLE_OUTPUT_FORMAT": "table"},
    )
    said = bytearray()
    with process:
        try:
            while process.stdout and (chunk := os.read(process.stdout.fileno(), CHUNK)):
                said += chunk
                if echo:
                    echo(chunk.decode("utf-8", "replace"))
        except BaseException:
            process.terminate()
            raise
    text = said.decode("utf-8", "replace").replace("\r", "\n")
    if process.returncode:
        raise refusal(text, slug)
    return text


def refusal(said: str, slug: str) -> KaggleError:
    """Returns the error that says in one line what to do about an answer."""
    for signs, advice in _ANSWERS:
        if re.search(signs, said, re.IGNORECASE):
            return KaggleError(advice.format(slug=slug))
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return KaggleError(f"Kaggle's command line failed: {lines[-1] if lines else 'it said nothing.'}")
