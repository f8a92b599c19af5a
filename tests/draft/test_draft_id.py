"""An id that means something is seen; one that only counts or names the rows is not."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def hourly(folder):
    """Rows by the hour, with the moment as their id; the days after the 19th of a month are test."""
    moments = pd.date_range("2011-01-01", "2011-02-28 23:00", freq="7h")
    rng = np.random.default_rng(0)
    names = moments.strftime("%Y-%m-%d %H:%M:%S")
    table = pd.DataFrame({"datetime": names, "wind": rng.normal(size=len(names))})
    table["count"] = np.where(moments.hour > 12, 90, 10) + rng.integers(0, 5, len(table))
    early = moments.day < 20
    folder.save("train.csv", table[early]).save("test.csv", table[~early].drop(columns="count"))
    folder.save("sample_submission.csv", table.loc[~early, ["datetime"]].assign(count=0))
    return folder


def test_an_id_that_is_a_time_is_a_column(hourly):
    assert hourly.config(metric="rmsle").data.see_id
    assert "the id is a time" in hourly.draft(metric="rmsle").text


def test_an_id_that_counts_is_none(folder):
    folder.save_all()
    assert not folder.config().data.see_id
