"""A run that is stopped at any moment goes on from where it was, to the same bytes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm import Warm

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

# A run that sends itself a signal: `before` or `after` its Nth rename, by which everything on disk
# becomes what it is, or in the `epoch` after its Nth rename. Nothing here depends on how fast it is.
# A test started in the background may have inherited that Ctrl-C is ignored.
CODE = """
import os, runpy, signal, sys
name, moment, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
signal.signal(signal.SIGINT, signal.default_int_handler)
renames, rename = [0], os.replace

def stop(now):
    if now == moment and renames[0] >= number:
        os.kill(os.getpid(), getattr(signal, name))

def replace(*paths, **options):
    renames[0] += 1
    stop("before")
    rename(*paths, **options)
    stop("after")

os.replace = replace
from pipeline.networks.training import checkpoint
checkpoint.SECONDS_BETWEEN = 0.0  # every epoch is kept
from pipeline.console import ConsoleProgress
update = ConsoleProgress.update

def watched(self, fraction, text):
    if "epoch" in text:
        stop("epoch")
    update(self, fraction, text)

ConsoleProgress.update = watched
sys.argv = ["pipeline", "train", "toy"]
runpy.run_module("pipeline", run_name="__main__")
"""
NEVER = ("SIGKILL", "never", "0")


@pytest.fixture(scope="module")
def warm():
    with Warm("tensorflow", "keras", "lightgbm", "skops.io", "cv2", "matplotlib.pyplot") as process:
        yield process


@pytest.fixture
def train(warm, workplace):
    """Returns a function that trains to the end, or to the moment at which the run is to stop itself."""
    return lambda *stop: warm.run(CODE, *map(str, stop or NEVER), folder=workplace)


def products(folder):
    return {path.name for path in (folder / "runs/toy/products").glob("[!.]*")}


def test_killed_again_and_again(workplace, train):
    done = train()
    assert done.returncode == 0, done.stdout
    whole = (workplace / "runs/toy/submission.csv").read_bytes()
    everything = products(workplace)
    (workplace / "runs").rename(workplace / "whole")
    # The tables; a network's second epoch; its product, half made; its neighbour; a product of a table.
    moments = [("before", 2), ("epoch", 11), ("before", 4), ("after", 4), ("before", 12)]
    for moment in moments:
        stopped = train("SIGKILL", *moment)
        assert stopped.returncode == -signal.SIGKILL, stopped.stdout
        assert not (workplace / "runs/toy/submission.csv").exists()
    done = train()
    assert done.returncode == 0, done.stdout
    assert (workplace / "runs/toy/submission.csv").read_bytes() == whole
    assert products(workplace) == everything
    assert not list((workplace / "runs/toy/products").glob(".making-*"))


def test_ctrl_c_ends_with_130_and_says_that_nothing_is_lost(workplace, train):
    """Once in an epoch of the second fold's network, once while a product of a table is put in its place."""
    done = set()
    for moment in [("epoch", 14), ("before", 12)]:
        stopped = train("SIGINT", *moment)
        assert stopped.returncode == 130, stopped.stdout
        assert "goes on from here" in stopped.stdout
        assert "Traceback" not in stopped.stdout
        assert done < products(workplace)
        done = products(workplace)
    assert any(name.startswith("net-fold") for name in done)
    finished = train()
    assert finished.returncode == 0, finished.stdout
    assert done < products(workplace)
    assert not list((workplace / "runs/toy/products").glob(".making-*"))


def test_ctrl_c_is_ignored_once_all_is_done(workplace):
    """Libraries take a while to unload; an impatient Ctrl-C then must not turn success into failure."""
    code = (
        "import atexit, os, runpy, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['pipeline', 'train', 'toy', '--only', 'logit', '--fold', '0']\n"
        "atexit.register(lambda: signal.getsignal(signal.SIGINT) == signal.SIG_IGN or os._exit(7))\n"
        "runpy.run_module('pipeline', run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=workplace, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
