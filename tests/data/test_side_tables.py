"""Side tables: joined by their key to training, test and new rows alike."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import Config, DataConfig
from pipeline.data.competition import Competition, read_competition
from pipeline.data.new_rows import read_rows
from pipeline.data.side_tables import joined, one_per_key
from pipeline.data.source import FolderSource
from pipeline.errors import DataError

FILES = {
    "train": "id,shop,day,y\n1,01,2020-01-01,3\n2,02,2020-01-01,4\n3,02,2020-01-02,5\n4,,2020-01-02,6\n",
    "test": "id,shop,day\n5,01,2020-01-03\n6,03,2020-01-03\n",
    "sample_submission": "id,y\n5,0.5\n6,0.5\n",
    "shops": "shop,size,open,town\n01,10,True,ant\n02,20,False,bee\n",
    "weather": "day,shop,rain,y\n2020-01-01,01,1.5,9\n2020-01-01,02,2.5,9\n2020-01-03,01,3.5,9\n",
    "sales": "shop,amount,what\n01,1,a\n01,3,b\n01,5,b\n02,7,\n",
}
TABLES = {
    "shops": {"file": "shops.csv", "by": "shop"},
    "weather": {"file": "weather.csv", "by": ["shop", "day"]},
    "sales": {"file": "sales.csv", "by": "shop"},
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def config(**tables):
    return Config(competition="toy", metric="rmse", models={}, data=DataConfig(tables=tables or TABLES))


def test_columns_are_joined_by_their_keys(root):
    read = read_competition(FolderSource(root), config())
    nan = np.nan
    assert read.train["size"].tolist() == pytest.approx([10, 20, 20, nan], nan_ok=True)
    assert read.train["open"].tolist() == pytest.approx([1, 0, 0, nan], nan_ok=True)
    assert read.train["rain"].tolist() == pytest.approx([1.5, 2.5, nan, nan], nan_ok=True)
    assert read.test["rain"].tolist() == pytest.approx([3.5, nan], nan_ok=True)
    assert read.train["town"].fillna("").tolist() == ["ant", "bee", "bee", ""]
    assert read.target[:, 0].tolist() == [3, 4, 5, 6], "a side table's column of that name is no target"


def test_many_rows_of_a_key_are_aggregated(root):
    read = read_competition(FolderSource(root), config())
    assert read.train["sales_rows"].tolist() == pytest.approx([3, 1, 1, np.nan], nan_ok=True)
    assert read.train["sales_amount_mean"].tolist()[:2] == [3, 7]
    assert read.train["sales_amount_max"].tolist()[:2] == [5, 7]
    assert read.train["sales_what_most"].fillna("").tolist()[:2] == ["b", ""]


def test_saved_and_new_rows_have_the_same_columns(root, tmp_path):
    read = read_competition(FolderSource(root), config())
    (tmp_path / "saved").mkdir()
    read.save(tmp_path / "saved")
    loaded = Competition.load(tmp_path / "saved")
    pd.testing.assert_frame_equal(loaded.test, read.test)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "new.csv").write_text(FILES["test"], encoding="utf-8")
    new = read_rows(FolderSource(elsewhere), "new.csv", config(), loaded, FolderSource(root))
    pd.testing.assert_frame_equal(new.test, read.test, check_dtype=False)


@pytest.mark.parametrize(
    "table, expected",
    [
        ({"file": "shops.csv", "by": "shp"}, "shops.csv has no column 'shp'. Did you mean 'shop'"),
        ({"file": "shop.csv", "by": "shop"}, "shop.csv"),
        ({"file": "weather.csv", "by": "y"}, "`data.tables`: test.csv has no column 'y' to join by"),
        ({"file": "shops.csv", "by": "id"}, "`data.tables.one`: shops.csv has no column 'id'"),
    ],
)
def test_what_cannot_be_joined_is_refused(root, table, expected):
    with pytest.raises(DataError, match=expected):
        read_competition(FolderSource(root), config(one=table))


def test_a_key_that_no_row_has_is_refused(root):
    (root / "shops.csv").write_text("shop,size\n91,10\n92,20\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no key of train.csv \(shop\) is one of the side table's: 9"):
        read_competition(FolderSource(root), config(shops=TABLES["shops"]))


def test_rows_keep_their_order_and_their_own_columns():
    rows = pd.DataFrame({"key": [3, 1, 2, 1], "own": [1.0, 2.0, 3.0, 4.0]})
    side = pd.DataFrame({"key": ["1", "2"], "own": [9.0, 9.0], "new": [10, 20]})
    found = joined(rows, one_per_key(side, ["key"], "side"), ["key"])
    assert found["own"].tolist() == rows["own"].tolist()
    assert found["new"].tolist() == pytest.approx([np.nan, 10, 20, 10], nan_ok=True)
