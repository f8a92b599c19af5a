import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import SubmissionConfig
from pipeline.data.competition import Competition
from pipeline.data.located import BY_PRIOR
from pipeline.data.submission import submission_text, verify_submission
from pipeline.errors import SubmissionError
from pipeline.tasks.answer import Answer, number_text
from pipeline.tasks.base import make_task

PROBABILITY = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], np.float32)


def competition(answer, task=None):
    """A competition with test rows b, a, asked for in the order a, b."""
    return Competition(
        task=task or make_task("classification", ("x", "y", "z")),
        answer=answer,
        id="id",
        ids=np.array(["t"]),
        test_ids=np.array(["b", "a"]),
        sample_ids=np.array(["a", "b"]),
        target=np.zeros(1, np.int64),
        train=None,
        test=None,
    )


def written(answer, values=PROBABILITY, task=None, labels=None, decimals=None):
    made = competition(answer, task)
    text = submission_text(made, values, labels, SubmissionConfig(decimals=decimals))
    verify_submission(text, made)
    return text


def test_probabilities_come_in_the_order_of_the_sample():
    text = written(Answer("probability", ("Z", "X", "Y"), (2, 0, 1)))
    assert text == "id,Z,X,Y\na,0.8,0.1,0.1\nb,0.3,0.2,0.5\n"


def test_probabilities_are_brought_to_a_sum_of_one():
    text = written(Answer("probability", ("x", "y", "z"), (0, 1, 2)), PROBABILITY * 0.5)
    assert text.splitlines()[1] == "a,0.1,0.1,0.8"


def test_labels_rankings_and_values():
    assert written(Answer("label", ("label",), ())) == "id,label\na,z\nb,y\n"
    assert written(Answer("label", ("label",), ()), labels=np.array([0, 1])) == "id,label\na,y\nb,x\n"
    assert written(Answer("ranking", ("label",), (), 2)).splitlines()[1] == "a,z x"
    values = np.array([[1.5, 2], [1e7 + 1, -3]])
    text = written(Answer("value", ("q", "p"), (1, 0)), values, make_task("regression", ("p", "q")))
    assert text.splitlines()[1:] == ["a,-3,10000001", "b,2,1.5"]


def test_labels_of_several_columns():
    task = make_task("multilabel", ("p", "q"))
    values = np.array([[0.6, 0.4], [0.2, 0.9]], np.float32)
    answer = Answer("label", ("p", "q"), (0, 1))
    assert written(answer, values, task) == "id,p,q\na,0,1\nb,1,0\n"
    assert written(answer, values, task, np.array([[1, 1], [0, 0]])) == "id,p,q\na,0,0\nb,1,1\n"


def numbers(text):
    """Returns float64 (rows, columns) of a written file, row b first, as it was given."""
    return np.array([line.split(",")[1:] for line in text.splitlines()[1:]], np.float64)[::-1]


THREE = Answer("probability", ("x", "y", "z"), (0, 1, 2))


