"""What columns are and how their values are read: decided once, from the training table."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.config.schema import Config, DataConfig
from pipeline.data import csv_text, raw
from pipeline.data.competition import Competition, read_competition
from pipeline.data.new_rows import read_rows
from pipeline.data.number_form import NumberForm, find_form, learnable
from pipeline.data.reading import Reading
from pipeline.data.source import FolderSource
from pipeline.data.tables import read_table, read_tables
from pipeline.errors import DataError


@pytest.fixture
def contest(tmp_path):
    """Writes a contest whose one column `x` has these values, and reads it."""

    def contest(train, test, join=",", numbers=None, **data):
        def table(values, start, target):
            rows = [["id", "x", *(["n"] if numbers else []), *(["y"] if target else [])]]
            for place, value in enumerate(values):
                more = [numbers[place % len(numbers)]] if numbers else []
                rows.append([str(start + place), value, *more, *([str(place % 2)] if target else [])])
            quoted = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in rows]
            return "".join(join.join(row) + "\n" for row in quoted)

        (tmp_path / "train.csv").write_text(table(train, 0, True))
        (tmp_path / "test.csv").write_text(table(test, 1000, False))
        ids = [str(1000 + place) for place in range(len(test))]
        (tmp_path / "sample_submission.csv").write_text("id,y\n" + "".join(f"{key},0.5\n" for key in ids))
        config = Config(competition="toy", metric="log_loss", models={}, data=DataConfig(target="y", **data))
        return read_competition(FolderSource(tmp_path), config), config

    return contest


def column(values):
    return [None if pd.isna(value) else value for value in values]


def test_words_beside_empty_cells_are_levels(contest):
    found, _ = contest(["NA", "", "EU", "NA"], ["NA", "", "EU"])
    assert column(found.train["x"]) == ["NA", None, "EU", "NA"]
    assert column(found.test["x"]) == ["NA", None, "EU"]
    assert "words that are values, where empty cells are the gaps: x (NA)" in found.lines()


def test_words_without_empty_cells_are_gaps_in_every_table(contest):
    found, _ = contest(["NA", "US", "EU", "NA"], ["NA", "", "EU"])
    assert column(found.train["x"]) == [None, "US", "EU", None]
    assert column(found.test["x"]) == [None, None, "EU"]


def test_words_among_numbers_are_gaps(contest):
    found, _ = contest(["NA", "", "1.5", "2"], ["n/a", "3", ""])
    assert found.kinds["x"] == "numeric"
    np.testing.assert_equal(found.train["x"].to_numpy(), [np.nan, np.nan, 1.5, 2])
    np.testing.assert_equal(found.test["x"].to_numpy(), [np.nan, 3, np.nan])


def test_a_declared_category_keeps_its_words(contest):
    found, _ = contest(["NA", "US", "EU", "NA"], ["NA", "", "EU"], columns={"x": "category"})
    assert column(found.train["x"]) == ["NA", "US", "EU", "NA"]
    assert column(found.test["x"]) == ["NA", None, "EU"]


BIG = 1577134800018226900


@pytest.mark.parametrize("gap", ["", "5"])
def test_whole_numbers_that_no_float_holds_are_names(contest, gap):
    words = [str(BIG + place % 4) for place in range(20)]
    found, _ = contest([*words, gap], [*words[:3], ""])
    assert found.kinds["x"] == "category"
    assert found.train["x"].tolist()[:20] == words
    assert column(found.test["x"]) == [*words[:3], None]


def test_large_amounts_that_floats_tell_apart_stay_numbers(contest):
    found, _ = contest([str(BIG + place * 10**9) for place in range(20)], [str(BIG)])
    assert found.kinds["x"] == "numeric"


def test_numbers_declared_as_names_are_the_same_with_and_without_gaps(contest):
    found, _ = contest(["3", "4", "12345678901234567"], ["3.0", "", "4.0"], columns={"x": "category"})
    assert found.train["x"].tolist() == ["3", "4", "12345678901234567"]
    assert column(found.test["x"]) == ["3", None, "4"]
    found, _ = contest(["1", "1.0", "01"], ["1.0"], columns={"x": "category"})
    assert (found.train["x"].tolist(), found.test["x"].tolist()) == (["1", "1.0", "01"], ["1.0"])


def test_zeros_in_front_make_names(contest):
    found, _ = contest(["0123", "4567", "8901"] * 4, ["0123"])
    assert found.kinds["x"] == "category"
    assert found.test["x"].tolist() == ["0123"]


@pytest.mark.parametrize(
    "kind, words", [("numeric", ["a", "b"]), ("date", ["a", "b"]), ("boolean", ["a", "b", "c"])]
)
def test_a_declared_kind_of_which_nothing_can_be_read(contest, kind, words):
    with pytest.raises(
        DataError, match=rf"`data.columns`: 'x' is declared {kind}, and none .* Received: a, b"
    ):
        contest(words, ["a"], columns={"x": kind})
    with pytest.raises(DataError, match=r"'x' is declared numeric.*Received: gaps alone"):
        contest(["", ""], [""], columns={"x": "numeric"})


def test_a_test_table_of_which_nothing_can_be_read(contest):
    with pytest.raises(DataError, match=r"test.csv: 'x' is numeric in the training table.*read so: a, b"):
        contest(["1", "2"], ["a", "b"])


@pytest.mark.parametrize(
    "words, numbers",
    [
        (["1,5", "2,25", "0,125"], [1.5, 2.25, 0.125]),
        (["20,125.7", "1,234.5", "3"], [20125.7, 1234.5, 3]),
        (["1.234,5", "2.345.678,25", "7"], [1234.5, 2345678.25, 7]),
        (["1 234", "12 345 678", "9"], [1234, 12345678, 9]),
        (["1\u202f234,5", "2\u00a0345,5", "9"], [1234.5, 2345.5, 9]),
        (["1'234.5", "9'999", "1"], [1234.5, 9999, 1]),
        (["-1,234,567", "1,234", "5"], [-1234567, 1234, 5]),
        (["999"] * 30 + ["1,234"], [999] * 30 + [1234]),
    ],
)
def test_numbers_with_marks(contest, words, numbers):
    found, _ = contest(words, [words[0]])
    assert found.kinds["x"] == "numeric"
    np.testing.assert_allclose(found.train["x"], numbers)
    np.testing.assert_allclose(found.test["x"], numbers[:1])
    assert any(line.startswith("numbers with a decimal") for line in found.lines())


def test_three_digits_after_a_comma_are_read_as_the_other_columns_show(contest):
    assert contest(["1,234", "5,678"], ["1,234"], numbers=["2,5", "3,75"])[0].train["x"].tolist() == [
        1.234,
        5.678,
    ]
    assert contest(["1,234", "5,678"], ["1,234"], numbers=["2.5", "3.75"])[0].train["x"].tolist() == [
        1234,
        5678,
    ]
    assert contest(["1.234", "5.678"], ["1.234"], numbers=["2,5", "3,75"])[0].train["x"].tolist() == [
        1234,
        5678,
    ]
    assert contest(["1,234", "5,678"], ["1,234"], join=";")[0].train["x"].tolist() == [1.234, 5.678]


def test_the_configuration_says_the_marks(contest):
    assert contest(["1,234", "5,678"], ["1,234"], decimal=",")[0].train["x"].tolist() == [1.234, 5.678]
    assert contest(["1,234", "5,678"], ["1,234"], thousands=",")[0].train["x"].tolist() == [1234, 5678]
    assert contest(["1.234", "5.678"], ["1.234"], decimal=",")[0].train["x"].tolist() == [1234, 5678]


def test_a_test_table_with_points_is_read_where_training_has_commas(contest):
    assert contest(["1,5", "2,25"], ["1.75"])[0].test["x"].tolist() == [1.75]


def test_targets_may_have_decimal_commas(tmp_path):
    (tmp_path / "train.csv").write_text("id;x;y\n1;2;3,5\n2;3;4,25\n")
    (tmp_path / "test.csv").write_text("id;x\n3;2\n")
    (tmp_path / "sample_submission.csv").write_text("id;y\n3;0,5\n")
    config = Config(competition="toy", metric="rmse", models={}, data=DataConfig())
    found = read_competition(FolderSource(tmp_path), config)
    assert found.target.tolist() == [[3.5], [4.25]]
    assert read_tables(FolderSource(tmp_path), DataConfig()).sample["y"].tolist() == ["0.5"]


def test_new_rows_are_read_as_the_training_rows_were(contest, tmp_path):
    words = [str(BIG + place % 4) for place in range(20)]
    found, config = contest(words, words[:2], numbers=["1,5", "2,25"])
    found.save(tmp_path)
    found = Competition.load(tmp_path)
    (tmp_path / "new.csv").write_text(f"id;n;x\n1;7,5;{BIG + 3}\n2;;\n")
    new = read_rows(FolderSource(tmp_path), "new.csv", config, found)
    assert column(new.test["x"]) == [str(BIG + 3), None]
    np.testing.assert_equal(new.test["n"].to_numpy(), [7.5, np.nan])
    (tmp_path / "new.csv").write_text("id,n,x\n1,red,5\n")
    with pytest.raises(DataError, match=r"new.csv: 'n' is numeric in the training table.*read so: red"):
        read_rows(FolderSource(tmp_path), "new.csv", config, found)


def test_the_decision_survives_the_disk(contest):
    found, _ = contest(["NA", "", "EU", "1,5"], ["NA"], numbers=["1,5", "2,5"], join=";")
    assert Reading.from_json(found.reading.to_json()) == found.reading


def test_what_code_of_the_competition_makes_is_judged_by_its_values(tmp_path, contest):
    _, config = contest(["a1", "b2", "c3"], ["a1"])

    def features(table):
        return table.assign(x=table["x"].str[1:].astype(int), word="w")

    found = read_competition(FolderSource(tmp_path), config, features)
    assert found.kinds == {"x": "numeric", "word": "constant"}


def test_a_column_that_turns_into_words_late_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK", 64)
    rows = [f"{place:d},{place},{place}.5\n" for place in range(200)] + ["200,007,x\n", "201,NA,\n"]
    (tmp_path / "t.csv").write_text("id,a,b\n" + "".join(rows))
    table = read_table(FolderSource(tmp_path), "t.csv")
    assert table["a"].tolist()[:2] == ["0", "1"]
    assert table["a"].tolist()[200] == "007"
    assert table["id"].tolist() == list(range(202))
    assert table["b"].dtype == np.float64  # one word among numbers is a gap
    np.testing.assert_equal(table["b"].to_numpy()[[199, 200, 201]], [199.5, np.nan, np.nan])


@pytest.mark.parametrize(
    "words, dtype",
    [
        (["1", "2"], "int64"),
        (["1", ""], "float64"),
        ([" 1.5", "2 "], "float64"),
        (["1e3", "inf"], "float64"),
        (["0x1F", "2"], None),
        (["007", "8"], None),
        ([str(2**53 + 1), "1"], None),
        (["9" * 30, "1"], None),
        (["a", "1"], None),
    ],
)
def test_only_plain_numbers_are_numbers_at_once(words, dtype):
    found = raw.NumberParser().parse(pa.array(words))
    assert (None if found is None else str(found.dtype)) == dtype


def test_gaps_of_parquet_take_no_digits(tmp_path):
    values = pd.array([BIG, BIG + 1, None, BIG] * 3, dtype="Int64")
    pd.DataFrame({"id": [str(n) for n in range(12)], "x": values}).to_parquet(tmp_path / "t.parquet")
    assert read_table(FolderSource(tmp_path), "t.parquet")["x"].tolist()[:2] == [str(BIG), str(BIG + 1)]


def test_words_of_parquet_are_words(tmp_path):
    pd.DataFrame({"id": ["1", "2", "3"], "x": ["NA", "EU", None]}).to_parquet(tmp_path / "t.parquet")
    assert column(read_table(FolderSource(tmp_path), "t.parquet")["x"]) == ["NA", "EU", None]


def test_numbers_that_float32_cannot_hold_are_missing():
    values = np.array([1.0, np.inf, -np.inf, 1e39, -1e39, 3.4e38, np.nan])
    np.testing.assert_equal(learnable(values), [1, np.nan, np.nan, np.nan, np.nan, 3.4e38, np.nan])
    kept = np.array([1.0, np.nan])
    assert learnable(kept) is kept


def test_forms_that_read_the_same_words():
    assert find_form({"5": 3})[0] == NumberForm()
    assert find_form({"1,234": 1})[0] == NumberForm(".", ",")
    assert find_form({"1,234": 1}, decimal=",")[0] == NumberForm(",", "")
    assert find_form({"0,234": 1})[0] == NumberForm(",", "")
    assert find_form({"12,34,567": 1})[0] == NumberForm(".", ",")
    assert find_form({"2020-01-31": 1, "red": 1})[1] == 0
