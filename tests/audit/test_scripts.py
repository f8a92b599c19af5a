"""Scripts of texts that the test has and training has not."""

import pandas as pd
import pytest

from pipeline.audit.columns import read_columns
from pipeline.audit.scripts import script_of, unseen_scripts

LATIN, RUSSIAN, HINDI = "a line of words", "строка из слов", "शब्दों की एक पंक्ति"


def findings(train, test, kind="text"):
    tables = (pd.DataFrame({"line": side}) for side in (train, test))
    return unseen_scripts(read_columns(*tables, {"line": kind}))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (LATIN, "Latin"),
        (RUSSIAN, "Cyrillic"),
        (HINDI, "Devanagari"),
        ("漢字の本", "Japanese"),
        ("中文字", "Cjk"),
        ("12 %", ""),
        (f"ok {RUSSIAN}", "Cyrillic"),
    ],
)
def test_a_text_has_the_script_of_most_of_its_letters(text, script):
    assert script_of(text) == script


def test_a_script_that_training_lacks_is_told():
    found = findings([LATIN] * 99 + [RUSSIAN], [LATIN] * 8 + [RUSSIAN] * 2)
    assert [(one.name, one.severity) for one in found] == [("unseen-scripts", "warn")]
    assert "line: 20.0% of the test's are Cyrillic (1.0% of training's)" in found[0].text


def test_scripts_that_both_have_are_fine():
    assert findings([LATIN, HINDI] * 20, [LATIN, HINDI, HINDI] * 5) == []
    assert findings([LATIN] * 40, [LATIN] * 97 + [RUSSIAN] * 3) == [], "so few may be chance"


def test_columns_of_names_are_no_texts():
    assert findings([LATIN] * 40, [RUSSIAN] * 40, "category") == []
