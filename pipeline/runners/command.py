"""Other processes of this program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pipeline


def start(arguments: Sequence[str], environment: Mapping[str, str] = {}, **options: Any) -> subprocess.Popen:
    """Starts `python -m pipeline ARGUMENTS` with this interpreter and this code, whatever the current folder.

    Args:
        arguments: of the command line.
        environment: variables besides the present ones.
        **options: of `subprocess.Popen`.
    """
    ours = str(Path(pipeline.__file__).parents[1])
    path = os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
    everything = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.Popen([sys.executable, "-m", "pipeline", *arguments], env=everything, **options)
