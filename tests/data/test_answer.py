import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import Config, DataConfig, SubmissionConfig
from pipeline.data.answer import read_answer
from pipeline.data.tables import Tables
from pipeline.errors import DataError
from pipeline.metrics import find_metric


def answer(labels, columns, metric, targets=("label",), **data):
    """Reads the answer of a training table with these labels and a sample with these columns."""
    values = np.array(labels, dtype=str).reshape(len(labels), -1)
    train = pd.DataFrame(values, columns=list(targets)).assign(id=[f"id {row}" for row in range(len(labels))])
    given = data.pop("sample", dict.fromkeys(columns, "0"))
    sample = pd.DataFrame({"id": ["x", "y", "z"], **given}, dtype=str)
    sample.columns = [name or f"Unnamed: {place}" for place, name in enumerate(sample.columns)]
    test = pd.DataFrame({"id": ["x", "y", "z"], **data.pop("test", {})})
    tables = Tables(train, test, sample, "id", tuple(targets))
    form = data.pop("answer", "auto")
    config = Config(
        competition="toy",
        metric=metric,
        data=DataConfig(**data),
        models={},
        submission=SubmissionConfig(answer=form),
    )
    return read_answer(tables, config, find_metric(metric))


def test_one_column_per_class_keeps_the_order_of_the_sample():
    task, target, form = answer(["b", "a", "b"], ["b", "a", "c"], "log_loss")
    assert task.outputs == ("b", "a", "c")
    assert target.tolist() == [0, 1, 0]
    assert (form.kind, form.outputs) == ("probability", (0, 1, 2))


def test_columns_named_like_their_class_with_something_around():
    task, target, form = answer(["C", "D", "C"], ["Status_D", "Status_C", "Status_X"], "log_loss")
    assert task.outputs == ("D", "C", "X")
    assert target.tolist() == [1, 0, 1]
    assert form.columns == ("Status_D", "Status_C", "Status_X")


def test_two_classes_and_one_column_hold_the_second_class():
    task, _, form = answer(["0", "1", "1"], ["label"], "auc")
    assert (task.outputs, form.kind, form.outputs) == (("0", "1"), "probability", (1,))
    task, target, form = answer(["yes", "no"], ["label"], "auc", positive="no")
    assert (task.outputs, form.outputs, target.tolist()) == (("yes", "no"), (1,), [0, 1])


def test_a_metric_of_labels_asks_for_labels():
    task, target, form = answer(["10", "9", "9"], ["label"], "accuracy")
    assert task.outputs == ("9", "10")
    assert target.tolist() == [1, 0, 0]
    assert (form.kind, form.outputs) == ("label", ())


@pytest.mark.parametrize("metric", ["map@2", "ndcg@2", "top@2"])
def test_a_ranking_has_the_depth_of_its_metric(metric):
    _, _, form = answer(["a", "b", "c"], ["label"], metric)
    assert (form.kind, form.depth) == ("ranking", 2)


def test_a_place_on_a_sphere_has_two_columns():
    task, _, _ = answer(
        [["1", "2"], ["3", "1"]], ["azimuth", "zenith"], "angular_error", ("azimuth", "zenith")
    )
    assert task.outputs == ("azimuth", "zenith")
    with pytest.raises(DataError, match=r"'angular_error' takes 2 target columns. `data.target` has 1: y"):
        answer(["1", "2"], ["y"], "angular_error", ("y",))


def test_values_and_several_targets():
    task, target, form = answer([["1", "2"], ["3", "4.5"]], ["y", "x"], "rmse", ("x", "y"))
    assert (task.kind, task.outputs, form.outputs) == ("regression", ("x", "y"), (1, 0))
    assert target.tolist() == [[1.0, 2.0], [3.0, 4.5]]
    assert form.bounds == ((None, None), (None, None))
    assert answer(["1", "5"] * 5, ["label"], "rmse")[2].bounds == ((1.0, 5.0),)
    task, _, form = answer([["1", "0"], ["0", "0"]], ["x", "y"], "log_loss", ("x", "y"))
    assert (task.kind, form.kind) == ("multilabel", "probability")
    task, _, form = answer([["1", "0"], ["0", "0"]], ["x", "y"], "f1_macro", ("x", "y"))
    assert (task.kind, form.kind) == ("multilabel", "label")


def test_a_metric_on_logarithms_makes_models_learn_them():
    assert answer(["1", "2"], ["label"], "rmsle")[0].log_target
    with pytest.raises(DataError, match=r"takes log\(1 \+ y\): targets must be above -1"):
        answer(["1", "-2"], ["label"], "rmsle")


