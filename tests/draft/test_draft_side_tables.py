"""Side tables that a draft finds by the keys that they share."""

import numpy as np
import pandas as pd


def sections(folder):
    return {name: (one.file, one.key) for name, one in folder.config().data.tables.items()}


def shops(folder):
    """A folder whose rows are of shops and days, and the shops."""
    folder.table["shop"] = [f"s{row % 7}" for row in range(len(folder.table))]
    folder.table["day"] = [f"2020-01-{1 + row % 9:02d}" for row in range(len(folder.table))]
    return pd.DataFrame({"shop": [f"s{number}" for number in range(7)], "size": range(7)})


def test_tables_with_a_row_per_key_are_joined(folder):
    folder.save("shops.csv", shops(folder))
    weather = folder.table[["shop", "day"]].drop_duplicates()
    weather = weather.assign(rain=np.arange(len(weather)) % 5)
    folder.save_all().save("weather.csv", weather)
    assert sections(folder) == {"shops": ("shops.csv", ["shop"]), "weather": ("weather.csv", ["shop", "day"])}
    text = folder.draft().text
    assert "shop names its rows; 100% of the rows find theirs" in text.replace("\n  # ", " ")


def test_tables_with_many_rows_per_key_are_aggregated_where_no_time_stands_in_them(folder):
    shops(folder)
    sales = pd.DataFrame({"shop": [f"s{row % 7}" for row in range(50)], "amount": range(50)})
    folder.save_all().save("sales.csv", sales)
    assert sections(folder) == {"sales": ("sales.csv", ["shop"])}
    folder.save("sales.csv", sales.assign(when=[f"2021-02-{1 + row % 28:02d}" for row in range(50)]))
    assert sections(folder) == {}, "some of these rows may lie after the one that is to be predicted"


def test_tables_of_other_things_are_not_joined(folder):
    table = shops(folder)
    folder.save_all()
    folder.save("strange.csv", pd.DataFrame({"shop": ["x1", "x2"], "size": [1, 2]}))
    folder.save("answers.csv", table.assign(target=1))
    folder.save("apart.csv", pd.DataFrame({"who": ["a", "b"], "age": [1, 2]}))
    assert sections(folder) == {}
