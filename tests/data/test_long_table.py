"""Tables with many rows for each id: what is the same all along an id, and the groups that it names."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.data_section import DataConfig
from pipeline.config.folds_section import FoldsConfig
from pipeline.data.long_table import fixed_columns, group_of_ids, rows_of
from pipeline.data.source import FolderSource
from pipeline.errors import DataError

TABLE = pd.DataFrame(
    {
        "id": ["07", "8", "07", "8", "9"],
        "who": ["ann", "bob", "ann", "bob", "ann"],
        "site": [1, 2, 1, 2, np.nan],
        "all": 5,
        "x": [1.0, 2.0, 1.0, 2.5, 3.0],
    }
)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_columns_that_are_the_same_all_along_an_id(at_once):
    """A part may end within an id; one value in all rows names nothing."""
    parts = [TABLE[start : start + at_once] for start in range(0, len(TABLE), at_once)]
    found = fixed_columns(parts, "id")
    assert found.columns.tolist() == ["who", "site"]
    assert rows_of(found, np.array(["9", "07", "11"]))["who"].tolist()[:2] == ["ann", "ann"]
    assert rows_of(found, np.array(["9", "07", "11"]))["who"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("name", ["steps.csv", "steps.csv.gz", "steps.parquet"])
def test_the_group_of_each_id(tmp_path, name):
    write = TABLE.to_parquet if name.endswith("parquet") else TABLE.to_csv
    write(tmp_path / name, index=False)
    found = group_of_ids(FolderSource(tmp_path), name, DataConfig(), "id", "who")
    assert found == {"07": "ann", "8": "bob", "9": "ann"}
    assert "9" not in group_of_ids(FolderSource(tmp_path), name, DataConfig(), "id", "site")


@pytest.mark.parametrize(
    ("file", "by", "group", "expected"),
    [
        ("steps.csv", "id", "x", "'x' must have one value in all rows of an id of steps.csv. id '8' has"),
        ("steps.csv", "id", "whom", "has no column 'whom'. Did you mean 'who'"),
        ("step.csv", "id", "who", "Did you mean 'steps.csv'"),
    ],
)
def test_what_names_no_groups_is_refused(tmp_path, file, by, group, expected):
    TABLE.to_csv(tmp_path / "steps.csv", index=False)
    with pytest.raises(DataError, match=expected):
        group_of_ids(FolderSource(tmp_path), file, DataConfig(), by, group)


def test_a_table_of_groups_without_a_group_is_refused():
    with pytest.raises(ValueError, match="a column of the table that `group_table` names"):
        FoldsConfig(group_table="steps.csv")
