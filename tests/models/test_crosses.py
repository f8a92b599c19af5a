"""Crosses: what columns say together, sparse, and honest about levels that training had not."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import issparse
from sklearn.preprocessing import OneHotEncoder

from pipeline.data.encoders.crosses import BINS, CrossEncoder, sets_of
from pipeline.data.encoders.parts import Parts
from pipeline.data.rows import Dataset
from pipeline.errors import DataError
from pipeline.inputs.table import Columns
from pipeline.models.crosses import Crosses, CrossesConfig
from pipeline.tasks.base import make_task

ROWS, LEARNED = 600, 450
COLOURS, SHAPES = ["red", "green", "blue"], ["round", "flat", "long", "thin"]


def parts(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    numbers = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows))
    words = {
        "colour": rng.choice(COLOURS, rows).astype(object),
        "shape": rng.choice(SHAPES, rows).astype(object),
    }
    return Parts(numbers={"weight": numbers}, categories=words)


def both(columns):
    return Parts(categories={name: np.array(values, dtype=object) for name, values in columns.items()})


def test_singles_are_those_of_scikit_learn_and_every_row_has_length_one():
    made, encoder = both({"a": ["x", "x", "y", "y"], "b": ["p", "q", "p", "q"]}), CrossEncoder(1)
    matrix = encoder.fit_transform(made)
    plain = OneHotEncoder().fit_transform(np.column_stack([*made.categories.values()])).toarray()
    assert issparse(matrix)
    assert sorted((matrix.toarray() > 0).T.tolist()) == sorted((plain > 0).T.tolist())
    np.testing.assert_allclose(np.sqrt((matrix.toarray() ** 2).sum(axis=1)), 1.0, rtol=1e-6)


def test_levels_together_are_columns_and_rare_or_new_ones_are_none():
    encoder = CrossEncoder(2)
    matrix = encoder.fit_transform(both({"a": [*"xxyyx"], "b": [*"ppqqq"]}))
    assert matrix.shape == (5, 6), "x, y, p, q and the pairs xp and yq; xq stands in one row alone"
    new = encoder.transform(both({"a": [*"xz"], "b": [*"qq"]}))
    assert new.getnnz(axis=1).tolist() == [2, 1]
    assert set(encoder.names(np.arange(6))) == {"a", "b", "a x b"}


def test_numbers_are_bins_of_as_many_rows_and_a_gap_is_a_level():
    made, encoder = parts(), CrossEncoder(1)
    matrix = encoder.fit_transform(made)
    counts = matrix.getnnz(axis=0)
    assert matrix.shape[1] == BINS + 1 + len(COLOURS) + len(SHAPES)
    assert np.isnan(made.numbers["weight"]).sum() in counts
    assert (matrix.getnnz(axis=1) == 3).all()


def test_what_was_learned_comes_back():
    made, new = parts(), parts(seed=1)
    encoder = CrossEncoder(3)
    encoder.fit_transform(made)
    other = CrossEncoder(3).restore(*encoder.state())
    assert (other.transform(new) != encoder.transform(new)).nnz == 0


@pytest.mark.parametrize(
    "columns, degree, most, sets, largest",
    [(3, 3, 130, 7, 3), (9, 3, 130, 129, 3), (10, 3, 130, 55, 2), (40, 3, 130, 118, 2), (5, 2, 3, 3, 1)],
)
def test_no_more_sets_than_there_is_time_for(columns, degree, most, sets, largest):
    found = sets_of(columns, degree, most)
    assert (len(found), max(map(len, found))) == (sets, largest)
    assert len(set(found)) == len(found)


def dataset(kind):
    """The answer is whether colour and shape go together: neither alone says anything."""
    made = parts()
    frame = pd.DataFrame({**made.categories, "weight": made.numbers["weight"]}, dtype=object).infer_objects()
    numbers = frame["colour"].map(COLOURS.index).to_numpy() + frame["shape"].map(SHAPES.index).to_numpy()
    odd = numbers % 2
    target = odd if kind == "classification" else 10.0 * odd[:, None]
    return Dataset(np.arange(ROWS).astype(str), {"table": Columns(frame)}, target)


@pytest.mark.parametrize("kind, names", [("classification", ("no", "yes")), ("regression", ("value",))])
def test_what_two_columns_say_together_is_learned(kind, names, tmp_path):
    data = dataset(kind)
    train, inner, new = (data.rows(np.arange(*ends)) for ends in ((0, 300), (300, LEARNED), (LEARNED, ROWS)))
    model = Crosses(CrossesConfig(kind="crosses"), make_task(kind, names)).fit(train, inner)
    said = model.predict(new)
    right = said.argmax(axis=1) == new.target if kind == "classification" else abs(said - new.target) < 2
    assert right.mean() > 0.97
    assert model.notes()["strongest"][0][0] in ("shape x colour", "weight x shape x colour")
    model.save(tmp_path)
    again = Crosses(model.config, model.task).load(tmp_path)
    np.testing.assert_array_equal(again.predict(new), said)


def test_a_column_that_is_gone_is_named():
    data = dataset("classification")
    model = Crosses(CrossesConfig(kind="crosses", C=1.0), make_task("classification", ("no", "yes")))
    model.fit(data.rows(np.arange(LEARNED)))
    bare = Dataset(data.ids, {"table": Columns(data.part("table").frame.drop(columns="shape"))}, data.target)
    with pytest.raises(DataError, match=r"lacks columns.*shape"):
        model.predict(bare.rows())


def test_texts_and_other_inputs_are_refused_before_anything_starts():
    found = CrossesConfig(kind="crosses", inputs=["text"], grid=[3.0, 1.0]).problems("models.x")
    assert len(found) == 2
    assert "inputs: it reads the table alone" in found[1]
