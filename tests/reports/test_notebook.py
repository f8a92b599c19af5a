"""The page in a notebook, as a kernel shows it."""

import os
from html import unescape
from pathlib import Path

import pytest

from tests.reports.page_reader import Page

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_a_cell_shows_the_page_inline(run_of, monkeypatch):
    client, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    run = run_of("tags")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cell = nbformat.v4.new_code_cell('import pipeline\npipeline.report("tags")')
    notebook = nbformat.v4.new_notebook(cells=[cell])
    place = {"metadata": {"path": os.getcwd()}}
    done = client.NotebookClient(notebook, kernel_name="python3", timeout=None, resources=place).execute()
    (shown,) = [one.data["text/html"] for one in done.cells[0].outputs if one.output_type == "execute_result"]
    (frame,) = Page(shown).all("iframe")
    assert frame["title"] == "report"
    page = Page(frame["srcdoc"])
    assert page.all("h1") == [{}]
    assert "What to try next" in page.text
    written = (run.plan.store.root / "report.html").read_text(encoding="utf-8")
    assert unescape(shown.partition('srcdoc="')[2].partition('"')[0]) == written
