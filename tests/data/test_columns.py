"""What columns are, by their values."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.columns import (
    as_booleans,
    as_dates,
    as_numbers,
    as_text,
    column_kinds,
    day_comes_first,
    describe_columns,
    guess_kind,
)
from pipeline.errors import DataError


def column(*values, dtype=None):
    return pd.Series(list(values), dtype=dtype)


@pytest.mark.parametrize(
    "values, kind",
    [
        ([1.5, 2.5, None], "numeric"),
        ([1, 2, 3, 2, 1], "numeric"),
        (["1", "2", "3,5"] + ["4"] * 20, "numeric"),
        ([True, False], "boolean"),
        (["yes", "no", None], "boolean"),
        (["only", None], "boolean"),
        (["red", "blue", "red"], "category"),
        (["0007", "0013", "0021"], "category"),
        ([f"C{number}" for number in range(30)], "code"),
        ([f"A/{number} {number}77" for number in range(30)], "code"),
        (["C1", "C2"] * 10, "category"),
        ([f"the whale number {number} dives" for number in range(9)], "text"),
        (["a long text of many words"] * 5 + ["and another long text"] * 5, "category"),
        (["2020-01-31", "2020-02-01"], "date"),
        (["31/12/2020", "01/02/2021"], "date"),
        (["12:30", "23:59:10"], "date"),
        (["20141013T000000", "20150225T000000"], "date"),
        (["20120618192155Z", "20120619192155Z"], "date"),
        (["18JUN2012:10:00:00", "19JUN2012:11:00:00"], "date"),
        (["June 18, 2012", "July 1, 2012"], "date"),
        (["Mon Jun 18 10:00:00 +0000 2012", "Tue Jun 19 10:00:00 +0000 2012"], "date"),
        (["Jun 2012", "Jul 2013"], "date"),
        (["Mars bar", "August Inc"], "category"),
        ([20120618, 20120701, 20130101], "date"),
        (["20120618", "20120701", "20130101", ""], "date"),
        ([20120618, None, 20120701, 20130101], "date"),
        ([20120618, 20120701, 20130101, 20130001], "numeric"),
        ([20120618, 20120701], "numeric"),
        ([1340042400, 1340142400, 1340242400], "numeric"),
        ([5, 5, 5], "constant"),
        ([None, None], "constant"),
        (["", ""], "constant"),
    ],
)
def test_kind_follows_from_the_values(values, kind):
    assert guess_kind(pd.Series(values)) == kind


def test_declared_kinds_are_not_questioned_and_drop_leaves_out():
    table = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3], "c": [4, 5, 6]})
    assert column_kinds(table, {"a": "category", "b": "drop"}) == {"a": "category", "c": "numeric"}


def test_declared_mistakes_are_named_together():
    table = pd.DataFrame({"age": [1, 2]})
    with pytest.raises(DataError, match=r"(?s)'agee'.*Did you mean 'age'.*'numerik'.*Did you mean 'numeric'"):
        column_kinds(table, {"agee": "numeric", "age": "numerik"})


def test_whole_numbers_are_the_same_text_with_and_without_gaps():
    assert as_text(column(3, 4)).tolist() == ["3", "4"]
    assert as_text(column(3.0, None, 4.5)).tolist() == ["3", "", "4.5"]
    assert as_text(column(" a ", None, "b")).tolist() == ["a", "", "b"]


def test_numbers_and_booleans_read_what_they_can():
    np.testing.assert_equal(as_numbers(column("1", "x", None, "inf")), [1.0, np.nan, np.nan, np.nan])
    np.testing.assert_equal(as_booleans(column("Yes", "no", None)), [1.0, 0.0, np.nan])


def test_dates_in_either_order_and_times_of_day():
    texts = column("31/12/2020", "01/02/2021", None)
    assert day_comes_first(texts)
    found = as_dates(texts, day_first=True)
    assert found[:2].tolist() == as_dates(column("2020-12-31", "2021-02-01")).tolist()
    assert np.isnat(found[2])
    assert str(as_dates(column("13:45"))[0]) == "1970-01-01T13:45:00"


def test_seconds_since_1970_are_dates_where_the_name_speaks_of_time():
    seconds = [1340042400, 1340142400, 1340242401]
    assert guess_kind(pd.Series(seconds, name="created_utc")) == "date"
    assert guess_kind(pd.Series([second * 1000 for second in seconds], name="timestamp")) == "date"
    assert guess_kind(pd.Series([*seconds, 5], name="timestamp")) == "numeric"
    assert guess_kind(pd.Series(seconds, name="population")) == "numeric"
    assert as_dates(pd.Series(seconds)).tolist() == as_dates(pd.Series(seconds) * 1000).tolist()


@pytest.mark.parametrize(
    "word",
    [
        "20120618T192155Z",
        "20120618192155",
        "20120618T19:21:55.125",
        "18JUN2012:19:21:55",
        "18 Jun 2012 19:21:55",
        "June 18, 2012 19:21:55",
        "Mon Jun 18 19:21:55 +0000 2012",
        "1340047315",
        "1340047315000",
    ],
)
def test_one_moment_is_the_same_however_it_is_written(word):
    assert str(as_dates(column(word))[0]) == "2012-06-18T19:21:55"


def test_decisions_are_told():
    table = pd.DataFrame({"same": [1, 1, 1], "few": [1, 2, 3], "gaps": [None, None, 2.5]})
    lines = "\n".join(describe_columns(table, {"same": "constant", "few": "numeric", "gaps": "numeric"}))
    assert "one value in all rows: same" in lines
    assert "mostly missing, kept with an indicator: gaps" in lines
    assert "few" in lines
