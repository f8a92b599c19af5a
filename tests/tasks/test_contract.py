"""What every kind of task promises, those of tomorrow too."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error

from pipeline.data.dense import finite_rows
from pipeline.errors import SubmissionError
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import general_kinds, load_task, make_task

ROOT = Path(__file__).parents[2]
ROWS = 60
MOST_NAMED = 4  # lines outside of tasks/ that name a kind; lower it with every one that goes
NAMES = re.compile(r'"(classification|multilabel|regression)"|is_classification')

rng = np.random.default_rng(0)
LABEL = np.arange(ROWS) % 3
NUMBER = LABEL + rng.normal(0, 0.3, ROWS)


PLAIN = [
    name for name in TASKS.names() if not TASKS.get(name).dense
]  # the others: test_mask.py, test_image.py, test_boxes.py


@pytest.fixture(params=TASKS.names())
def any_example(request):
    return TASKS.get(request.param).example(LABEL, NUMBER)


@pytest.fixture(params=PLAIN)
def example(request):
    return TASKS.get(request.param).example(LABEL, NUMBER)


def guesses(task):
    """Returns float64 (rows, outputs) that could be predictions."""
    values = rng.uniform(0.05, 0.95, (ROWS, task.n_outputs))
    return values / values.sum(axis=1, keepdims=True) if task.exclusive else values


def forms(task):
    """Returns the forms of a submission that can be asked of a task."""
    every = tuple(range(task.n_outputs))
    if not task.probabilities:
        return [Answer("value", task.outputs, every)]
    one = [Answer("label", ("answer",), ())] if task.exclusive or task.may_be_empty else []
    many = [] if task.kind == "classification" else [Answer("label", task.outputs, every)]
    return [Answer("probability", task.outputs, every), *one, *many]


def test_a_target_has_a_column_per_output(any_example):
    task, target = any_example
    columns = task.columns(target)
    assert columns.shape == (ROWS, task.n_outputs)
    assert columns.dtype == np.float64
    assert target.ndim == (1 if task.exclusive else 2)
    if task.exclusive:
        assert (columns.argmax(axis=1) == target).all()
        assert (columns.sum(axis=1) == 1).all()


def test_strata_are_whole_numbers_and_few(any_example):
    task, target = any_example
    strata = task.strata(target)
    assert strata.shape == (ROWS,)
    assert np.issubdtype(strata.dtype, np.integer)
    assert not task.alone(target).any()
    assert len(np.unique(strata)) <= 10


def test_the_only_row_of_a_class_stands_alone():
    task = make_task("classification", ("a", "b"))
    assert task.alone(np.array([0, 0, 1])).tolist() == [False, False, True]


def test_what_knows_nothing_of_a_row_is_an_answer(any_example):
    task, target = any_example
    for answer in (task.prior(target), task.constant(target)):
        assert answer.shape == (task.n_outputs,)
        assert finite_rows(answer[None]).all()
    if task.exclusive:
        assert task.constant(target).sum() == pytest.approx(1)


def test_the_loss_is_that_of_scikit_learn(example):
    task, target = example
    columns, guess = task.columns(target), guesses(task)
    if task.exclusive:
        expected = log_loss(target, guess)
    elif task.probabilities:
        expected = np.mean(
            [log_loss(columns[:, k], guess[:, k], labels=[0, 1]) for k in range(task.n_outputs)]
        )
    else:
        expected = mean_squared_error(target, guess)
    assert task.loss(target, guess) == pytest.approx(expected)
    assert task.loss(columns, guess) == pytest.approx(expected)


def test_cells_pass_their_own_check(example):
    task, _ = example
    ids = [str(row) for row in range(ROWS)]
    for form in forms(task):
        cells = task.cells(form, guesses(task).astype(np.float32), None, None)
        assert {len(row) for row in cells} == {len(form.columns)}
        task.verify(form, cells, ids)
        with pytest.raises((SubmissionError, ValueError), match=r"lacks|could not convert"):
            task.verify(form, [["nobody knows"] * len(row) for row in cells], ids)


def test_values_come_back_from_their_cells(example):
    task, _ = example
    form, guess = forms(task)[0], guesses(task).astype(np.float32)
    cells = np.array(task.cells(form, guess, None, None), np.float32)
    assert np.allclose(cells, guess, atol=1e-6)


def test_chosen_labels_are_written(example):
    task, target = example
    for form in forms(task):
        if form.kind == "label":
            sure = task.columns(target)
            assert task.cells(form, sure, None, None) == task.cells(form, sure, task.decided(sure), None)


def test_it_comes_back_from_json(any_example):
    task, _ = any_example
    assert load_task(json.loads(json.dumps({"other": 1, **task.to_json()}))) == task


def test_a_special_kind_is_a_general_one():
    for name in TASKS:
        kind = TASKS.get(name)
        assert kind.kind == name
        assert kind.general in general_kinds(dense=None)
        assert issubclass(kind, TASKS.get(kind.general))


def test_no_kind_is_named_outside_but_where_a_library_is_told():
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if path.relative_to(ROOT / "pipeline").parts[0] != "tasks"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if NAMES.search(line)
    ]
    assert len(named) <= MOST_NAMED, "\n".join(named)


def test_how_far_points_are_off_is_in_pixels():
    task = make_task("coordinates", ("x1", "y1", "x2", "y2"))
    truth = np.array([[10.0, 10.0, 20.0, 20.0], [0.0, 0.0, 4.0, 4.0]])
    found = truth + np.array([3.0, 4.0, 0.0, 0.0])
    assert task.distances(truth, found) == (2.5, 5.0, 2)
    assert task.distances(truth[:0], found[:0])[2] == 0
