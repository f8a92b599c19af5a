"""The plain way and ours do the same amount of work."""

import contextlib
import dataclasses
import importlib
import json

import numpy as np
import pytest

from bench import measure
from bench.cases import folds, tables
from bench.cases import input as input_case
from bench.generated import draw_pictures, otto_like, write_picture_competition
from bench.limits import LIMITS
from bench.plain import input as plain_input
from bench.plain import tables as plain_tables
from pipeline.cli import main
from pipeline.config.schema import FoldsConfig
from pipeline.context import Context
from pipeline.data.folds import make_folds
from pipeline.networks.training.batches import Batches
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of
from pipeline.transforms.augment_spec import build


@pytest.fixture
def pictures(tmp_path):
    label = draw_pictures(tmp_path / "pixels.npy", 40, 16, input_case.CLASSES)
    return np.load(tmp_path / "pixels.npy", mmap_mode="r"), label


def test_generated_pictures_differ_and_classes_are_even(pictures):
    pixels, label = pictures
    assert len(np.unique(pixels.reshape(40, -1), axis=0)) == 40
    assert set(np.bincount(label)) == {4}


def test_both_make_the_same_number_of_batches_of_the_same_form(pictures):
    pixels, label = pictures
    ours = list(Batches(input_case.make_source(pixels, label), 40, 16, 0, 0).epoch(0))
    transform = plain_input.make_transform()
    bare = list(plain_input.batches(pixels, label, input_case.CLASSES, 16, transform, 0))
    assert len(ours) == len(bare) == 2
    for (images, target, _), (plain_images, plain_target) in zip(ours, bare, strict=True):
        assert images.shape == plain_images.shape == (16, 16, 16, 3)
        assert images.dtype == plain_images.dtype == np.uint8
        assert target.dtype == plain_target.dtype == np.float32
        assert (target.sum(axis=1) == 1).all()
        assert (plain_target.sum(axis=1) == 1).all()


def test_both_use_the_same_transforms():
    ours, wrong = build("light", "augment")
    assert not wrong
    bare = plain_input.make_transform().transforms
    for one, other in zip(ours, bare, strict=True):
        assert type(one).__name__ == type(other).__name__
        assert one.p == other.p
        assert settings(one) == settings(other)


def settings(transform):
    return {name: getattr(transform, name) for name in transform.get_transform_init_args_names()}


@pytest.mark.parametrize("kind", list(tables.SETTINGS))
def test_the_bare_calls_learn_what_our_models_learn(kind):
    """With one seed both give the same probabilities: same parameters, same arrays."""
    import pandas as pd

    numbers, label = otto_like(240, columns=12, classes=3)
    table = pd.DataFrame(numbers, columns=[f"count_{number}" for number in range(12)])
    train = dataset_of(np.arange(240).astype(str), table, target=label)
    task = make_task("classification", ("a", "b", "c"))
    fold = next(iter(make_folds(FoldsConfig(n=2), task, label)))
    model = tables.maker(kind, task)().fit(train.rows(fold.train), None, Context(seed=5, threads=2))
    ours = model.predict(train.rows(fold.valid), Context(threads=2))
    bare = tables.bare_call(kind, *tables.encoded(kind, train, fold), 3, 5)
    trees = plain_tables.TREES
    if "trees" in kind or "forest" in kind:  # ours add a tree that finds all classes equally likely
        bare = (bare * trees + 1 / 3) / (trees + 1)
    assert np.allclose(ours, bare, atol=1e-5)
    assert not np.allclose(ours, 1 / 3, atol=0.05)


def test_both_train_the_same_network(pictures):
    from bench.cases import finetune
    from bench.plain import finetune as plain_finetune
    from pipeline.networks.config import CNNConfig
    from pipeline.networks.network import get_network
    from pipeline.networks.plan import make_plan
    from pipeline.networks.structure import make_structure
    from pipeline.networks.targets import make_targets

    pixels, label = pictures
    task = make_task("classification", tuple("abcdefghij"))
    config = CNNConfig(kind="cnn", backbone=finetune.NETWORK)
    plan = make_plan(config, label)
    assert not plan.head_epochs
    assert plan.augment == "none"
    structure = make_structure(config, plan, make_targets(config, task), (16, 16, 3))
    ours = [tuple(weight.shape) for weight in get_network(structure).full.trainable_weights]
    bare = [tuple(weight.shape) for weight in plain_finetune.build(pixels, 10).trainable_weights]
    assert ours == bare
    assert len(ours) == 8


def test_the_cache_computes_once():
    cache, made = folds.Memory(), []
    for _ in range(2):
        cache("features", {"b": 1, "a": 2}, lambda: made.append(1) or np.zeros(1))
    assert made == [1]


def test_a_generated_competition_of_pictures_is_whole(tmp_path):
    import zipfile

    write_picture_competition(tmp_path / "pictures.zip", 8, 4, 16)
    with zipfile.ZipFile(tmp_path / "pictures.zip") as file:
        names = file.namelist()
        assert len({file.read(name) for name in names if name.endswith(".jpg")}) == 12
        assert len(file.read("sample_submission.csv").splitlines()) == 5
    assert {"train.csv", "test.csv", "sample_submission.csv"} < set(names)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["input", "finetune", "tables", "side_by_side", "startup", "large_table"])
def test_every_case_runs_at_tiny_sizes(case):
    from bench.child import in_child
    from bench.speed import options_of, settings_of

    found = in_child(f"bench.cases.{case}", "run", **settings_of(case, options_of(["--quick"])))
    check_values(case, found)


@pytest.mark.slow
@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("case", ["head", "memory"])
def test_cases_whose_many_processes_only_cost_time_here_run_in_this_one(case, monkeypatch):
    """What starts their processes is what the cases above use too; this one has TensorFlow already."""
    module = importlib.import_module(f"bench.cases.{case}")

    def in_child(name, function, **settings):  # what is sent there and back is JSON
        assert name == module.__name__
        return as_json(getattr(module, function)(**as_json(settings)))

    def command(folder, *words):
        with contextlib.chdir(folder):
            assert main(list(words)) == 0
        return measure.Ran(seconds=1.0, own=1.0, resident=2.0, code=0, output="")

    monkeypatch.setattr(module, "in_child", in_child)
    monkeypatch.setattr(module, "command", command, raising=False)
    monkeypatch.setattr(folds, "start_keras", lambda: None)  # it runs
    check_values(case, as_json(module.run(quick=True)))


def as_json(value):
    return json.loads(json.dumps(value, default=dataclasses.asdict))


def check_values(case, found):
    names = {facts["name"] for facts in found}
    assert {name for name in LIMITS if name.startswith(f"{case}.")} <= names
    assert all(facts["what"] for facts in found)
