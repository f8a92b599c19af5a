"""What an input is known by stands in its own file: lines elsewhere that name one may only become fewer."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "pipeline"
NAMED = re.compile(
    r'"(images|table|text)"(?!:)|\bpixels_product\b|\.pixels\b|\.pixels\(|pixels_key'
    r"|\.extras?\b|\.pictures\b|test_pictures"
)
PARTED = re.compile(r'\bentry\.(r?partition|split)\("\."|"\." (not )?in entry')
LOOKED_UP = re.compile(r"\bmodels\[[a-z_.]+\](?! = )")
MOST_LOOKED_UP = (
    9  # lines: a section travels, not the name; `Plan.section` and the checks of a YAML look it up
)
NO_INPUT = (
    re.compile(  # what the pattern meets besides: "text" as a kind of column, plots of a search, a hint
        r'"code", "text"|"text", "date"|"text" \(several words\)|TEXTS = .*|== "text"(?! else)'
        r'|return "text"|kinds.get\(name, "text"\)|hints = .*|(request|outcome)\.pictures|search\.pictures'
        r"|KAGGLE_OUTPUT_FORMAT.*"
    )
)
GUESTS = ("networks", "models", "testing.py")  # what sees: each says by name which input it learns from
MOST_LINES, MOST_FILES = 87, 31  # that the pattern meets; 129 in 39 before inputs were registered
MOST_BETWEEN, MOST_FILES_BETWEEN = 31, 12  # of these, between an input and what sees it; lower them all
MOST_GUEST_LINES = 38


def found(pattern):
    """Returns the lines outside of inputs/ that fit, by file."""
    lines = {
        path: [line for line in path.read_text(encoding="utf-8").splitlines() if pattern.search(line)]
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != "inputs"
    }
    return {path: some for path, some in lines.items() if some}


def naming_an_input():
    """Returns the lines that name an input: what is left of them once all else is taken out."""
    lines = {
        path: [line for line in some if NAMED.search(NO_INPUT.sub("", line))]
        for path, some in found(NAMED).items()
    }
    return {path: some for path, some in lines.items() if some}


def test_no_more_lines_name_an_input_than_do_today():
    met = found(NAMED)
    assert sum(map(len, met.values())) <= MOST_LINES
    assert len(met) <= MOST_FILES
    named = naming_an_input()
    guests = {path for path in named if path.relative_to(ROOT).parts[0] in GUESTS}
    between = [len(lines) for path, lines in named.items() if path not in guests]
    assert sum(between) <= MOST_BETWEEN
    assert len(between) <= MOST_FILES_BETWEEN
    assert sum(len(named[path]) for path in guests) <= MOST_GUEST_LINES


def test_one_file_takes_apart_what_is_read_of_another_model():
    assert found(PARTED) == {}


def test_a_models_section_is_looked_up_in_few_places():
    assert sum(map(len, found(LOOKED_UP).values())) <= MOST_LOOKED_UP
