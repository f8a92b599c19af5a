"""Seconds and memory are those of what was measured."""

import os
import sys

import numpy as np
import pytest

from bench import machine, measure

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own memory")


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves, in the place of the machine's."""
    now = [100.0]
    monkeypatch.setattr(measure.time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def looks(monkeypatch, tmp_path):
    """Makes a file `seen` once a program was seen to hold 60 MB: it may end then, and not before."""
    memory_of = measure.memory_of

    def look(process):
        found = memory_of(process)
        if found[1] > 60:
            (tmp_path / "seen").touch()
        return found

    monkeypatch.setattr(measure, "memory_of", look)


UNTIL_SEEN = "import os, time; [time.sleep(0.01) for _ in range(60_000) if not os.path.exists('seen')]"


def test_functions_take_turns(clock):
    calls = []

    def function(name, *seconds):
        left = iter(seconds)

        def called():
            calls.append(name)
            clock[0] += next(left)

        return called

    least = measure.least_seconds(3, function("a", 4.0, 1.0, 2.0), function("b", 3.0, 5.0, 9.0))
    assert calls == ["a", "b"] * 3
    assert least == [1.0, 3.0]


def test_resident_memory_grows_with_what_is_held():
    before = measure.resident()
    held = np.ones(50_000_000 // 8)
    assert measure.resident() - before > 0.8 * held.nbytes / measure.MB


@LINUX
@pytest.mark.usefixtures("looks")
def test_a_program_and_its_children_are_measured_together(tmp_path):
    child = f"held = bytearray(60_000_000); {UNTIL_SEEN}"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); sys.exit(3)"
    ran = measure.run([sys.executable, "-c", parent], tmp_path, {})
    assert ran.code == 3
    assert 60 < ran.own <= ran.resident < 300


def test_a_program_takes_the_time_from_its_start_to_its_end(tmp_path, monkeypatch):
    times = iter([100.0, 102.5])
    monkeypatch.setattr(measure.time, "perf_counter", lambda: next(times))
    assert measure.run([sys.executable, "-c", ""], tmp_path, {}).seconds == 2.5


@LINUX
@pytest.mark.usefixtures("looks")
def test_pages_of_a_mapped_file_are_not_a_program_s_own(tmp_path):
    np.save(tmp_path / "pixels.npy", np.ones(60_000_000, np.uint8))
    code = f"import numpy as np; a = np.load('pixels.npy', mmap_mode='r'); a.sum(); {UNTIL_SEEN}"
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
