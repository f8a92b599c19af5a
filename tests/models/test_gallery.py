import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.context import Context
from pipeline.data.source import open_source
from pipeline.errors import ConfigError
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from pipeline.testing import TASKS, build, dataset_of, small_dataset, write_competition

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
        siblings = {"net": run.fit_product("net", fold).path / "model" / "seed0"}
        own = build("gallery", model.model_dump(exclude={"kind"}), run.competition.task)
        own.fit(experiment.train.rows(fold.train), None, Context(siblings=siblings))
        assert np.allclose(own.predict(experiment.train.rows(fold.valid)), output.valid, atol=1e-5)
        assert len(own.gallery_) == len(fold.train)
    assert run.predictions("alike").fold_scores


def test_a_scored_row_is_compared_with_training_rows_only():
    """Pictures of noise: only a gallery that holds the row itself could tell its class."""
    rng = np.random.default_rng(0)
    pixels, target = rng.integers(0, 256, (90, 8, 8, 1), np.uint8), rng.permutation(np.arange(90) % 3)
    data = dataset_of(np.arange(90).astype(str), pixels=pixels, pixels_key="noise", target=target)
    fitted = np.arange(60)
    model = build("gallery", {"scale": 60.0}, TASKS["classification"]).fit(data.rows(fitted))
    assert len(model.gallery_) == len(model.labels_) == 60
    np.testing.assert_array_equal(model.labels_, target[:60])
    right = model.predict(data.rows()).argmax(axis=1) == target
    assert right[fitted].all()  # those are in the gallery, and found
    assert right[60:].mean() < 0.6  # a third by chance
    shown = pixels[60:].reshape(30, -1).astype(np.float64) - 127.5
    kept = pixels[:60].reshape(60, -1).astype(np.float64) - 127.5
    cosines = shown @ kept.T / np.linalg.norm(shown, axis=1)[:, None] / np.linalg.norm(kept, axis=1)
    nearest = np.stack([cosines[:, target[:60] == label].max(axis=1) for label in range(3)], axis=1)
    np.testing.assert_array_equal(
        nearest.argmax(axis=1), model.predict(data.rows(np.arange(60, 90))).argmax(axis=1)
    )


@pytest.mark.slow
def test_galleries_of_two_folds_keep_their_own_network(tmp_path):
    """Both use the one built network: what the one has put into it must not serve the other."""
    data, task = small_dataset("classification"), TASKS["classification"]
    keys, models, said = {"backbone": "4C3 BN MP2 FC8", "size": 8, "epochs": 2}, [], []
    for fold in range(2):
        rows = data.rows(np.arange(fold * 45, fold * 45 + 45))
        network = build("cnn", keys, task).fit(rows, context=Context(seed=fold))
        folder = tmp_path / f"fold{fold}"
        folder.mkdir()
        network.save(folder)
        gallery = build("gallery", {"network": "net", "size": 8}, task)
        gallery.fit(rows, context=Context(siblings={"net": folder}))
        features = network.embed(data.rows())
        features /= np.linalg.norm(features, axis=1, keepdims=True)
        np.testing.assert_allclose(gallery.gallery_, features[rows.positions], atol=1e-5)
        models.append(gallery)
        said.append(gallery.predict(data.rows()))
    assert np.abs(said[0] - said[1]).max() > 1e-3
    np.testing.assert_array_equal(models[0].predict(data.rows()), said[0])


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
