"""Every registered input keeps the contract; a new one is covered by being registered."""

import inspect
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.config.data_section import DataConfig
from pipeline.config.load import load_config
from pipeline.data.encode import TableEncoder
from pipeline.data.new_rows import read_rows
from pipeline.data.source import FolderSource
from pipeline.errors import ConfigError, DataError
from pipeline.inputs.base import Workshop, entries_of, opened
from pipeline.progress import Progress
from pipeline.registry import INPUTS, MODELS
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.run.sides import check_inputs
from pipeline.store import Store
from pipeline.testing import dataset_of, write_competition, write_tones, write_waves

ROWS, TEST_ROWS = 12, 5
SEEN = [name for name in INPUTS.names() if not INPUTS.get(name).of_fold]
YAML = """\
competition: toy
data: {target: species, images: "images/{id}.png", sound: {path: "sound/{id}.wav", sample_rate: 2000,
  seconds: 0.1, windows: 2, n_mels: 8}, arrays: {path: "arrays/{id}.npy", axes: TC, length: 8}}
metric: log_loss
folds: {n: 3}
models:
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A competition whose rows have everything that can be seen, and one that has nothing."""
    root = tmp_path_factory.mktemp("inputs")
    write_competition(root / "full", rows=ROWS, test_rows=TEST_ROWS)
    for name in ("train", "test"):
        table = pd.read_csv(root / f"full/{name}.csv", dtype={"id": str})
        table["story"] = [f"the {row} of {key} was seen" for row, key in enumerate(table["id"])]
        table.to_csv(root / f"full/{name}.csv", index=False)
        write_tones(
            root / "full/sound", dict(zip(table["id"], 200 + 20 * np.arange(len(table)), strict=True))
        )
        write_waves(root / "full/arrays", dict.fromkeys(table["id"], 3.0))
    shutil.copytree(root / "full", root / "bare")
    for name, columns in (("train", ["id", "species"]), ("test", ["id"])):
        table = pd.read_csv(root / f"bare/{name}.csv", dtype={"id": str})
        table[columns].to_csv(root / f"bare/{name}.csv", index=False)
    return root


def run_of(place, data, name, bare=False):
    kinds = {"images": "gallery, size: 8", "text": "ngrams", "spectrogram": "cnn, backbone: 2C1 GAP"}
    kinds["arrays"] = kinds["spectrogram"]
    text = re.sub(r"data:.*?}}", "data: {target: species}", YAML, flags=re.DOTALL) if bare else YAML
    path = place / f"{data}-{name}.yaml"
    path.write_text(text + f"  one: {{kind: {kinds.get(name, 'logistic')}, inputs: [{name}]}}\n")
    config = load_config(path)
    return Run(Plan(config, FolderSource(place / data), Store(place / f"runs-{data}-{name}")), Progress())


def same(one, other):
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    return one.reset_index(drop=True).equals(other.reset_index(drop=True))


@pytest.mark.parametrize("name", INPUTS.names())
def test_an_input_says_what_it_is_and_where_it_lies(name):
    one = INPUTS.get(name)
    assert inspect.getdoc(one)
    assert set(one.keys) <= set(DataConfig.model_fields)
    assert one.of_fold or (one.keys and one.lacking.endswith("."))


@pytest.mark.parametrize("name", SEEN)
def test_a_model_is_told_what_the_competition_lacks(place, name):
    run = run_of(place, "full", name)
    check_inputs(run.workshop("one"))
    assert INPUTS.get(name)().there(run.competition)
    lacking = run_of(place, "bare", name, bare=True)
    with pytest.raises(ConfigError, match=r"^`models\.one` reads "):
        check_inputs(lacking.workshop("one"))


@pytest.mark.parametrize("name", SEEN)
def test_rows_are_the_same_one_by_one_and_together(place, name):
    sides = run_of(place, "full", name).sides("one")
    for side, rows in ((sides.train, ROWS), (sides.test, TEST_ROWS)):
        assert list(side.parts) == [name]
        whole = side.part(name).take(np.arange(rows))
        assert len(whole) == rows
        for row in range(rows):
            assert same(side.part(name).take(np.array([row])), whole[row : row + 1])
        assert same(side.part(name).take(np.arange(rows)[::-1]), whole[::-1])


@pytest.mark.parametrize("name", SEEN)
def test_rows_of_the_test_follow_those_of_training_as_one_part(place, name):
    sides = run_of(place, "full", name).sides("one")
    train, test = (side.part(name) for side in (sides.train, sides.test))
    both, order = train.join(test), np.array([ROWS + 1, 2, ROWS, 0])
    assert same(both.take(order[[0, 2]]), test.take(np.array([1, 0])))
    assert same(both.take(order[[1, 3]]), train.take(np.array([2, 0])))
    assert same(both.take(order)[1:2], train.take(np.array([2])))


@pytest.mark.parametrize("name", SEEN)
def test_new_rows_open_as_the_test_rows_do(place, name, tmp_path):
    run = run_of(place, "full", name)
    expected = run.sides("one").test.part(name)
    folder = place / "full"
    table = pd.read_csv(folder / "test.csv", dtype={"id": str})[::-1]
    table.to_csv(folder / "new.csv", index=False)
    source = FolderSource(folder)
    new = read_rows(source, "new.csv", run.config, run.competition)
    product = run.input_products("one").get(name)
    shop = Workshop(run.config, "one", new, source, Progress())
    part = INPUTS.get(name)().open_new(shop, product and product.path, tmp_path)
    rows = np.arange(TEST_ROWS)
    assert same(part.take(rows), expected.take(rows[::-1]))


def test_auto_opens_what_a_kind_sees(place):
    for kind, entries in (("lightgbm", ("table", "text")), ("ngrams", ("text",)), ("cnn", ("images",))):
        section = MODELS.get(kind).Config.model_validate({"kind": kind, "inputs": ["auto", "a.prediction"]})
        assert entries_of(section) == (*entries, "a.prediction")
        assert tuple(opened(section)) == entries


def encoded(*inputs):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=40),
            "story": [f"it was {word} {row} then" for row, word in enumerate(rng.choice(["x1", "y2"], 40))],
            "b": rng.normal(size=40),
        }
    )
    encoder = TableEncoder("tree", inputs)
    matrix = encoder.fit_transform(dataset_of(np.arange(40).astype(str), frame).rows(), np.zeros((40, 1)))
    return encoder.names_, matrix


def test_table_and_text_hold_between_them_what_both_show():
    """The table alone has no word and no length of a text; together the columns keep their order."""
    both, matrix = encoded("table", "text")
    table, text = encoded("table"), encoded("text")
    assert table[0] == ["a", "b"]
    assert both[-3:] == ["a", "story.length", "b"]
    assert sorted([*table[0], *text[0]]) == sorted(both)
    for names, values in (table, text):
        np.testing.assert_array_equal(values, matrix[:, [both.index(name) for name in names]])


def test_a_key_changes_where_the_door_to_texts_is_closed(place):
    run = run_of(place, "full", "table")
    section = run.config.models["one"]
    assert INPUTS.get("table")().key(run.config, section) == {"text": False}
    both = section.model_copy(update={"inputs": ["auto"]})
    assert INPUTS.get("table")().key(run.config, both) == {}


def test_text_alone_needs_a_column(place):
    empty = dataset_of(np.arange(9).astype(str), pd.DataFrame({"a": np.arange(9.0)})).rows()
    with pytest.raises(DataError, match=r"no column that varies in the inputs \['text'\]"):
        TableEncoder("tree", ["text"]).fit_transform(empty, np.zeros((9, 1)))
    assert replace(empty.dataset, parts={}).table is None