@pytest.mark.parametrize("metric", ["mape", "smape", "rmspe"])
def test_logarithms_that_only_serve_a_metric_are_left_where_a_target_is_negative(metric):
    task = answer(["0", "2"], ["label"], metric)[0]
    assert (task.log_target, find_metric(metric).of(task).log_target) == (True, True)
    task = answer(["1", "-0.5"], ["label"], metric)[0]
    assert (task.log_target, find_metric(metric).of(task).log_target) == (False, False)


ONE_HOT = [["1", "0", "0"], ["0", "0", "1"], ["0", "1.0", "0"]]
RESULTS = ("a_wins", "b_wins", "tie")


@pytest.mark.parametrize("metric, kind", [("log_loss", "probability"), ("auc", "probability")])
def test_columns_of_which_one_is_1_are_one_classification(metric, kind):
    task, target, form = answer(ONE_HOT, ["tie", "a_wins", "b_wins"], metric, RESULTS)
    assert (task.kind, task.outputs) == ("onehot", ("tie", "a_wins", "b_wins"))
    assert target.tolist() == [1, 0, 2]
    assert (form.kind, form.columns, form.outputs) == (kind, ("tie", "a_wins", "b_wins"), (0, 1, 2))


def test_a_label_is_asked_for_in_a_column_per_class():
    task, _, form = answer(ONE_HOT, RESULTS, "accuracy", RESULTS)
    assert (task.kind, form.kind, form.outputs) == ("onehot", "label", (0, 1, 2))


@pytest.mark.parametrize("row", [["0", "0", "0"], ["1", "1", "0"]])
def test_none_or_two_in_a_row_are_several_labels(row):
    assert answer([*ONE_HOT, row], RESULTS, "log_loss", RESULTS)[0].kind == "multilabel"
    with pytest.raises(DataError, match=r"exactly one of them is 1 in every row.*not so for: id 3"):
        answer([*ONE_HOT, row], RESULTS, "log_loss", RESULTS, task="classification")
    with pytest.raises(DataError, match=r"exactly one of them is 1"):
        answer([*ONE_HOT, row], RESULTS, "mcc", RESULTS)


def test_several_labels_where_the_configuration_says_so():
    assert answer(ONE_HOT, RESULTS, "log_loss", RESULTS, task="multilabel")[0].kind == "multilabel"


def test_columns_of_the_sample_that_tell_the_row_are_no_answers():
    told, day = {"": ["0", "1", "2"], "text": ["a", "b", ""]}, {"day": ["1", "1", "2"]}
    sample = {**told, **day, "c": ["0", "0", "0"], "d": ["0.5", "", "1"]}
    assert answer(["c", "d", "c"], [], "log_loss", sample=sample, test=day)[2].columns == ("c", "d")
    sample = {**told, "value": ["0", "1", "2"], "label": ["1", "2", "3"]}
    assert answer(["1.5", "2", "3"], [], "rmse", sample=sample)[2].columns == ("label",)
    sample = {"day": ["1", "1", "2"], "species": ["c", "c", "c"]}
    assert answer(["c", "d", "c"], [], "accuracy", sample=sample, test=day)[2].columns == ("species",)


def test_numbers_that_nothing_explains_are_no_column_to_pass_on():
    with pytest.raises(DataError, match=r"The sample's columns \(label, other\) must be the targets"):
        answer(["1.5", "2"], ["label", "other"], "rmse")


@pytest.mark.parametrize(
    "labels, columns, metric, options, expected",
    [
        (["a", "b"], ["a", "c"], "log_loss", {}, r"no column for the classes b"),
        (["a", "b", "c"], ["label"], "log_loss", {}, r"one column for 3 classes"),
        (["a", "a"], ["label"], "accuracy", {}, r"one value only: a"),
        (["a", "b"], ["label"], "rmse", {}, r"must be numbers. Received: a, b"),
        (["0", "1"], ["label"], "auc", {"positive": "2"}, r"`data.positive` must be one of two classes"),
        (["0", "1"], ["label"], "rmse", {"task": "classification"}, r"'rmse' scores regression, but"),
        (["a", "b", "c"], ["label"], "f1", {}, r"'f1' scores two classes. The target has 3: a, b, c"),
        (["0", "2"], ["label"], "log_loss", {"task": "multilabel"}, r"Labels must be 0 or 1"),
        (["0", "1"], ["label"], "auc", {"answer": "value"}, r"`submission.answer: value` is for regression"),
    ],
)
def test_what_does_not_fit(labels, columns, metric, options, expected):
    with pytest.raises(DataError, match=expected):
        answer(labels, columns, metric, **options)
