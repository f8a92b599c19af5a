"""The page of a run: whole, safe, alone, and of whatever is there."""

import contextlib
import re
import shutil
from pathlib import Path
from types import SimpleNamespace as Stub

import pytest

from pipeline import api
from pipeline.cli import main
from pipeline.errors import ModelError
from pipeline.registry import SECTIONS, TASKS
from pipeline.reports import blocks
from pipeline.reports.figure import draw
from pipeline.reports.page import render, sections
from pipeline.reports.section import Advice
from pipeline.reports.tiles import outlines
from pipeline.stages.page import material_of, publish_page, reported
from tests.reports.page_reader import Page, drawn
from tests.reports.runs import CONFIGS, HOSTILE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MOST_BYTES = 10_000_000
KINDS = {getattr(kind, "kind", None) for kind in vars(blocks).values() if isinstance(kind, type)} - {None}


@pytest.mark.parametrize("name", list(CONFIGS))
def test_every_kind_of_contest_has_a_page_that_stands_alone(name, page_of):
    html, page, _ = page_of(name)
    assert len(html.encode()) < MOST_BYTES
    assert page.all("script") == page.all("link") == page.all("iframe") == []
    for address in [*page.values("src"), *page.values("href"), *page.values("xlink:href")]:
        assert address.startswith(("#", "data:")), address
    assert not re.search(r"@import|url\((?!#)", html.replace(page.text, ""))
    names = page.values("id")
    assert len(names) == len(set(names))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(names)
    assert all(one.get("alt") for one in page.all("img"))
    assert all(one.get("aria-label") for one in page.all("div") if one.get("role") == "img")
    assert all(one["scope"] in ("col", "row") for one in page.all("th"))
    assert next(level for level, _ in page.elements if re.fullmatch("h[1-6]", level)) == "h1"


@pytest.mark.parametrize("name", list(CONFIGS))
def test_every_section_keeps_its_contract(name, run_of):
    """What it shows are blocks that the templates know; what it advises has evidence."""
    made = sections(material_of(run_of(name)))
    assert set(made) == set(SECTIONS.names())
    places = [section.place for section in made.values()]
    assert places == sorted(set(places)), "no two sections stand in one place"

    def check(block):
        assert block.kind in KINDS
        for inner in getattr(block, "blocks", ()):
            check(inner)

    for section in made.values():
        assert section.title
        if section.applies():
            shown = section.blocks()
            assert shown
            for block in shown:
                check(block)
            assert all(isinstance(one, Advice) and one.text and one.evidence for one in section.advice())
            assert all(isinstance(text, str) for text in section.warnings())


def test_names_of_classes_columns_and_texts_stay_text(page_of):
    html, page, _ = page_of("toy")
    for name in HOSTILE:
        assert " ".join(name.split()) in " ".join(page.text.split()), name
    assert "<script" not in html
    assert "<img src=http" not in html
    assert "<b>said</b>" in page.text


def test_drawings_write_names_as_they_are():
    figure = draw(lambda axes: axes.set_title("$x_1$ <b> & c"), "what it shows")
    assert "$x_1$ &lt;b&gt; &amp; c" in figure.svg
    assert "http" not in figure.svg
    assert "var(--ink)" in figure.svg, "its colours are the page's"


def test_an_ensemble_of_one_has_an_interval_too(page_of):
    _, page, material = page_of("tags")
    low, high = material.blended.facts["intervals"]["ensemble"]
    assert low < material.blended.summary["cross_fitted_score"] < high
    assert f"95 %: {low:.5f} to {high:.5f}" in page.text


def test_the_top_says_what_is_needed_to_decide(page_of):
    html, _, material = page_of("toy")
    summary, head = material.blended.summary, Page(html[: html.index('<h2 id="ensemble">')]).text
    for score in (summary["cross_fitted_score"], summary["ensemble"]["in_sample_score"]):
        assert f"{score:.5f}" in head
    low, high = summary["ensemble"]["intervals"]["ensemble"]
    assert f"95 %: {low:.5f} to {high:.5f}" in head
    assert low <= summary["cross_fitted_score"] <= high
    assert "baseline" in head
    assert "submission.csv" in head
    assert "What to try next" in head


