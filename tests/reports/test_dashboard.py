"""The dashboards: Optuna's page on every search, TensorBoard on curves; on this machine alone."""

import json
import socket
import time
from pathlib import Path

import pytest

from pipeline.cli import INTERRUPTED, main
from pipeline.commands import dashboard
from pipeline.reports.event_files import write_event_files
from pipeline.reports.trained import Trained

pytestmark = pytest.mark.slow

NOTE = "import json, os, sys\nopen(os.environ['SEEN'] + '/{name}.json', 'w').write(json.dumps({what}))\n"
STAND_INS = {
    "optuna_dashboard/__init__.py": "import time\ndef run_server(storage, host, port):\n    "
    + NOTE.format(name="optuna", what="[storage, host, port]").replace("\n", "\n    ")
    + "\n    time.sleep(60)\n",
    "tensorboard/__init__.py": "",
    "tensorboard/main.py": NOTE.format(name="tensorboard", what="sys.argv[1:]")
    + "sys.exit('no such port')\n",
}


@pytest.fixture
def stand_ins(tmp_path, monkeypatch):
    """Returns a function: puts packages in the place of those named, which note how they are called."""
    seen = tmp_path / "seen"
    seen.mkdir()
    monkeypatch.setenv("SEEN", str(seen))

    def install(*names):
        for name in STAND_INS:
            if name.partition("/")[0] in names:
                path = tmp_path / "packages" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(STAND_INS[name], encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
        monkeypatch.syspath_prepend(tmp_path / "packages")
        monkeypatch.setattr(dashboard, "installed", lambda package: package in names)
        return seen

    return install


@pytest.fixture
def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def with_a_search(name):
    path = Path(f"runs/{name}/search/lgbm/study.db")
    path.parent.mkdir(parents=True)
    path.touch()
    return path.resolve()


def test_each_search_and_all_curves_have_a_page(run_of, stand_ins, port, capsys):
    run_of("toy")
    with_a_search("toy")
    seen = stand_ins("optuna_dashboard", "tensorboard")
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    assert main(["dashboard", "toy", "--port", str(port)]) == 1  # TensorBoard's stand-in ends
    said = capsys.readouterr()
    assert f"http://127.0.0.1:{port}  the search of lgbm" in said.out
    assert f"http://127.0.0.1:{port + 1}  learning curves of lgbm" in said.out
    assert "The server of learning curves of lgbm ended (1). no such port" in said.err
    asked = json.loads((seen / "tensorboard.json").read_text())
    options = dict(zip(asked[::2], asked[1::2], strict=True))
    assert (options["--host"], options["--port"]) == ("127.0.0.1", str(port + 1))
    assert not Path(options["--logdir"]).exists(), "what is written for the page goes with it"
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before


def test_ctrl_c_ends_the_servers(run_of, stand_ins, port, monkeypatch):
    run_of("tags")
    study, seen, started = with_a_search("tags"), stand_ins("optuna_dashboard"), []
    own, sleep = dashboard.subprocess.Popen, time.sleep
    monkeypatch.setattr(
        dashboard.subprocess, "Popen", lambda *args, **keys: started.append(own(*args, **keys)) or started[-1]
    )

    def look(seconds):
        if (seen / "optuna.json").exists() and (seen / "optuna.json").read_text():
            raise KeyboardInterrupt
        sleep(0.01)

    monkeypatch.setattr(dashboard.time, "sleep", look)
    assert main(["dashboard", "tags", "--port", str(port)]) == INTERRUPTED
    assert json.loads((seen / "optuna.json").read_text()) == [f"sqlite:///{study}", "127.0.0.1", port]
    assert [server.poll() is None for server in started] == [False]


def test_what_is_not_installed_is_named_with_how_to_get_it(run_of, stand_ins, capsys):
    run_of("toy")
    stand_ins()
    assert main(["dashboard", "toy"]) == 1
    assert "Not installed: tensorboard. `make setup DASHBOARD=1` does that." in capsys.readouterr().err
    with_a_search("toy")
    assert main(["dashboard", "toy"]) == 1
    assert "Not installed: optuna-dashboard, tensorboard." in capsys.readouterr().err


def test_nothing_to_show_and_a_port_that_is_taken_are_named(run_of, stand_ins, capsys):
    run_of("tags")
    stand_ins("optuna_dashboard", "tensorboard")
    assert main(["dashboard", "tags"]) == 1
    assert "tags has neither a search (make tune) nor learning curves" in capsys.readouterr().err
    with_a_search("tags")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["dashboard", "tags", "--port", str(taken.getsockname()[1])]) == 1
    assert "Name another one." in capsys.readouterr().err


def test_event_files_hold_the_curves_that_fits_noted(run_of, tmp_path):
    import tensorflow as tf

    run = run_of("toy")
    model = Trained(run, "lgbm")
    write_event_files([model], tmp_path / "logs")
    label, facts = next(iter(model.facts.items()))
    (curve,) = facts["notes"]["history"]
    (file,) = (tmp_path / "logs" / "lgbm" / label).glob("*tfevents*")
    records = [tf.compat.v1.Event.FromString(one.numpy()) for one in tf.data.TFRecordDataset(str(file))]
    assert records[0].file_version == "brain.Event:2"
    found = {}
    for event in records[1:]:
        (value,) = event.summary.value
        found.setdefault(value.tag, []).append((event.step, value.simple_value))
    keys = [key for key in ("losses", "scores", "rates") if key in curve]
    assert len(found) == len(keys) > 0
    for key, points in zip(keys, found.values(), strict=True):
        assert [step for step, _ in points] == curve["at"]
        assert [value for _, value in points] == pytest.approx(curve[key])
