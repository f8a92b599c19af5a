"""Several machines share a study: a real PostgreSQL server, started here, where there is one to start."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna
import pytest

from pipeline.search.study import counted, full_address

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def program(name):
    places = [shutil.which(name), *sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))]
    return next((place for place in places if place), None)


def account():
    """Returns the user to run the server as, for it refuses to run as root; None: the present one."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), "")


@pytest.fixture
def server():
    """Yields the address of an empty database, or skips and says why."""
    initdb, postgres = program("initdb"), program("postgres")
    if not initdb or not postgres:
        pytest.skip("no PostgreSQL server is installed here")
    if (user := account()) == "":
        pytest.skip("PostgreSQL does not run as root, and there is no other account")
    pytest.importorskip("pg8000", reason="the driver is not installed (make setup POSTGRES=1)")
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
    data = folder / "data"
    if user:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = {"user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run([initdb, "-D", data, "-U", "tuner", "--auth=trust", "--no-sync"], check=True, **run)
    process = subprocess.Popen([postgres, "-D", data, "-p", str(port), "-k", folder, "-F"], **run)
    try:
        for _ in range(6000):  # until it answers, or ends; the number only ends a test that hangs
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server has ended"
            time.sleep(0.1)
        yield f"postgresql://tuner@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)  # ends although clients are connected
        process.wait(timeout=600)
        shutil.rmtree(folder, ignore_errors=True)


def test_two_machines_share_the_trials_of_a_study(toy, server):
    """Two folders stand for two machines: each has the files and the configuration, and its own runs."""
    other = toy.with_name("other")
    shutil.copytree(toy, other)
    command = [sys.executable, "-m", "pipeline", "tune", "toy", "--model", "logit"]
    command += ["--trials", "8", "--storage", server]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for folder in (toy, other)
    ]
    outputs = [process.communicate(timeout=600)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    storage = optuna.storages.RDBStorage(full_address(server))
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    assert 8 <= len(counted(trials)) <= 9  # both may begin a last one at the same moment
    found = [(folder / "configs/toy.tuned.yaml").read_text() for folder in (toy, other)]
    assert "trial" in found[0]
    assert not (toy / "runs/toy/search/logit/study.db").exists()
