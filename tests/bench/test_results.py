"""Limits trip, and the section on speed is rewritten without touching the rest of the page."""

import math

import pytest

from bench.limits import LIMITS, Limit
from bench.results import SECTION, Value, write_section
from bench.speed import CASES

PAGE = """\
# Measured

## Ensemble weights

kept as it is

```
## Speed of something else, in a block
```

## Which score

also kept
"""


def values(*pairs):
    return [Value(name, number, f"what {name} is") for name, number in pairs]


@pytest.mark.parametrize(
    ("name", "number", "below"),
    [
        ("head.speed", 9.99, True),
        ("head.speed", 10.0, False),
        ("startup.help", 0.51, True),
        ("startup.help", 0.5, False),
        ("head.speed", math.nan, True),
        ("startup.help", math.nan, True),
        ("head.seconds_of_somebody", 1e9, False),
    ],
)
def test_a_value_beyond_its_limit_is_below(name, number, below):
    value = Value(name, number, "something")
    assert value.below is below
    assert ("BELOW" in value.line()) is below


def test_a_line_names_value_limit_and_verdict():
    line = Value("memory.spread", 299.5, "own memory", "MB").line()
    assert line == "memory.spread: 300 MB, ceiling 300 MB, ok  (own memory)"


def test_every_limit_belongs_to_a_case():
    assert {name.partition(".")[0] for name in LIMITS} == set(CASES)
    assert not Limit("floor", 1.0).holds(0.9)


def test_the_section_is_added_and_the_rest_stays():
    page = write_section(PAGE, {"input": values(("input.batches", 0.95))}, CASES, "a machine")
    assert page.startswith(PAGE)
    assert page.count(SECTION) == 1
    assert "| what input.batches is | 0.95 | floor 0.9 | ok |" in page
    assert "a machine." in page


def test_only_what_was_measured_again_changes():
    page = write_section(PAGE, {"head": values(("head.speed", 12.0))}, CASES, "first machine")
    between = page.replace("## Which score", "## Last section, after speed\n\nstays\n\n## Which score")
    between += "\n## After\n\nstays too\n"
    page = write_section(between, {"input": values(("input.batches", 0.5))}, CASES, "second machine")
    assert "12 |" in page
    assert "first machine" in page
    assert "| 0.5 | floor 0.9 | BELOW |" in page
    assert page.index("### input") < page.index("### head")
    again = write_section(page, {"input": values(("input.batches", 0.99))}, CASES, "third machine")
    assert "second machine" not in again
    assert "| 0.5 |" not in again
    for text in ("kept as it is", "in a block", "also kept", "stays", "## After\n\nstays too"):
        assert text in again
    assert again.count("### input") == again.count(SECTION) == 1
    assert again == write_section(again, {"input": values(("input.batches", 0.99))}, CASES, "third machine")
