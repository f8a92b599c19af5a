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
MOST_LINES, MOST_FILES = 99, 31  # 129 in 39 before inputs were registered; lower them with the code


def found(pattern):
    """Returns the lines outside of inputs/ that fit, by file."""
    lines = {
        path: [line for line in path.read_text(encoding="utf-8").splitlines() if pattern.search(line)]
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != "inputs"
    }
    return {path: some for path, some in lines.items() if some}


def test_no_more_lines_name_an_input_than_do_today():
    named = found(NAMED)
    assert sum(map(len, named.values())) <= MOST_LINES
    assert len(named) <= MOST_FILES


def test_one_file_takes_apart_what_is_read_of_another_model():
    assert found(PARTED) == {}


def test_a_models_section_is_looked_up_in_few_places():
    assert sum(map(len, found(LOOKED_UP).values())) <= MOST_LOOKED_UP