def test_probabilities_keep_their_order_sum_and_logarithm():
    near = np.float32(0.9999997)
    values = np.array([[near, 1e-7, 2e-7], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    text = written(THREE, values)
    assert ",0.9999997," in text
    assert abs(numbers(text).sum(axis=1) - 1).max() < 1e-6
    assert np.log(numbers(text)) == pytest.approx(np.log(values.astype(float)), abs=1e-6)
    column = np.float32(0.2) + np.arange(2, dtype=np.float32) * np.spacing(np.float32(0.2))
    text = written(Answer("value", ("p",), (0,)), column[:, None], make_task("regression", ("p",)))
    assert len(set(numbers(text).ravel())) == 2, "neighbours among float32 stay apart"


@pytest.mark.parametrize(
    "decimals, row_a, row_b",
    [
        (0, "a,0,0", "b,10000001,1"),
        (3, "a,0,0", "b,10000001,1"),
        (7, "a,0.00004,0", "b,10000001,0.9999997"),
        (None, "a,0.00004,-0.000000001", "b,10000001,0.9999997"),
    ],
)
def test_decimals_are_digits_after_the_point(decimals, row_a, row_b):
    task, answer = make_task("regression", ("p", "q")), Answer("value", ("p", "q"), (0, 1))
    values = np.array([[10000001.0, 0.9999997], [0.00004, -1e-9]])
    assert written(answer, values, task, decimals=decimals).splitlines()[1:] == [row_a, row_b]


@pytest.mark.parametrize("decimals", [1, 3, 6, 17, None])
def test_rounded_rows_still_sum_to_one_in_their_order(decimals):
    task = make_task("classification", tuple("abcdefg"))
    values = np.random.default_rng(0).dirichlet(np.ones(7), 2).astype(np.float32)
    answer = Answer("probability", task.outputs, tuple(range(7)))
    made = competition(answer, task)
    found = numbers(submission_text(made, values, None, SubmissionConfig(decimals=decimals)))
    assert abs(found.sum(axis=1) - 1).max() < 1e-6
    for row, exact in zip(found, values, strict=True):
        assert (np.diff(row[np.argsort(exact)]) >= 0).all()
        assert abs(row - exact).max() < 10.0 ** -(min(decimals or 6, 6))


def test_small_and_large_numbers_are_written_shortly():
    assert number_text(np.float32(1e-20)) == "1e-20"
    assert number_text(np.float32(1e-12)) == "0.000000000001"
    assert number_text(np.float32(1e20)) == "1e+20"
    assert number_text(np.float32(-0.0)) == "0"
    assert number_text(np.float64(0.1)) == "0.1"


def test_values_are_held_where_the_answer_says():
    task = make_task("regression", ("p", "q"))
    answer = Answer("value", ("q", "p"), (1, 0), bounds=((0.0, None), (1.0, 5.0)))
    values = np.array([[-0.5, 5.5], [1e6, 0.5]])
    assert written(answer, values, task).splitlines()[1:] == ["a,1,1000000", "b,5,0"]
    assert values[0, 0] == -0.5, "the predictions themselves stay as they are"
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def test_a_label_in_a_column_per_class():
    answer = Answer("label", ("z", "x", "y"), (2, 0, 1))
    task = make_task("onehot", ("x", "y", "z"))
    assert written(answer, task=task, labels=np.array([0, 2])) == "id,z,x,y\na,1,0,0\nb,0,1,0\n"
    assert written(answer, task=task) == "id,z,x,y\na,1,0,0\nb,0,0,1\n"


def passing():
    """The competition with a sample of more columns than id and answer."""
    told = pd.DataFrame({"Unnamed: 0": ["0", "1"], "text": ["one, two", None]}, dtype=str)
    header = ("Unnamed: 0", "label", "id", "text")
    return replace(competition(Answer("label", ("label",), ())), header=header, passing=told)


def test_what_else_the_sample_holds_passes_through():
    text = submission_text(passing(), PROBABILITY, None, SubmissionConfig())
    assert text == ',label,id,text\n0,z,a,"one, two"\n1,y,b,\n'
    verify_submission(text, passing())


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("one", "two", r"column 'text' must be the sample's"),
        ("0,z", "1,z", r"column 'Unnamed: 0' must be the sample's"),
        ("0,z", "0,", r"empty cells: a"),
        ("1,y", "1,w", r"Classes that the training table lacks: w"),
        ("b,", "b", r"have not 4 cells: 1,y,b"),
        ("a,", "c,", r"missing or unknown: a, c"),
        (",label,id,", "0,label,id,", r"The columns must be , label, id, text"),
    ],
)
def test_what_passes_through_is_verified(old, new, expected):
    text = submission_text(passing(), PROBABILITY, None, SubmissionConfig())
    with pytest.raises(SubmissionError, match=expected):
        verify_submission(text.replace(old, new), passing())


@pytest.mark.parametrize(
    "text, expected",
    [
        ("id,x,y\na,1,0\nb,1,0\n", r"columns must be id, x, y, z"),
        ("id,x,y,z\nb,1,0,0\na,1,0,0\n", r"in another order"),
        ("id,x,y,z\na,1,0,0\n", r"missing or unknown: b"),
        ("id,x,y,z\na,1,0,\nb,1,0,0\n", r"empty cells: a"),
        ("id,x,y,z\na,1,0,nan\nb,1,0,0\n", r"no numbers: a"),
        ("id,x,y,z\na,2,-1,0\nb,1,0,0\n", r"outside 0 to 1: a"),
        ("id,x,y,z\na,1,0,0\nb,0.5,0,0\n", r"do not sum to one: b"),
        ("id,x,y,z\na,1,0,0\nb,0.33333,0.33333,0.33333\n", r"do not sum to one: b"),
        ("", r"columns must be"),
    ],
)
def test_a_broken_file_is_refused(text, expected):
    with pytest.raises(SubmissionError, match=expected):
        verify_submission(text, competition(Answer("probability", ("x", "y", "z"), (0, 1, 2))))


def test_an_unknown_class_is_refused():
    with pytest.raises(SubmissionError, match=r"Classes that the training table lacks: w"):
        verify_submission("id,label\na,w\nb,x\n", competition(Answer("label", ("label",), ())))


def test_rows_that_no_model_saw_get_the_prior():
    task, left_out = make_task("classification", ("x", "y")), {BY_PRIOR: ("c",)}
    answer = Answer("probability", ("x", "y"), (0, 1))
    made = replace(
        competition(answer, task),
        sample_ids=np.array(["c", "a", "b"]),
        target=np.array([0, 1, 1, 1]),
        left_out=left_out,
    )
    values = np.array([[0.5, 0.5], [0.2, 0.8]], np.float32)
    text = submission_text(made, values, None, SubmissionConfig())
    verify_submission(text, made)
    assert text == "id,x,y\nc,0.25,0.75\na,0.2,0.8\nb,0.5,0.5\n"
    made = replace(made, answer=Answer("label", ("label",), ()))
    text = submission_text(made, values, np.array([0, 0]), SubmissionConfig())
    assert text == "id,label\nc,y\na,x\nb,x\n"
