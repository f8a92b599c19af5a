"""Rows that are a class of a picture: split, gathered, written in the sample's order, verified."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from pipeline.config.data_section import DataConfig
from pipeline.data.class_rows import ClassKey, ClassRows, class_names
from pipeline.errors import DataError, SubmissionError

IN_IDS, COLUMN = ClassKey("{id}_{class}", "key"), ClassKey("kind", "key")
PAIRS = [("a_1.png", "x"), ("b.png", "x"), ("b.png", "10"), ("a_1.png", "10"), ("b.png", "9")]


def sample(key, pairs=PAIRS):
    if key.in_ids:
        return pd.DataFrame({"key": [f"{one}_{name}" for one, name in pairs], "rle": "1 1"}, dtype=str)
    return pd.DataFrame(
        {"rle": "1 1", **dict(zip(("kind", "key"), zip(*[p[::-1] for p in pairs], strict=True), strict=True))}
    )


@pytest.fixture(params=[IN_IDS, COLUMN], ids=["in ids", "a column"])
def key(request):
    return request.param


def test_rows_become_pictures_with_a_line_for_each_class(key):
    table = sample(key).assign(rle=["1 2", None, "3 4", " 5 1 ", ""], site=list("mnopq"))
    found = key.gathered(table, ("rle",), "train.csv")
    assert found["key"].tolist() == ["a_1.png", "b.png"]
    assert found["rle"].tolist() == ["x\t1 2\n10\t5 1", "x\t\n10\t3 4\n9\t"]
    assert found["site"].tolist() == ["m", "n"]
    assert "kind" not in found
    assert class_names(found["rle"].tolist()) == ("9", "10", "x")
    assert key.gathered(table, (), "new.csv")["key"].tolist() == ["a_1.png", "b.png"]


def test_rows_are_written_in_the_order_of_the_sample(key, tmp_path):
    rows = ClassRows.of(sample(key), key, "sample.csv")
    rows.save(tmp_path)
    assert ClassRows.load(tmp_path) == rows
    assert ClassRows.load(tmp_path / "nothing") is None
    cells = {"a_1.png": "A9\nA10\nAx", "b.png": "B9\nB10\nBx"}
    lines = rows.lines(cells, ("9", "10", "x"))
    assert [line[rows.header.index("rle")] for line in lines] == ["Ax", "Bx", "B10", "A10", "B9"]
    named = [[line[rows.header.index(name)] for name in key.columns] for line in lines]
    assert named == [list(key.written(*pair)) for pair in PAIRS]
    # a class that the sample does not ask for is nowhere
    assert rows.cells(lines, ("9", "10", "x")) == cells | {"a_1.png": "\nA10\nAx"}


def test_rows_in_another_order_are_no_submission(key):
    rows = ClassRows.of(sample(key), key, "sample.csv")
    lines = rows.lines(dict.fromkeys(rows.names, "\n\n"), ("9", "10", "x"))
    for wrong in (lines[::-1], lines[:-1], [*lines, lines[0]], [["one cell"], *lines[1:]]):
        with pytest.raises(SubmissionError, match="must be the sample's, in its order"):
            rows.cells(wrong, ("9", "10", "x"))


def test_some_pictures_and_others(key):
    rows = ClassRows.of(sample(key), key, "sample.csv")
    assert not rows.one_by_one
    part = rows.part(["b.png"])
    assert part.one_by_one
    assert [part.classes[kind] for _, kind in part.places] == ["x", "10", "9"]
    more = part.and_all_of(["c.png"])
    assert [more.names[picture] for picture, _ in more.places] == ["b.png"] * 3 + ["c.png"] * 3
    assert len(rows.of_pictures(["c.png", "d.png"])) == 6


def test_new_rows_may_be_pictures_or_their_classes(key):
    table = sample(key).drop(columns="rle")
    assert key.of_pictures(table, ("9", "10", "x"), "new.csv")["key"].tolist() == ["a_1.png", "b.png"]
    pictures = pd.DataFrame({"key": ["a_1.png", "b.png"]})
    assert key.of_pictures(pictures, ("9", "10", "x"), "new.csv")["key"].tolist() == ["a_1.png", "b.png"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"sample.csv: classes that stand twice for a picture: b.png x"):
        ClassRows.of(sample(COLUMN, [*PAIRS, PAIRS[1]]), COLUMN, "sample.csv")
    with pytest.raises(DataError, match=r"train.csv: ids that do not fit '{id}_{class}': plain"):
        IN_IDS.gathered(pd.DataFrame({"key": ["plain", "a_1"]}), (), "train.csv")
    with pytest.raises(DataError, match=r"`data.classes`: train.csv has no column 'kind'"):
        COLUMN.gathered(pd.DataFrame({"key": ["a"], "kin": ["1"]}), (), "train.csv")
    with pytest.raises(DataError, match="Received beside them: rle, more"):
        ClassRows.of(sample(IN_IDS).assign(more="1"), IN_IDS, "sample.csv")
    with pytest.raises(DataError, match=r"no training row has: x"):
        ClassRows.of(sample(IN_IDS), IN_IDS, "sample.csv").check(("9", "10"))


@pytest.mark.parametrize("text", ["{id}{class}", "{id}_", "{class}", "{id}_{kind}", "{id}_{class}_{id}"])
def test_a_pattern_names_both(text):
    with pytest.raises(ValidationError, match=r"a pattern with \{id\} and \{class\}"):
        DataConfig(classes=text)


def test_the_class_may_come_first():
    key = ClassKey("{class}-{id}", "key")
    pictures, names = key.split(pd.DataFrame({"key": ["1-p-2", "2-p-2"]}), "train.csv")
    assert (pictures.tolist(), names.tolist()) == (["p-2", "p-2"], ["1", "2"])
    assert key.renamed("1-p-2", lambda name: name + "c1") == "1-p-2c1"
    assert np.array_equal(IN_IDS.renamed("p_2", lambda name: name + "c1"), "pc1_2")