def test_a_tile_says_truth_and_answer_before_it_shows_the_row(page_of):
    html = page_of("toy")[0]
    tiles = html[html.index('<h2 id="errors">') :].partition("</section>")[0].split('<li class="tile')[1:]
    assert len(tiles) > 5
    for tile in tiles:
        assert 0 < tile.index("<dt>truth</dt>") < tile.index("<dt>answer</dt>") < tile.index("<img")


@pytest.mark.parametrize("name", ["masks", "boxes"])
def test_masks_and_boxes_are_drawn_on_their_pictures(name, page_of):
    _, page, _ = page_of(name)
    assert len(page.all("img")) >= 10
    assert "Worst errors" in page.text


def test_a_killed_run_is_reported_as_far_as_it_came(run_of, capsys, pages):
    run = run_of("toy")
    root = run.plan.store.root
    for lost in ("ensemble", "submission", "labels", "logit-predictions", "lgbm", "logit-fold1"):
        for folder in (root / "products").glob(f"{lost}-*"):
            shutil.rmtree(folder)
    for file in ("submission.json", "submission.csv", "second_submission.csv", "board.json", "report.html"):
        (root / file).unlink(missing_ok=True)
    assert main(["report", "toy"]) == 0
    page = Page((root / "report.html").read_text(encoding="utf-8"))
    assert "There is no ensemble yet" in page.text
    assert "Not trained on every fold yet: logit, lgbm" in page.text
    assert "Worst errors" in page.text
    assert not list((root / "products").glob("lgbm-*")), "a report trains nothing"


def test_a_report_of_nothing_says_so(run_of):
    run = run_of("toy")
    shutil.rmtree("runs")
    with pytest.raises(ModelError, match=r"Nothing of toy is there to report on\. Run train first\."):
        publish_page(run)


def test_a_page_is_drawn_again_only_where_what_it_shows_has_changed(run_of, pages, monkeypatch):
    run, said = run_of("tags"), []
    page = publish_page(run)
    first = page.read_bytes()
    monkeypatch.setattr("pipeline.stages.page.render", lambda *_: said.append("drawn") or "")
    publish_page(run)
    assert said == []
    assert page.read_bytes() == first
    (run.plan.store.root / "board.json").write_text('{"runs": [], "submissions": []}')
    publish_page(run)
    assert said == ["drawn"]


def test_the_same_products_are_the_same_bytes(page_of, trained):
    """Of a contest whose models lean on no column: permutation stops by the clock."""
    with contextlib.chdir(trained("tags")):
        assert drawn(api.open_run("tags", store=trained("tags") / "runs" / "tags"))[0] == page_of("tags")[0]


def test_what_a_budget_trained_is_reported_on(run_of):
    """The submission that lies there was made of other settings, and nothing was trained since."""
    run = run_of("tags")
    other = api.open_run(api.load_config("tags", ["models.logit.C=0.125"]))
    assert reported(run) is run
    found = reported(other)
    assert found.config.models == run.config.models
    assert not material_of(found).blended.stale
    assert "logit" in material_of(other).blended.stale


def test_a_section_that_fails_leaves_the_page(run_of, monkeypatch):
    failed = []
    monkeypatch.setattr(SECTIONS.get("time"), "blocks", lambda self: 1 / 0)
    html = render(material_of(run_of("tags")), "0", failed.append)
    assert failed == ["The report's section 'Time' could not be drawn: ZeroDivisionError('division by zero')"]
    assert "Calibration" in html


def test_the_section_of_the_documentation_is_one(page_of):
    text = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    try:
        exec(compile(block, "docs/report.md", "exec"), names := {})
        shown = names["Sizes"](page_of("tags")[2]).blocks()
    finally:
        SECTIONS._things.pop("sizes", None)
    assert shown[0].text == "fold0: 35 rows"


@pytest.mark.parametrize(
    "kind, drawn", [("mask", True), ("boxes", True), ("image", False), ("regression", False)]
)
def test_edges_are_drawn_of_masks_and_not_of_greys(kind, drawn):
    """Cleaned pages are answers of pixels, too, and their worst are shown as they are."""
    assert outlines(Stub(task=TASKS.get(kind))) is drawn
