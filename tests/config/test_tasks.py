"""Models and heads that cannot do the task are refused before any work starts."""

import pandas as pd
import pytest

from pipeline.config.load import load_config
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store

HEADED = '{kind: cnn, backbone: "4C3 FC8", head: HEAD}'


@pytest.fixture
def load(tmp_path):
    def load(metric, data="{}", **models):
        lines = [f"  {name}: {section}" for name, section in models.items()]
        text = f"competition: toy\nmetric: {metric}\ndata: {data}\nmodels:\n" + "\n".join(lines)
        (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
        return load_config(tmp_path / "toy.yaml")

    return load


@pytest.mark.parametrize(
    "metric, data, model, expected",
    [
        (
            "accuracy",
            "{}",
            "{kind: ridge}",
            r"`models.m.kind`: ridge does regression, and this is a task of clas",
        ),
        (
            "log_loss",
            "{}",
            "{kind: ridge}",
            r"a task of classification or multilabel. Kinds that do it:.*logist",
        ),
        (
            "rmse",
            "{}",
            "{kind: logistic}",
            r"logistic does classification or multilabel, and this is a task of re",
        ),
        ("rmse", "{}", "{kind: gallery}", r"gallery does classification, and this is a task of regression"),
        ("auc", "{target: [a, b]}", "{kind: gallery}", r"and this is a task of multilabel"),
        ("log_loss", "{task: multilabel}", "{kind: gallery}", r"and this is a task of multilabel"),
        (
            "rmse",
            "{}",
            HEADED.replace("HEAD", "arcface"),
            r"`models.m.head: arcface` is for classification, and",
        ),
        (
            "rmse",
            "{}",
            HEADED.replace("HEAD", "cosine"),
            r"`models.m.head: cosine` is for classification or multi",
        ),
        ("auc", "{target: [a, b]}", HEADED.replace("HEAD", "arcface"), r"a task of multilabel"),
    ],
)
def test_what_metric_and_target_tell_is_refused_with_the_configuration(load, metric, data, model, expected):
    with pytest.raises(ConfigError, match=expected):
        load(metric, data, m=model)


def test_all_that_does_not_fit_is_said_at_once(load):
    with pytest.raises(ConfigError, match=r"(?s)`models.r.kind`: ridge.*`folds.kind: group`") as raised:
        load("accuracy\nfolds: {kind: group}", r="{kind: ridge}", off="{kind: ridge, enabled: false}")
    assert "toy.yaml" in str(raised.value)
    assert "models.off" not in str(raised.value)


def test_what_fits_is_left_alone(load):
    trees = "{kind: extra_trees}"
    assert load("auc", m="{kind: gallery}", t=trees).models["m"].kind == "gallery"
    assert load("auc", "{target: a}", m=HEADED.replace("HEAD", "arcface")).models["m"].head == "arcface"
    assert load("auc", "{target: [a, b]}", m=HEADED.replace("HEAD", "cosine")).models["m"].head == "cosine"
    finds = "{kind: cnn, backbone: 4C3 FC8, target: box, annotations: b.csv}"
    assert not load("accuracy", m=finds, t=trees).models["m"].answers(), "its own task is a regression"


def test_a_target_that_does_nothing_is_no_target(load):
    for word in ("label", "value"):
        with pytest.raises(ConfigError, match=rf"`models.m.target` must be .*auto.*box.*points.*{word}"):
            load("accuracy", m=f'{{kind: cnn, backbone: "4C3 FC8", target: {word}}}')


def test_what_only_the_data_tell_is_refused_when_they_are_read(load, tmp_path):
    (tmp_path / "data").mkdir()
    table = pd.DataFrame({"id": range(12), "x": range(12), "a": [0, 1] * 6, "b": [1, 0, 0] * 4})
    table.to_csv(tmp_path / "data" / "train.csv", index=False)
    table.drop(columns=["a", "b"]).to_csv(tmp_path / "data" / "test.csv", index=False)
    table.drop(columns="x").to_csv(tmp_path / "data" / "sample_submission.csv", index=False)
    headed = HEADED.replace("HEAD", "arcface")
    config = load("auc", one="{kind: gallery}", two=headed, t="{kind: extra_trees}")
    source = open_source(tmp_path / "data", "train.csv")
    run = Run(Plan(config, source, Store(tmp_path / "run")), Progress())
    with pytest.raises(ConfigError, match=r"(?s)gallery does classification.*multilabel.*two.head: arcface"):
        _ = run.competition
    fits = Run(Plan(config, source, Store(tmp_path / "run"), only=("t",)), Progress())
    assert fits.competition.task.kind == "multilabel"
