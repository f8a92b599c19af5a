"""Encoding: honest, complete, and the same after it was saved."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from pipeline.data import encode
from pipeline.data.encode import TableEncoder
from pipeline.data.encoders import numbers
from pipeline.data.encoders.categories import CategoryEncoder
from pipeline.data.encoders.numbers import NumberScaler, skewness
from pipeline.data.encoders.parts import PartsMaker
from pipeline.data.encoders.texts import TextEncoder
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.errors import DataError, ModelError
from pipeline.testing import dataset_of

ROWS = 300


def mixed_table(seed=0):
    rng = np.random.default_rng(seed)
    names = np.array(["ann", "bob", "cleo", "dan", "eve"])
    return pd.DataFrame(
        {
            "number": rng.normal(size=ROWS),
            "skewed": rng.lognormal(3, 2, ROWS),
            "gappy": np.where(rng.random(ROWS) < 0.7, np.nan, rng.normal(size=ROWS)),
            "flag": rng.choice(["yes", "no"], ROWS),
            "colour": rng.choice(["red", "green", "blue"], ROWS),
            "town": [f"town {value}" for value in rng.choice(list("abcdefghijklmnop"), ROWS)],
            "ticket": [f"PC {number}" for number in rng.integers(1000, 1150, ROWS)],
            "story": [" ".join(rng.choice(names, 4)) + f" x{row}" for row in range(ROWS)],
            "day": pd.date_range("2020-01-01", periods=ROWS, freq="31h").strftime("%Y-%m-%d %H:%M"),
            "same": 1,
        }
    )


def dataset(table=None, **options):
    table = mixed_table() if table is None else table
    return dataset_of(np.arange(len(table)).astype(str), table, **options)


def targets(seed=1):
    return np.random.default_rng(seed).normal(size=(ROWS, 1))


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_every_sort_of_column_becomes_features(style):
    rows = dataset().rows()
    encoder = TableEncoder(style)
    matrix = encoder.fit_transform(rows, targets())
    assert matrix.dtype == np.float32
    assert matrix.shape == (ROWS, len(encoder.names_))
    assert encoder.transform(rows).shape == matrix.shape
    for column in ("number", "skewed", "gappy", "flag", "colour", "town", "ticket", "story", "day"):
        assert any(name.startswith(column) for name in encoder.names_), column
    assert not any(name.startswith("same") for name in encoder.names_)
    if style == "dense":
        assert np.isfinite(matrix).all()
        assert "gappy.missing" in encoder.names_


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_rows_outside_training_change_nothing(style):
    inside = np.arange(0, ROWS, 2)
    other = mixed_table()
    outside = np.setdiff1d(np.arange(ROWS), inside)
    for name in other.columns:
        other.iloc[outside, other.columns.get_loc(name)] = other.iloc[outside[::-1]][name].to_numpy()
    other.loc[outside, "number"] = 1e6
    other.loc[outside, "story"] = "quite another story zzz"
    other.loc[outside, "day"] = "1999-05-05 23:59"  # the years inside are one
    first, second = TableEncoder(style), TableEncoder(style)
    one = first.fit_transform(dataset().rows(inside), targets()[inside])
    two = second.fit_transform(dataset(other).rows(inside), targets()[inside])
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(
        first.transform(dataset().rows(outside)), second.transform(dataset().rows(outside))
    )


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_saved_and_read_encoders_agree(style, tmp_path):
    encoder = TableEncoder(style)
    encoder.fit_transform(dataset().rows(), targets())
    write_estimator(encoder, tmp_path / "encoder.skops")
    again = read_estimator(tmp_path / "encoder.skops")
    new = dataset(mixed_table(seed=5)).rows()
    np.testing.assert_array_equal(again.transform(new), encoder.transform(new))
    assert again.native_ == encoder.native_


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_new_levels_words_and_gaps_are_met_with_finite_answers(style):
    encoder = TableEncoder(style)
    encoder.fit_transform(dataset().rows(), targets())
    strange = mixed_table()
    strange["colour"], strange["town"], strange["ticket"] = "ultraviolet", "nowhere", "ZZ 9"
    strange["story"], strange["number"], strange["day"] = "unheard of words", np.nan, None
    matrix = encoder.transform(dataset(strange).rows())
    assert np.isfinite(matrix).all() if style == "dense" else np.isnan(matrix[:, 0]).all()


def test_mean_target_does_not_see_the_rows_own_target():
    values = np.array([f"v{row}" for row in range(ROWS)], dtype=object)  # every row its own level
    truth = np.random.default_rng(0).normal(size=(ROWS, 1))
    encoder = CategoryEncoder("tree", seed=0)
    means = encoder.fit_transform({"id": values}, truth)[:, encoder.names().index("id.mean.0")]
    assert abs(np.corrcoef(means, truth[:, 0])[0, 1]) < 0.3


def test_counts_are_alike_for_training_rows_and_new_ones():
    # A training row counts itself; a new row must count itself too.
    values = np.array([f"v{row // 2}" for row in range(ROWS)], dtype=object)
    encoder = CategoryEncoder("tree", seed=0)
    trained = encoder.fit_transform({"group": values}, targets())[:, 0]
    np.testing.assert_allclose(trained, np.log1p(2))
    new = encoder.transform({"group": np.array(["v3", "new", ""], dtype=object)})[:, 0]
    np.testing.assert_allclose(new, np.log1p([3, 1, 0]), rtol=1e-6)


@pytest.mark.parametrize("style", ["tree", "native", "dense"])
def test_words_of_categories_are_written_as_few_things_and_read_as_they_were(style, tmp_path):
    rows = np.arange(400)
    columns = {
        "code": np.array([f"v{row // 2}\x1f\u00fc" for row in rows], dtype=object),
        "few": np.array(["", "b", 'c"\0'], dtype=object)[rows % 3],
    }
    truth = np.random.default_rng(0).normal(size=(len(rows), 1))
    encoder = CategoryEncoder(style, seed=0)
    encoder.fit_transform(columns, truth)
    write_estimator(encoder, tmp_path / "encoder.skops")
    again = read_estimator(tmp_path / "encoder.skops")
    columns["few"][:5] = ["b", "new", "", 'c"\0', 'c"']
    np.testing.assert_array_equal(again.transform(columns), encoder.transform(columns))
    assert again.names() == encoder.names()
    with zipfile.ZipFile(tmp_path / "encoder.skops") as parts:
        assert len(parts.read("schema.json")) < 60_000, "not a thing for each of 200 words"


def test_scaler_bends_skewed_columns_and_cuts_outliers():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.lognormal(0, 2, 2000), rng.normal(5, 3, 2000), np.ones(2000)])
    scaled = NumberScaler().fit(values).transform(values)
    assert abs(skewness(scaled)[0]) < 2.0 < 5.0 < skewness(values)[0]
    np.testing.assert_allclose(scaled[:, :2].mean(axis=0), 0, atol=0.05)
    np.testing.assert_array_equal(scaled[:, 2], 0)
    assert np.abs(NumberScaler().fit(values).transform(values * 1e9)).max() <= 6


def test_codes_give_prefix_number_and_words():
    table = pd.DataFrame({"cabin": ["C85", "A/5 21171", "B51 B53", None]})
    parts = PartsMaker({"cabin": "code"}).fit(table).transform(table)
    assert parts.categories["cabin.prefix"].tolist() == ["C", "A", "B", ""]
    np.testing.assert_equal(parts.numbers["cabin.number"], [85, 21171, 53, np.nan])
    np.testing.assert_equal(parts.numbers["cabin.words"], [1, 2, 2, 0])


def test_only_varying_parts_of_dates_are_kept():
    table = pd.DataFrame({"when": ["2020-01-05", "2020-03-06", "2020-12-07"]})
    parts = PartsMaker({"when": "date"}).fit(table).transform(table)
    assert {"when.month", "when.weekday", "when.day", "when.month.sin"} <= set(parts.numbers)
    assert not {"when.year", "when.hour", "when.minute"} & set(parts.numbers)
    assert parts.numbers["when.weekday"].tolist() == [6, 4, 0]  # Sunday, Friday, Monday


def test_texts_without_a_common_word_give_no_feature():
    texts = np.array([f"w{row} z{row}" for row in range(200)], dtype=object)
    encoder = TextEncoder(words=10, topics=2, seed=0)
    assert encoder.fit_transform(texts).shape == (200, 0)
    assert encoder.transform(texts).shape == (200, 0)


def test_extras_stand_beside_the_table():
    extra = np.random.default_rng(0).normal(size=(ROWS, 4)).astype(np.float32)
    data = dataset(others={"cnn.embedding": extra})
    encoder = TableEncoder("tree", ["cnn.embedding"])
    np.testing.assert_array_equal(encoder.fit_transform(data.rows(), targets()), extra)
    both = TableEncoder("tree", ["table", "cnn.embedding"]).fit_transform(data.rows(), targets())
    np.testing.assert_array_equal(both[:, -4:], extra)


def test_missing_inputs_and_columns_are_named():
    with pytest.raises(DataError, match=r"no input 'cnn.embeding'.*Known: table"):
        TableEncoder("tree", ["cnn.embeding"]).fit_transform(dataset().rows(), targets())
    encoder = TableEncoder("tree")
    encoder.fit_transform(dataset().rows(), targets())
    with pytest.raises(DataError, match="trained with: colour"):
        encoder.transform(dataset(mixed_table().drop(columns="colour")).rows())
    with pytest.raises(DataError, match="no column that varies"):
        TableEncoder("tree").fit_transform(dataset(mixed_table()[["same"]]).rows(), targets())


def test_only_trusted_types_are_read(tmp_path):
    from sklearn.preprocessing import FunctionTransformer

    write_estimator(FunctionTransformer(np.linalg.inv), tmp_path / "odd.skops")
    with pytest.raises(ModelError, match="not trusted"):
        read_estimator(tmp_path / "odd.skops")
    (tmp_path / "broken.skops").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"broken\.skops cannot be read"):
        read_estimator(tmp_path / "broken.skops")


def test_a_tree_that_points_outside_of_itself_is_refused(tmp_path):
    from sklearn.ensemble import ExtraTreesRegressor

    features = np.random.default_rng(0).normal(size=(50, 2))
    forest = ExtraTreesRegressor(3).fit(features, features[:, 0])
    write_estimator(forest, tmp_path / "sound.skops")
    np.testing.assert_array_equal(
        read_estimator(tmp_path / "sound.skops").predict(features), forest.predict(features)
    )
    forest.estimators_[1].tree_.children_left[0] = 10_000
    write_estimator(forest, tmp_path / "bad.skops")
    with pytest.raises(ModelError, match=r"bad\.skops is damaged"):
        read_estimator(tmp_path / "bad.skops")


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_numbers_that_float32_cannot_hold_are_as_good_as_missing(style):
    """Infinite and too large ones, in numbers and in codes alike."""
    table = mixed_table()[["number", "ticket"]]
    table.loc[5, "ticket"] = "PC " + "9" * 60
    spoiled, gappy = table.copy(), table.copy()
    spoiled.loc[[3, 7, 9], "number"] = [np.inf, -1e39, 1.8e308]
    gappy.loc[[3, 7, 9], "number"] = np.nan
    kinds = {"kinds": {"number": "numeric", "ticket": "code"}}
    encoder, other = TableEncoder(style), TableEncoder(style)
    found = encoder.fit_transform(dataset(spoiled, **kinds).rows(), targets())
    expected = other.fit_transform(dataset(gappy, **kinds).rows(), targets())
    np.testing.assert_array_equal(found, expected)
    assert not np.isinf(found).any()
    assert not np.isinf(encoder.transform(dataset(spoiled, **kinds).rows())).any()


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_rows_and_columns_are_encoded_a_part_at_a_time_alike(style, monkeypatch):
    data = dataset()
    encoder = TableEncoder(style)
    learned = encoder.fit_transform(data.rows(), targets())
    whole = encoder.transform(data.rows())
    monkeypatch.setattr(encode, "MOST_ROWS", 7)
    monkeypatch.setattr(numbers, "CELLS", 2 * len(data))
    np.testing.assert_array_equal(encoder.transform(data.rows()), whole)
    np.testing.assert_allclose(TableEncoder(style).fit_transform(data.rows(), targets()), learned, rtol=1e-6)
