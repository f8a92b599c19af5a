"""A run that is killed at any moment goes on from where it was, to the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def start(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", "train", "toy"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def products(folder):
    return {path.name for path in (folder / "runs/toy/products").glob("[!.]*")}


def test_killed_again_and_again(workplace):
    finish(start(workplace))
    whole = (workplace / "runs/toy/submission.csv").read_bytes()
    everything = products(workplace)
    (workplace / "runs").rename(workplace / "whole")
    chance = random.Random(0)
    for _ in range(4):
        process = start(workplace)
        time.sleep(chance.uniform(1.5, 9))
        process.send_signal(signal.SIGKILL)
        process.wait()
    finish(start(workplace))
    assert (workplace / "runs/toy/submission.csv").read_bytes() == whole
    assert products(workplace) == everything
    assert not list((workplace / "runs/toy/products").glob(".making-*"))


def test_ctrl_c_ends_with_130_and_says_that_nothing_is_lost(workplace):
    process = start(workplace)
    deadline = time.monotonic() + 120
    while not any(name.startswith("net-fold") for name in products(workplace)):
        assert time.monotonic() < deadline, "no fold was trained"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "goes on from here" in output
    assert "Traceback" not in output
    finish(start(workplace))


def test_ctrl_c_is_ignored_once_all_is_done(workplace):
    """Libraries take a while to unload; an impatient Ctrl-C then must not turn success into failure."""
    code = (
        "import atexit, os, runpy, signal, sys\n"
        "sys.argv = ['pipeline', 'train', 'toy', '--only', 'logit', '--fold', '0']\n"
        "atexit.register(lambda: signal.getsignal(signal.SIGINT) == signal.SIG_IGN or os._exit(7))\n"
        "runpy.run_module('pipeline', run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=workplace, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
