"""Seconds and memory are those of what was measured."""

import os
import sys
import time

import numpy as np
import pytest

from bench import machine, measure

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own memory")


def test_functions_take_turns():
    calls = []
    least = measure.least_seconds(3, lambda: calls.append("a"), lambda: (calls.append("b"), time.sleep(0.01)))
    assert calls == ["a", "b"] * 3
    assert least[0] < 0.01 <= least[1]


def test_resident_memory_grows_with_what_is_held():
    before = measure.resident()
    held = np.ones(50_000_000 // 8)
    assert measure.resident() - before > 0.8 * held.nbytes / measure.MB


@LINUX
def test_a_program_and_its_children_are_measured_together(tmp_path):
    child = "import time; held = bytearray(60_000_000); time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); sys.exit(3)"
    ran = measure.run([sys.executable, "-c", parent], tmp_path, {})
    assert ran.code == 3
    assert 60 < ran.own <= ran.resident < 300
    assert 0.4 < ran.seconds < 30


@LINUX
def test_pages_of_a_mapped_file_are_not_a_program_s_own(tmp_path):
    np.save(tmp_path / "pixels.npy", np.ones(60_000_000, np.uint8))
    code = "import time, numpy as np; a = np.load('pixels.npy', mmap_mode='r'); a.sum(); time.sleep(0.4)"
    ran = measure.run([sys.executable, "-c", code], tmp_path, {})
    assert ran.code == 0
    assert ran.resident - ran.own > 60


def test_an_ended_program_has_no_memory():
    assert measure.memory_of(2**22 + 1) == (0.0, 0.0)
    assert os.getpid() in measure.family(os.getpid())


def test_the_machine_is_described():
    text = machine.describe()
    assert "cores" in text
    assert "Python 3." in text
    assert "numpy" in text
