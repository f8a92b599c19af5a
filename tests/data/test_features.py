"""Features by name: what they are, whose rows they are learned from, what is refused before training."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.data.encode import TableEncoder
from pipeline.data.features.check import check_features
from pipeline.data.saved import read_estimator, write_estimator
from pipeline.errors import ConfigError, DataError
from pipeline.inputs.key import model_key
from pipeline.registry import FEATURES
from pipeline.testing import TASKS, build, dataset_of, fit, small_dataset

ROOT = Path(__file__).parents[2]
ROWS = 200
EVERY = {
    "each": ("ratio", {"of": ["fare", "size"]}),
    "rest": ("difference", {"of": ["fare", "size"]}),
    "times": ("product", {"of": ["fare", "size", "each"]}),
    "all": ("sum", {"of": ["fare", "size"]}),
    "order": ("log", {"of": "fare"}),
    "fifth": ("bins", {"of": "fare", "n": 5}),
    "when": ("dates", {"of": "day"}),
    "both": ("cross", {"of": ["town", "size"]}),
    "every": ("pairs", {"of": ["town", "size", "cabin.prefix"]}),
    "past": ("lags", {"time": "day", "series": ["town"], "horizon": 2, "season": 7}),
    "voice": ("style", {"of": "cabin"}),
    "often": ("frequency", {"of": ["town", "cabin.prefix"]}),
    "near": (
        "group",
        {
            "by": "town",
            "of": "fare",
            "what": ["mean", "std", "min", "max", "median", "count", "rank", "difference"],
        },
    ),
}


def section(word, keys):
    return FEATURES.get(word).model_validate({"kind": word, **keys})


def sections(**wanted):
    return {name: section(*entry) for name, entry in wanted.items()}


def table(seed=0, rows=ROWS):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "fare": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(1, 40, rows) / 2),
            "size": rng.integers(0, 4, rows),
            "town": pd.Series(rng.choice(["ant", "bee", "cat", None], rows), dtype="str"),
            "cabin": [f"{a}{b}" for a, b in zip(rng.choice(list("ABC"), rows), range(rows), strict=True)],
            "day": pd.date_range("2020-01-01", periods=rows, freq="3D").strftime("%Y-%m-%d"),
        }
    )


def dataset(frame, features):
    return dataset_of(np.arange(len(frame)).astype(str), frame, features=features)


def made(frame, features, new=None):
    """Returns what a tree encoder makes of the rows that it learned from, or of new ones, by name."""
    encoder = TableEncoder("native")
    matrix = encoder.fit_transform(dataset(frame, features).rows(), np.zeros((len(frame), 1)))
    if new is not None:
        matrix = encoder.transform(dataset(new, features).rows())
    return dict(zip(encoder.names_, matrix.T, strict=True))


def test_every_word_is_tried_here():
    assert {word for word, _ in EVERY.values()} == set(FEATURES.names())


def test_arithmetic_of_a_row():
    frame = pd.DataFrame({"a": [6.0, 1, np.nan, -3], "b": [2.0, 0, 1, 4], "c": [1.0, 2, 3, 5]})
    found = made(
        frame,
        sections(
            ratio=("ratio", {"of": ["a", "b"]}),
            difference=("difference", {"of": ["a", "b"]}),
            product=("product", {"of": ["a", "b", "c"]}),
            sum=("sum", {"of": ["a", "b"]}),
            log=("log", {"of": "a"}),
            chained=("difference", {"of": ["sum", "a"]}),
        ),
    )
    nan = np.nan
    np.testing.assert_allclose(found["ratio"], [3, nan, nan, -0.75])
    np.testing.assert_allclose(found["difference"], [4, 1, nan, -7])
    np.testing.assert_allclose(found["product"], [12, 0, nan, -60])
    np.testing.assert_allclose(found["sum"], [8, 1, nan, 1])
    np.testing.assert_allclose(found["log"], [np.log(7), np.log(2), nan, -np.log(4)], rtol=1e-6)
    np.testing.assert_allclose(found["chained"], [2, 0, nan, 4])


def test_numbers_that_overflow_are_missing():
    frame = pd.DataFrame({"a": [1e30, 2.0], "b": [1e30, 3.0]})
    np.testing.assert_array_equal(
        made(frame, sections(p=("product", {"of": ["a", "b"]})))["p"], [np.nan, 6.0]
    )


def test_dates_are_taken_apart_and_subtracted():
    frame = pd.DataFrame(
        {
            "start": ["2021-02-28", "2021-01-01", None],
            "end": ["2021-03-02", "2021-12-31", "2022-05-05"],
            "code": [20210228, 20240229, 99],
            "seconds": [0, 86_400 * 31, 86_400.0],
        }
    )
    found = made(
        frame,
        sections(
            s=("dates", {"of": "start"}),
            c=("dates", {"of": "code", "format": "%Y%m%d", "parts": ["day", "month_end"]}),
            e=("dates", {"of": "seconds", "format": "s", "parts": ["month", "weekday"]}),
            stay=("difference", {"of": ["end", "start"]}),
        ),
    )
    nan = np.nan
    np.testing.assert_array_equal(found["s.quarter"], [1, 1, nan])
    np.testing.assert_array_equal(found["s.week"], [8, 53, nan])  # ISO: 2021-01-01 is in 2020's last week
    np.testing.assert_array_equal(found["s.weekend"], [1, 0, nan])
    np.testing.assert_array_equal(found["s.month_start"], [0, 1, nan])
    np.testing.assert_array_equal(found["s.month_end"], [1, 0, nan])
    np.testing.assert_array_equal(found["c.day"], [28, 29, nan])
    np.testing.assert_array_equal(found["c.month_end"], [1, 1, nan])
    np.testing.assert_array_equal(found["e.month"], [1, 2, 1])
    np.testing.assert_array_equal(found["e.weekday"], [3, 6, 4])
    np.testing.assert_array_equal(found["stay"], [2, 364, nan])


def test_bins_hold_about_as_many_rows():
    frame = pd.DataFrame({"a": np.arange(100.0), "b": np.arange(100) % 3})
    features = sections(fifth=("bins", {"of": "a", "n": 5}))
    assert np.bincount(made(frame, features)["fifth"].astype(int)).tolist() == [20] * 5
    new = pd.DataFrame({"a": [-9.0, 50.0, 1e9, np.nan], "b": 0})
    np.testing.assert_array_equal(made(frame, features, new)["fifth"], [0, 2, 4, np.nan])


def test_cross_is_a_category_of_combinations():
    frame = pd.DataFrame({"a": ["x", "x", "y", None], "b": [1, 2, 1, 1]})
    found = made(frame, sections(both=("cross", {"of": ["a", "b"]})))["both"]
    assert len(set(found.tolist())) == 4  # the missing one is a level like others
    new = pd.DataFrame({"a": ["y", "y"], "b": [1, 2]})
    again = made(frame, sections(both=("cross", {"of": ["a", "b"]})), new)["both"]
    assert again[0] == found[2]
    assert np.isnan(again[1])


def test_frequency_counts_the_row_itself_on_both_sides():
    frame = pd.DataFrame({"a": ["x", "x", "x", "y", None], "b": range(5)})
    features = sections(f=("frequency", {"of": "a"}))
    np.testing.assert_allclose(made(frame, features)["f"], [0.6, 0.6, 0.6, 0.2, np.nan])
    new = pd.DataFrame({"a": ["x", "new", None], "b": range(3)})
    np.testing.assert_allclose(made(frame, features, new)["f"], [4 / 6, 1 / 6, np.nan])


def statistics(own, values):
    """Returns what pandas says of a group and one row of it."""
    values = pd.Series(values, dtype=float)
    rank = values.rank(pct=True).iloc[values.tolist().index(own)] if not np.isnan(own) else np.nan
    return {
        "mean": values.mean(),
        "std": values.std(ddof=0),
        "min": values.min(),
        "max": values.max(),
        "median": values.median(),
        "count": len(values),
        "rank": rank,
        "difference": own - values.mean(),
    }


def test_group_statistics_are_those_of_pandas_with_the_row_among_its_group():
    frame, new = table(), table(seed=1, rows=60)
    new.loc[:4, "town"] = "nowhere"
    features = {"near": section(*EVERY["near"])}
    trained, later = made(frame, features), made(frame, features, new)
    statistic_names = EVERY["near"][1]["what"]
    for rows, found, beside in ((frame, trained, False), (new, later, True)):
        for row in range(len(rows)):
            fare, town = rows["fare"][row], rows["town"][row]
            group = frame["fare"][frame["town"] == town].tolist() + ([fare] if beside else [])
            expected = dict.fromkeys(statistic_names, np.nan) if pd.isna(town) else statistics(fare, group)
            for name, wanted in expected.items():
                value = found[f"near.{name}"][row]
                np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-5, err_msg=f"{row} {name}")


def test_a_group_may_be_of_several_columns():
    frame = pd.DataFrame({"a": ["x", "x", "x"], "b": [1, 1, 2], "c": [1.0, 3.0, 9.0]})
    found = made(frame, sections(g=("group", {"by": ["a", "b"], "of": "c", "what": ["mean"]})))
    np.testing.assert_array_equal(found["g.mean"], [2, 2, 9])


@pytest.mark.parametrize("style", ["tree", "native", "dense"])
def test_every_word_is_the_same_once_saved_and_ends_finite(style, tmp_path):
    features = sections(**EVERY)
    encoder = TableEncoder(style)
    targets = np.random.default_rng(0).normal(size=(ROWS, 1))
    matrix = encoder.fit_transform(dataset(table(), features).rows(), targets)
    assert matrix.shape == (ROWS, len(encoder.names_))
    assert not np.isinf(matrix).any()
    write_estimator(encoder, tmp_path / "encoder.skops")
    again = read_estimator(tmp_path / "encoder.skops")
    new = dataset(table(seed=4), features).rows()
    np.testing.assert_array_equal(again.transform(new), encoder.transform(new))
    assert not np.isinf(encoder.transform(new)).any()
    assert style != "dense" or np.isfinite(encoder.transform(new)).all()


FRESH = """
import sys
import numpy as np
import pandas as pd
from pathlib import Path
from pipeline.testing import dataset_of
from pipeline.data.saved import read_estimator
folder = Path(sys.argv[1])
frame = pd.read_parquet(folder / "new.parquet")
rows = dataset_of(np.arange(len(frame)).astype(str), frame).rows()
np.save(folder / "fresh.npy", read_estimator(folder / "encoder.skops").transform(rows))
"""


def test_a_saved_encoder_serves_a_fresh_process(tmp_path):
    features, encoder, new = sections(**EVERY), TableEncoder("tree"), table(seed=4)
    encoder.fit_transform(dataset(table(), features).rows(), np.zeros((ROWS, 1)))
    write_estimator(encoder, tmp_path / "encoder.skops")
    new.to_parquet(tmp_path / "new.parquet")
    subprocess.run([sys.executable, "-c", FRESH, str(tmp_path)], cwd=ROOT, check=True)
    fresh = np.load(tmp_path / "fresh.npy")
    np.testing.assert_array_equal(fresh, encoder.transform(dataset(new, features).rows()))


@pytest.mark.parametrize("style", ["tree", "dense"])
def test_rows_outside_training_change_nothing(style):
    inside, outside = np.arange(0, ROWS, 2), np.arange(1, ROWS, 2)
    other = table()
    other.loc[outside, "fare"] = 1e5
    other.loc[outside, "town"] = "ant"
    features = sections(**EVERY)
    first, second = TableEncoder(style), TableEncoder(style)
    one = first.fit_transform(dataset(table(), features).rows(inside), np.zeros((100, 1)))
    two = second.fit_transform(dataset(other, features).rows(inside), np.zeros((100, 1)))
    np.testing.assert_array_equal(one, two)
    new = dataset(table(seed=3), features).rows()
    np.testing.assert_array_equal(first.transform(new), second.transform(new))


def test_a_new_row_does_not_depend_on_the_others():
    features, encoder = sections(**EVERY), TableEncoder("tree")
    encoder.fit_transform(dataset(table(), features).rows(), np.zeros((ROWS, 1)))
    new = dataset(table(seed=2), features)
    whole = encoder.transform(new.rows())
    np.testing.assert_array_equal(encoder.transform(new.rows(np.arange(7))), whole[:7])


def test_scored_rows_change_nothing_that_a_model_learned():
    wanted = sections(
        near=("group", {"by": "time", "of": "number", "what": ["mean", "std", "rank"]}),
        often=("frequency", {"of": "time"}),
        third=("bins", {"of": "number", "n": 3}),
    )
    honest, spoiled = small_dataset("classification"), small_dataset("classification")
    spoiled.table.iloc[60:, 0] = 1e6
    spoiled.table.iloc[60:, 2] = "dusk"
    answers = []
    for data in (honest, spoiled):
        data = dataset_of(data.ids, data.table, target=data.target, features=wanted)
        model = fit(build("lightgbm", {"n_estimators": 10}, TASKS["classification"]), data)
        assert "near.mean" in model.encoder_.names_
        probe = dataset_of(honest.ids, honest.table, features=wanted).rows(np.arange(60, 90))
        answers.append(model.predict(probe))
    np.testing.assert_array_equal(*answers)


def test_a_part_that_the_training_rows_did_not_show_is_missing():
    features = sections(gap=("difference", {"of": ["day.year", "size"]}))
    frame = table(rows=20)  # all in one year: its number is no part of the dates
    assert np.isnan(made(frame, features)["gap"]).all()
    assert np.isfinite(made(table(), features)["gap"]).all()


def test_mistakes_are_all_named_before_training():
    features = sections(
        one=("ratio", {"of": ["fair", "size"]}),
        two=("log", {"of": "cabin"}),
        three=("dates", {"of": "size"}),
        size=("sum", {"of": ["fare", "fare"]}),
        four=("ratio", {"of": ["five", "fare"]}),
        five=("sum", {"of": ["fare", "size"]}),
        six=("group", {"by": "town", "of": "town"}),
    )
    with pytest.raises(DataError, match="do not fit the training table") as caught:
        check_features(features, table(), {})
    message = str(caught.value)
    assert "`features.one`: models see no column 'fair'. Did you mean 'fare'?" in message
    assert (
        "`features.two`: needs numbers; 'cabin' is read as code. Numbers that it holds: cabin.num" in message
    )
    assert "`features.three`: needs a date; 'size' is read as numeric. Say how to read it" in message
    assert "`features.size`: there is a column 'size' already" in message
    assert "`features.four`: models see no column 'five'" in message  # it stands below
    assert "`features.six`: needs numbers; 'town' is read as category" in message
    assert message.count("\n") == 6
    check_features(sections(**EVERY), table(), {})
    with pytest.raises(DataError, match="made of columns, and the training table has none"):
        check_features(sections(f=EVERY["each"]), None, {})


def test_a_text_is_no_group():
    words = pd.DataFrame({"story": [f"once upon a time {row}" for row in range(50)], "n": range(50)})
    with pytest.raises(DataError, match="needs values that come again; 'story' is read as text"):
        check_features(sections(f=("frequency", {"of": "story"})), words, {})


CONFIG = """\
competition: toy
metric: log_loss
models: {lgbm: {kind: lightgbm}, net: {kind: cnn, backbone: "4C3 GAP"}}
"""


def read(tmp_path, text):
    path = tmp_path / "toy.yaml"
    path.write_text(CONFIG + text, encoding="utf-8")
    return load_config(path)


def test_the_yaml_is_short_or_long(tmp_path):
    config = read(tmp_path, "features: {a: {ratio: [x, y]}, b: {bins: {of: x, n: 3}}, c: {frequency: x}}")
    assert config.features["a"].of == ["x", "y"]
    assert config.features["b"].n == 3
    assert config.features["c"].alike() == ["x"]


def test_mistakes_of_the_yaml_are_named_with_their_lines(tmp_path):
    text = """\
