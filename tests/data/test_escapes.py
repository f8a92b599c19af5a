"""Escapes in words become the characters that they stand for, and nothing else changes."""

import pandas as pd
import pytest

from pipeline.config.schema import Config
from pipeline.data.competition import read_competition
from pipeline.data.escapes import unescape, unescape_table
from pipeline.data.new_rows import read_rows
from pipeline.data.source import FolderSource


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("AT&amp;T &lt;b&gt; &#39;x&#39;", "AT&T <b> 'x'"),
        (r"you\xa0fool", "you\xa0fool"),
        (r"caf\xc3\xa9 \xe9", "café é"),
        (r"don\u2019t", "don’t"),
        (r"first\nsecond line\t!", "first second line !"),
        (r"C:\new\table", r"C:\new\table"),
        (r"\ud83d\ude00", r"\ud83d\ude00"),
        (r"a\xzz & b; c", r"a\xzz & b; c"),
    ],
)
def test_each_escape_is_its_character(text, wanted):
    assert unescape(text) == wanted


def test_columns_without_escapes_are_not_copied():
    table = pd.DataFrame({"a": ["x & y", None], "n": [1, 2]})
    assert unescape_table(table) is table


def test_gaps_and_other_columns_stay():
    table = pd.DataFrame({"a": ["x &amp; y", None], "b": ["&", "z"], "n": [1.5, None]})
    found = unescape_table(table)
    assert found["a"].isna().tolist() == [False, True]
    assert found["a"][0] == "x & y"
    assert table["a"][0] == "x &amp; y"
    pd.testing.assert_frame_equal(found[["b", "n"]], table[["b", "n"]])


@pytest.mark.parametrize("kept, wanted", [(False, "a\xa0& b"), (True, r"a\xa0&amp; b")])
def test_a_competition_is_read_with_or_without(kept, wanted, tmp_path):
    rows = [r"a\xa0&amp; b", "c", "d", "e"]
    pd.DataFrame({"id": range(4), "text": rows, "y": [0, 1, 0, 1]}).to_csv(
        tmp_path / "train.csv", index=False
    )
    pd.DataFrame({"id": range(4, 8), "text": rows}).to_csv(tmp_path / "test.csv", index=False)
    pd.DataFrame({"id": range(4, 8), "y": 0.5}).to_csv(tmp_path / "sample_submission.csv", index=False)
    data = {"unescape": False} if kept else {}
    config = Config(competition="toy", metric="log_loss", models={}, data=data)
    source = FolderSource(tmp_path)
    competition = read_competition(source, config)
    assert competition.train["text"][0] == wanted
    assert competition.test["text"][0] == wanted
    assert read_rows(source, "test.csv", config, competition).test["text"][0] == wanted
