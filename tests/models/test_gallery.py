import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.context import Context
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.plan import Plan
from pipeline.progress import Progress
from pipeline.run import Run
from pipeline.store import Store
from pipeline.testing import TASKS, build, small_dataset, write_competition

YAML = """\
competition: toy
data: {target: species, images: "images/{id}.png"}
metric: log_loss
folds: {n: 3}
models:
  net: {kind: cnn, backbone: "4C3 MP2 FC8", size: 12, epochs: 4}
  alike: {kind: gallery, network: net, size: 12, tta: nudges}
"""


@pytest.fixture
def run(tmp_path):
    write_competition(tmp_path / "toy")
    (tmp_path / "toy.yaml").write_text(YAML)
    source = open_source(tmp_path / "toy", "train.csv")
    return Run(Plan(load_config(tmp_path / "toy.yaml"), source, Store(tmp_path / "run")), Progress())


def test_a_picture_is_most_like_itself():
    data = small_dataset("classification")
    model = build("gallery", {"scale": 60.0}, TASKS["classification"]).fit(data.rows())
    assert np.array_equal(model.predict(data.rows()).argmax(axis=1), data.target)


def test_more_neighbours_than_a_class_has_are_all_of_them():
    data = small_dataset("classification", rows=9)
    model = build("gallery", {"nearest": 50}, TASKS["classification"]).fit(data.rows())
    assert model.predict(data.rows()).shape == (9, 3)


@pytest.mark.slow
def test_features_are_those_of_the_same_folds_network(run):
    """A network of another fold has learned from the scored rows: its features would leak."""
    for name in run.plan.models:
        run.train_model(name)
    model, experiment = run.config.models["alike"], run.experiment("alike")
    for fold, output in run.outputs("alike"):
        siblings = {"net": run.plan.fold("net", fold).path / "model" / "seed0"}
        own = build("gallery", model.model_dump(exclude={"kind"}), run.competition.task)
        own.fit(experiment.train.rows(fold.train), None, Context(siblings=siblings))
        assert np.allclose(own.predict(experiment.train.rows(fold.valid)), output.valid, atol=1e-5)
        assert len(own.gallery_) == len(fold.train)
    assert run.predictions("alike").fold_scores


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("network: nett, size: 12", "no model 'nett'"),
        ("network: net, size: 16", "must be those of 'net'"),
        ("network: net, size: 12, tta: nudge", "Did you mean 'nudges'"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, keys, said):
    (tmp_path / "toy.yaml").write_text(YAML.replace("network: net, size: 12, tta: nudges", keys))
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "toy.yaml")
