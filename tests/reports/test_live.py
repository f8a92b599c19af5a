"""The page while a run goes on: served to this machine alone, as far as the run came; nothing is written."""

import shutil
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.errors import ModelError
from pipeline.stages.live import Reading, server
from tests.reports.browser import BROWSER, browse
from tests.reports.page_reader import Page

pytestmark = pytest.mark.slow


@contextmanager
def serving(run):
    with server(run, 0) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


def get(found, path, host=None):
    connection = HTTPConnection(*found.server_address)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode("utf-8")


def state_of(folder):
    """Every file with its time and size."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in Path(folder).rglob("*")}


def test_the_page_is_served_and_nothing_is_written(run_of):
    run = run_of("tags")
    before = state_of(".")
    with serving(run) as found:
        assert found.server_address[0] == "127.0.0.1"
        status, html = get(found, "/")
        assert status == 200
        page = Page(html)
        assert [one["src"] for one in page.all("script")] == ["/watch.js"]
        (key,) = [one["content"] for one in page.all("meta") if one.get("name") == "made-of"]
        assert get(found, "/key") == (200, key)
        assert 'fetch("/key")' in get(found, "/watch.js")[1]
    assert state_of(".") == before


def test_who_asks_for_another_name_or_file_gets_nothing(run_of):
    with serving(run_of("tags")) as found:
        port = found.server_port
        assert get(found, "/", f"evil.example:{port}")[0] == 404
        assert get(found, "/", f"localhost:{port}")[0] == 200
        for path in ("/runs/tags/report.html", "/../configs/tags.yaml", "/?x"):
            assert get(found, path)[0] == 404


def test_the_page_follows_the_folds(run_of):
    """Before the data are read, after one fold, and at the end: another key each, and another page."""
    run, store = run_of("toy"), Path("runs/toy")
    kept = store.rename("kept")
    store.mkdir()
    with serving(run) as found:
        assert get(found, "/key") == (200, "nothing")
        assert "Nothing is there to report on yet" in get(found, "/")[1]
        (store / "products").mkdir()
        for label in ("competition", "folds", "intensity", "lgbm-fold0"):
            for path in (kept / "products").glob(f"{label}-*"):
                shutil.copytree(path, store / "products" / path.name)
        keys = [get(found, "/key")[1]]
        html = get(found, "/")[1]
        assert "There is no ensemble yet" in Page(html).text
        assert "could not be drawn" not in html
        shutil.copytree(kept, store, dirs_exist_ok=True)
        keys.append(get(found, "/key")[1])
        assert "What to try next" in Page(get(found, "/")[1]).text
        assert len({"nothing", *keys}) == 3


@pytest.mark.skipif(BROWSER is None, reason="no chromium: apt-get install chromium")
def test_an_open_page_loads_again_when_a_fold_ends(run_of, tmp_path):
    """In a browser that waits: its second look at the server comes after the fold, and shows it."""
    run, store = run_of("toy"), Path("runs/toy")
    kept, asked = store.rename("kept"), []
    (store / "products").mkdir(parents=True)
    first = ("competition", "folds", "intensity", "logit-fold0")
    for path in (path for label in first for path in (kept / "products").glob(f"{label}-*")):
        shutil.copytree(path, store / "products" / path.name)
    with serving(run) as found:
        live = found.RequestHandlerClass.args[0]
        own, page = live.key, live.page

        def key():
            if not any(name == "key" for name, _ in asked):
                for path in (kept / "products").glob("logit-fold1-*"):
                    shutil.copytree(path, store / "products" / path.name)
            asked.append(("key", own()))
            return asked[-1][1]

        def drawn():
            asked.append(("page", Page(page().decode()).text))
            return page()

        live.key, live.page = key, drawn
        done = browse(f"http://127.0.0.1:{found.server_port}/", tmp_path, budget=15_000)
    shown = [text for name, text in asked if name == "page"]
    assert len(shown) == 2, done.stderr[-500:]
    assert ["1 of 2 fits" in text for text in shown] == [True, False]
    assert "2 of 2 fits" in done.stdout


def test_what_is_missing_is_not_made(run_of):
    run = run_of("tags")
    reading = Reading(run.plan, run.progress)
    shutil.rmtree(run.folds_product.path)
    with pytest.raises(ModelError, match="folds is not there yet"):
        _ = reading.folds
    assert not run.folds_product.path.exists()


def test_watch_says_what_it_lacks(tmp_path, monkeypatch, capsys, run_of):
    run_of("tags")
    shutil.rmtree("runs")
    assert main(["watch", "tags"]) == 1
    assert "Nothing of tags is there to follow. Start train first." in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(run_of):
    run = run_of("tags")
    with (
        serving(run) as found,
        pytest.raises(ModelError, match=rf"--port {found.server_port}: .*Name another"),
    ):
        server(run, found.server_port)
