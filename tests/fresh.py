"""Commands in a process of their own, as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = """\
import sys
from pipeline.cli import main
from pipeline.runners import pool
pool.SHORT = {short}
sys.exit(main(sys.argv[1:]))
"""


def train_afresh(*options, short=None):
    """Trains `toy` in a fresh process and returns what it printed.

    TensorFlow's threads in a process of many tests are those that the first of them asked for.

    Args:
        options: of the command.
        short: seconds below which fits are not worth a worker; default: the pool's own.
    """
    code = CODE.format(short="pool.SHORT" if short is None else short)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", code, "train", "toy", *options]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
