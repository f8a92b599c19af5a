import numpy as np

from pipeline.audit.columns import read_columns
from pipeline.audit.shift import find_shift
from pipeline.audit.values import find_gaps, new_values
from pipeline.tasks.base import make_task

CLASSES = make_task("classification", ("no", "yes"))


def shift(train, test, ordered=False):
    return find_shift(read_columns(train, test, {}), 0, 1, ordered)


def gaps(train, test, task=CLASSES, target=None):
    target = np.arange(len(train)) % task.n_outputs if target is None else target
    return {found.name: found for found in find_gaps(read_columns(train, test, {}), task, target)}


def test_tables_of_one_source_cannot_be_told_apart(train, test):
    assert shift(train, test) == []
    assert gaps(train, test) == {}


def test_the_column_that_tells_the_tables_apart_is_named(train, test):
    (found,) = shift(train, test.assign(c=test["c"] + 2))
    assert found.severity == "warn"
    assert "by 'c'" in found.text
    (found,) = shift(train, test.assign(c=test["c"] + 2), ordered=True)
    assert found.severity == "info"


def test_names_of_their_own_do_not_tell_the_tables_apart(train, test):
    train = train.assign(name=[f"anna {row}" for row in range(len(train))])
    test = test.assign(name=[f"zoe {row}" for row in range(len(test))])
    assert shift(train, test) == []


def test_values_missing_on_one_side(train, test):
    found = gaps(train, test.assign(b=test["b"].where(test["a"] > 0)))
    assert found["missing-shift"].severity == "warn"
    assert "'b' (0% of train" in found["missing-shift"].text
    found = gaps(train, test.assign(b=np.nan))
    assert "'b' (100%)" in found["empty-in-one-table"].text


def test_constant_columns(train, test):
    assert "'" not in gaps(train.assign(k=1), test.assign(k=1))["constant-columns"].text
    assert "rows: k." in gaps(train.assign(k=1), test.assign(k=1))["constant-columns"].text


def test_new_categories_beyond_chance(train, test):
    found = gaps(train, test.assign(place=np.where(test["a"] > 0.5, "moon", test["place"])))
    assert found["unseen-values"].severity == "warn"
    rng = np.random.default_rng(0)
    rare = [rng.integers(0, 4000, len(side)).astype(str) for side in (train, test)]
    columns = read_columns(train.assign(z="v" + rare[0]), test.assign(z="v" + rare[1]), {"z": "category"})
    assert abs(new_values(columns[-1])) < 0.05


def test_classes_without_a_row_and_with_one(train, test):
    task = make_task("classification", ("ant", "bee", "cat", "dog"))
    found = gaps(train, test, task, np.where(np.arange(len(train)) == 5, 3, np.arange(len(train)) % 2))
    assert "1 of 4 classes" in found["unseen-classes"].text
    assert "cat" in found["unseen-classes"].text
    assert "dog" in found["single-row-classes"].text