features:
  a: {ratoi: [x, y]}
  b: {ratio: [x]}
  c: {group: {by: x, off: y, what: [maen]}}
  d: [x, y]
  e: {log: x, sum: [x, y]}
"""
    with pytest.raises(ConfigError, match=r"toy\.yaml cannot be used") as caught:
        read(tmp_path, text)
    lines = str(caught.value).splitlines()
    for wanted in (
        "toy.yaml:5: `features.a`: Unknown feature 'ratoi'. Did you mean 'ratio'?",
        "toy.yaml:6: `features.b.ratio.of` must be ",
        "toy.yaml:7: `features.c.group.off`: unknown key. Did you mean 'of'?",
        "Received: 'maen'. Did you mean 'mean'?",
        "toy.yaml:8: `features.d` must be a name",
        "toy.yaml:9: `features.e` must be a name",
    ):
        assert any(wanted in line for line in lines), wanted


def test_the_key_of_a_fit_changes_only_where_features_are_seen(tmp_path):
    plain, featured = read(tmp_path, ""), read(tmp_path, "features: {a: {ratio: [x, y]}}")
    other = read(tmp_path, "features: {a: {difference: [x, y]}}")
    assert "features" not in model_key(plain, plain.models["lgbm"])
    assert "features" not in model_key(featured, featured.models["net"])
    seen = model_key(featured, featured.models["lgbm"])
    assert seen["features"] == [["a", {"kind": "ratio", "of": ["x", "y"]}]]
    assert seen != model_key(other, other.models["lgbm"])


def test_the_style_of_a_text_is_counted():
    texts = ["WHY do you, YOU, shout 42 times?!", "calm words", ""]
    rows = dataset_of(
        np.arange(3).astype(str), pd.DataFrame({"text": [*texts[:2], None], "n": [1.0, 2.0, 3.0]})
    )
    data = dataset_of(rows.ids, rows.table, features=sections(voice=("style", {"of": "text"})))
    encoder = TableEncoder("tree")
    found = encoder.fit_transform(data.rows(), np.zeros((3, 1)))
    at = {name.removeprefix("voice."): column for name, column in zip(encoder.names_, found.T, strict=True)}
    assert at["words"].tolist()[:2] == [7, 2]
    assert at["unique"].tolist()[:2] == pytest.approx([6 / 7, 1])
    assert at["shouted"][0] == pytest.approx(2 / 7)
    assert at["digits"][0] == pytest.approx(2 / len(texts[0]))
    assert at["marks"][0] == pytest.approx(4 / len(texts[0]))
    assert at["questions"].tolist()[:2] == [2, 0]
    assert np.isnan(at["words"][2])


def test_numbers_have_no_style():
    with pytest.raises(DataError, match="needs words; 'fare' is read as numeric"):
        check_features(sections(voice=("style", {"of": "fare"})), table(), {})
