"""The contract and the promises of the network model, on small generated pictures."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.rows import Dataset
from pipeline.errors import ModelError
from pipeline.inputs.images.part import Pictures
from pipeline.models.base import Context
from pipeline.models.cnn import CNN
from pipeline.networks import network
from pipeline.networks.training import checkpoint
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of
from tests.models.killing import stopping_at

pytestmark = pytest.mark.slow

CLASSES = make_task("classification", ("dark", "light", "striped"))
SMALL = {"backbone": "6C3 MP2 FC12", "epochs": 4, "batch_size": 16, "learning_rate": 0.005}


def squares(n=96, size=10, channels=1, seed=0, key="squares") -> Dataset:
    """Dark, light and striped pictures."""
    rng = np.random.default_rng(seed)
    target = np.arange(n) % 3
    stripes = (np.arange(size) % 2 * 120)[None, :, None, None]
    level = np.choose(target, [60, 180, 60])[:, None, None, None]
    clean = level + np.where(target[:, None, None, None] == 2, stripes, 0)
    pixels = np.clip(clean + rng.normal(0, 20, (n, size, size, channels)), 0, 255).astype(np.uint8)
    return dataset_of(np.arange(n).astype(str), pixels=pixels, pixels_key=key, target=target)


def with_pixels(data, pixels, key) -> Dataset:
    return replace(data, parts={"images": Pictures(pixels, key)})


def dots(n=120, size=24, seed=0) -> Dataset:
    """Pictures with one bright dot; the target is where it is, (x, y) as fractions."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(4, size - 5, (n, 2))
    y, x = np.mgrid[:size, :size]
    far = (x - place[:, 0, None, None]) ** 2 + (y - place[:, 1, None, None]) ** 2
    pixels = (20 + 220 * np.exp(-far / 6.0)).astype(np.uint8)[..., None]
    return dataset_of(np.arange(n).astype(str), pixels=pixels, pixels_key="dots", target=(place + 0.5) / size)


def cnn(task=CLASSES, **keys) -> CNN:
    return CNN(CNN.Config(kind="cnn", **keys), task)


def test_learns_and_predicts_probabilities():
    data = squares()
    model = cnn(**SMALL).fit(data.rows(np.arange(72)))
    probability = model.predict(data.rows(np.arange(72, 96)))
    assert probability.shape == (24, 3)
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, atol=1e-5)
    assert np.mean(probability.argmax(axis=1) == data.target[72:]) > 0.9
    assert model.notes()["epochs"] == 4
    assert "warnings" not in model.notes()


def test_fitting_again_forgets_and_reuses_the_built_network():
    data = squares()
    model = cnn(**SMALL, dropout=0.3, augment="digits")
    first = model.fit(data.rows(np.arange(48))).predict(data.rows())
    built = len(network._networks), next(reversed(network._networks.values()))
    traces = built[1].full.train_function
    model.fit(data.rows(np.arange(48, 96)), context=Context(seed=9))
    again = model.fit(data.rows(np.arange(48))).predict(data.rows())
    np.testing.assert_array_equal(first, again)
    assert (len(network._networks), next(reversed(network._networks.values()))) == built
    assert built[1].full.train_function is traces


def test_seeds_differ():
    data = squares()
    one = cnn(**SMALL).fit(data.rows(), context=Context(seed=1)).predict(data.rows())
    two = cnn(**SMALL).fit(data.rows(), context=Context(seed=2)).predict(data.rows())
    assert np.abs(one - two).max() > 1e-4


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"averaging": "swa"},
        {"averaging": "ema"},
        {"snapshots": 2},
        {"sam": 0.05, "adversarial": {"size": 4}, "averaging": "ema"},
        {"awp": {"size": 0.01, "begin": 4}},
    ],
)
def test_a_killed_fit_goes_on_and_gives_the_same_bytes(tmp_path, keys):
    data = squares()
    config = {**SMALL, "backbone": "6C3 BN MP2 FC12", "dropout": 0.3, "augment": "digits", **keys}
    whole = cnn(**config).fit(data.rows(), context=Context(seed=3)).predict(data.rows())
    context = Context(seed=3, checkpoint=tmp_path, report=stopping_at("network: epoch 3/4", []))
    with pytest.raises(KeyboardInterrupt, match="killed"):
        cnn(**config).fit(data.rows(), context=context)
    after = []
    context = replace(context, report=stopping_at("", after))
    resumed = cnn(**config).fit(data.rows(), context=context).predict(data.rows())
    assert after == ["network: epoch 4/4"]
    np.testing.assert_array_equal(resumed, whole)


def test_another_fits_checkpoint_is_not_taken_up(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    data = squares()
    cnn(**SMALL).fit(data.rows(), context=Context(seed=1, checkpoint=tmp_path))
    other = cnn(**SMALL).fit(data.rows(), context=Context(seed=2, checkpoint=tmp_path)).predict(data.rows())
    np.testing.assert_array_equal(
        other, cnn(**SMALL).fit(data.rows(), context=Context(seed=2)).predict(data.rows())
    )


def test_save_and_load_give_the_same_predictions(tmp_path):
    data = squares()
    model = cnn(**SMALL, snapshots=2, tta="flips").fit(data.rows())
    model.save(tmp_path)
    loaded = cnn(**SMALL, snapshots=2, tta="flips").load(tmp_path)
    cnn(**SMALL).fit(data.rows(np.arange(20)), context=Context(seed=8))  # uses the same network meanwhile
    np.testing.assert_array_equal(loaded.predict(data.rows()), model.predict(data.rows()))
    np.testing.assert_array_equal(loaded.embed(data.rows()), model.embed(data.rows()))
    assert loaded.embed(data.rows()).shape == (96, 12)
    assert loaded.notes() == model.notes()
    assert not list(tmp_path.glob("*.pkl"))


def test_what_a_fold_represents_rows_by_is_its_own_networks(tmp_path):
    """Networks of two folds share one built network: each puts its own weights into it before it embeds."""
    data = squares()
    first = cnn(**SMALL).fit(data.rows(np.arange(48)), context=Context(seed=1))
    of_first, said = first.embed(data.rows()), first.predict(data.rows())
    first.save(tmp_path)
    second = cnn(**SMALL).fit(data.rows(np.arange(48, 96)), context=Context(seed=2))
    of_second = second.embed(data.rows())
    assert np.abs(of_first - of_second).max() > 1e-2
    np.testing.assert_array_equal(first.embed(data.rows()), of_first)
    np.testing.assert_array_equal(second.embed(data.rows()), of_second)
    np.testing.assert_array_equal(cnn(**SMALL).load(tmp_path).embed(data.rows()), of_first)
    np.testing.assert_array_equal(first.predict(data.rows()), said)


def test_a_row_is_represented_alike_whoever_is_asked_for_with_it():
    """Training, scored and test rows are embedded in calls of their own and must share one space."""
    data, keys = squares(), {**SMALL, "backbone": "6C3 BN MP2 FC12"}
    model = cnn(**keys).fit(data.rows(np.arange(48)))
    together = model.embed(data.rows())
    assert together.dtype == np.float32
    np.testing.assert_allclose(model.embed(data.rows(np.arange(60, 63))), together[60:63], atol=1e-5)
    np.testing.assert_allclose(model.embed(data.rows(np.arange(96)[::-1])), together[::-1], atol=1e-5)
    bright = with_pixels(data, np.where(np.arange(96)[:, None, None, None] < 60, data.pixels, 255), "bright")
    np.testing.assert_allclose(model.embed(bright.rows())[:60], together[:60], atol=1e-5)


SPOILED = {
    "from scratch": {},
    "averaged": {"averaging": "swa"},
    "snapshots": {"snapshots": 2},
    "stopped": {"patience": 1, "epochs": 6},
}


def spoil(data, rows, key):
    """Returns the data with the pictures of some rows white, and their target the first class."""
    pixels, target = data.pixels.copy(), data.target.copy()
    pixels[rows], target[rows] = 255, 0
    return replace(with_pixels(data, pixels, key), target=target)


def learned(model, data, context=Context(seed=3)):
    """Returns everything that a fit on the first 64 rows has learned, the last of them for stopping."""
    inner = data.rows(np.arange(48, 64)) if model.wants_inner_split else None
    fitted = model.fit(data.rows(np.arange(48 if inner else 64)), inner, context)
    return [array for values in fitted.trained_.values for array in values]


@pytest.mark.parametrize("keys", SPOILED.values(), ids=SPOILED)
def test_scored_pictures_change_no_weight_and_no_statistic(keys):
    """Statistics of pixels, batch normalisation's and the weights: bit for bit."""
    data, config = squares(), {**SMALL, "backbone": "6C3 BN MP2 FC12", **keys}
    honest = learned(cnn(**config), data)
    other = learned(cnn(**config), spoil(data, np.arange(64, 96), "spoiled"))
    assert len(honest) == len(other) > 8
    for one, two in zip(honest, other, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_a_fresh_process_gives_the_same_bytes(tmp_path):
    """As one that has fitted others does. Both are fresh: here other tests have started the threads."""
    code = (
        "import sys; sys.path.insert(0, 'tests/models'); from test_cnn import *; d = squares();"
        "fit = lambda rows, seed: cnn(**SMALL, dropout=0.4).fit(rows, context=Context(seed=seed));"
        "{before}; np.save({path!r}, fit(d.rows(), 0).predict(d.rows()))"
    )
    found = []
    for name, before in {"first": "pass", "after": "fit(d.rows(np.arange(40)), 5)"}.items():
        path = tmp_path / f"{name}.npy"
        command = [sys.executable, "-c", code.format(before=before, path=str(path))]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
        found.append(np.load(path))
    np.testing.assert_array_equal(*found)


def test_early_stopping_keeps_the_best_epoch():
    data = squares()
    model = cnn(**{**SMALL, "epochs": 30}, patience=2)
    assert model.wants_inner_split
    assert not cnn(**SMALL).wants_inner_split
    model.fit(data.rows(np.arange(60)), data.rows(np.arange(60, 96)))
    notes = model.notes()
    assert notes["epochs"] == min(30, notes["best_epoch"] + 2)
    chosen = model.predict(data.rows(np.arange(60, 96)))[np.arange(36), data.target[60:]]
    assert -np.log(chosen).mean() == pytest.approx(notes["inner_score"], abs=1e-4)


@pytest.mark.parametrize("watched", ["inner", "fold"])
def test_the_rows_that_decide_when_to_stop_teach_nothing(watched):
    data = squares()
    spoiled = replace(data, target=np.where(np.arange(96) < 60, data.target, 0))
    model = cnn(**{**SMALL, "epochs": 2}, patience=9, validate_on=watched)
    train, inner = np.arange(60), np.arange(60, 96)
    one = model.fit(data.rows(train), data.rows(inner), Context(seed=1))
    assert one.notes()["pictures"] == 60
    last = one.notes()["loss"]
    assert model.fit(spoiled.rows(train), spoiled.rows(inner), Context(seed=1)).notes()["loss"] == last


def test_values_come_back_in_their_units():
    data = squares()
    level = data.pixels.mean(axis=(1, 2, 3), dtype=np.float64)[:, None] * 1000.0
    data = replace(data, target=level)
    model = cnn(make_task("regression", ("price",)), **{**SMALL, "epochs": 30}, dropout=0.0, loss="huber")
    found = model.fit(data.rows()).predict(data.rows())
    assert np.corrcoef(found[:, 0], level[:, 0])[0, 1] > 0.95
    assert abs(found.mean() / level.mean() - 1) < 0.1


def test_labels_are_learned_one_by_one():
    data = squares()
    both = np.stack([data.target == 1, data.target == 2], axis=1).astype(float)
    model = cnn(make_task("multilabel", ("light", "striped")), **{**SMALL, "epochs": 8})
    found = model.fit(replace(data, target=both).rows()).predict(data.rows())
    assert np.mean((found > 0.5) == both) > 0.95


@pytest.mark.parametrize("coordinates", ["regression", "bins"])
def test_points_are_found_and_test_time_views_agree(coordinates):
    data = dots()
    target = data.target.copy()
    target[:5] = np.nan
    model = cnn(
        make_task("regression", ("x", "y")), backbone="8C3 MP2 16C3 MP2 FC64", target="points", epochs=30,
        coordinates=coordinates, bins=12, dropout=0.0, learning_rate=0.003, batch_size=16, tta="flips_both",
        augment=[{"HorizontalFlip": {"p": 0.5}}, {"VerticalFlip": {"p": 0.5}}],
    )  # fmt: skip
    model.fit(replace(data, target=target).rows())
    assert model.notes()["pictures"] == 115
    new = dots(40, seed=1)
    found = model.predict(new.rows())
    assert np.abs(found - new.target).mean() < 0.05


def test_class_weights_and_row_weights_reach_the_loss():
    data = squares()
    noisy = replace(data, target=np.where(np.arange(96) < 48, data.target, 0))
    weights = np.where(np.arange(96) < 48, 1.0, 1e-6).astype(np.float32)
    model = cnn(**{**SMALL, "epochs": 8}, class_weights="balanced")
    found = model.fit(replace(noisy, weights=weights).rows()).predict(data.rows())
    assert np.mean(found.argmax(axis=1) == data.target) > 0.9


def test_mixing_and_label_smoothing_train():
    data = squares()
    model = cnn(**{**SMALL, "epochs": 8}, mix="mixup", label_smoothing=0.1, clip=1.0, optimizer="sgd")
    found = model.fit(data.rows()).predict(data.rows())
    assert np.mean(found.argmax(axis=1) == data.target) > 0.8


def test_half_precision_trains_on_any_device():
    data = squares()
    model = cnn(**{**SMALL, "epochs": 6}, mixed_precision=True, averaging="ema").fit(data.rows())
    found = model.predict(data.rows())
    assert found.dtype == np.float32
    assert np.mean(found.argmax(axis=1) == data.target) > 0.8


def test_a_loss_that_is_not_a_number_is_explained():
    with pytest.raises(ModelError, match=r"The loss became .* Try a smaller `learning_rate`"):
        cnn(
            make_task("regression", ("y",)), **{**SMALL, "learning_rate": 1e30}, optimizer="sgd", warmup=0.0
        ).fit(replace(squares(), target=np.arange(96.0)[:, None]).rows())  # fmt: skip


def test_a_network_that_learned_nothing_says_so():
    data = squares()
    shuffled = replace(data, target=np.where(np.arange(96) < 80, 0, data.target))
    model = cnn(**{**SMALL, "learning_rate": 1e-9}).fit(shuffled.rows())
    assert any("commonest class" in text for text in model.notes()["warnings"])


def test_pictures_of_another_size_are_refused():
    model = cnn(**SMALL).fit(squares().rows())
    with pytest.raises(ModelError, match=r"trained on pictures of \(10, 10, 1\)"):
        model.predict(squares(size=12).rows())


def test_rows_without_pictures_are_refused():
    data = replace(squares(), parts={})
    with pytest.raises(ModelError, match="needs pictures"):
        cnn(**SMALL).fit(data.rows())


@pytest.fixture(scope="module")
def mobilenet_file(tmp_path_factory):
    """Weights as `keras.applications` saves them; random ones, so that no network is needed."""
    from pipeline.networks.building import application

    model = application("mobilenet", 0.25, None, None)
    rng = np.random.default_rng(0)
    inputs = [np.prod(w.shape[: 2 if w.shape[-1] == 1 else 3]) for w in model.get_weights()]
    model.set_weights(
        [
            w if w.ndim < 2 else rng.normal(0, np.sqrt(2 / n), w.shape)
            for w, n in zip(model.get_weights(), inputs, strict=True)
        ]
    )
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    model.save_weights(path)
    return str(path)


class Cache:
    """Keeps features in memory and counts how often they were computed."""

    def __init__(self):
        self.kept = {}

    def __call__(self, name, key, make):
        text = repr((name, sorted(key.items())))
        if text not in self.kept:
            self.kept[text] = make()
        return self.kept[text]


PRETRAINED = {
    "backbone": "mobilenet",
    "alpha": 0.25,
    "batch_size": 16,
    "head_learning_rate": 0.01,
    "head_epochs": 30,
}


def test_frozen_features_are_computed_once_for_all_folds_and_heads(mobilenet_file):
    data, cache = squares(size=32, channels=3), Cache()
    context = Context(cache=cache)
    for keys in ({}, {"dropout": 0.4}, {"head_batch_norm": True}):
        model = cnn(**PRETRAINED, weights=mobilenet_file, finetune="none", **keys)
        for fold in (np.arange(60), np.arange(30, 96)):
            found = model.fit(data.rows(fold), context=context).predict(data.rows(), context)
    assert len(cache.kept) == 1
    assert next(iter(cache.kept.values())).shape == (96, 256)
    np.testing.assert_array_equal(model.embed(data.rows(np.arange(5)), context), model.embed(data.rows())[:5])
    np.testing.assert_allclose(model.predict(data.rows()), found, atol=1e-5)
    assert np.mean(found.argmax(axis=1) == data.target) > 0.6


def test_a_frozen_network_is_loaded_without_its_weights_file(tmp_path, mobilenet_file):
    data = squares(size=32, channels=3)
    keys = {**PRETRAINED, "finetune": "none"}
    model = cnn(**keys, weights=mobilenet_file).fit(data.rows())
    model.save(tmp_path)
    loaded = cnn(**keys, weights="moved/away.h5").load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(data.rows()), model.predict(data.rows()))


def test_scored_pictures_change_nothing_in_a_pretrained_network(mobilenet_file):
    """The head's features, the statistics that they are normalised by, and the whole network."""
    data = squares(size=32, channels=3)
    keys = {**PRETRAINED, "weights": mobilenet_file, "finetune": "all", "batch_norm": "adapt"}
    keys |= {"epochs": 1, "head_epochs": 1}
    honest = learned(cnn(**keys), data)
    other = learned(cnn(**keys), spoil(data, np.arange(64, 96), "spoiled"))
    for one, two in zip(honest, other, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_fine_tuning_begins_at_the_weights_and_the_trained_head(mobilenet_file):
    data = squares(size=32, channels=3)
    keys = {**PRETRAINED, "weights": mobilenet_file, "finetune": "all", "augment": "none"}
    still = cnn(**keys, epochs=1, learning_rate=1e-12, batch_norm="frozen", weight_decay=0.0).fit(data.rows())
    frozen = cnn(**{**keys, "finetune": "none"}).fit(data.rows())
    assert np.abs(still.embed(data.rows()) - frozen.embed(data.rows())).max() < 1e-3
    loud = (
        cnn(**{**keys, "batch_norm": "adapt"}, epochs=1, learning_rate=1e-12).fit(data.rows()).notes()["loss"]
    )
    assert loud < 3.0  # where the head's features were normalised otherwise, it begins at 10
    moved = cnn(**keys, epochs=15, learning_rate=0.001, batch_norm="frozen").fit(data.rows())
    assert np.abs(moved.embed(data.rows()) - frozen.embed(data.rows())).max() > 1e-2
    assert np.mean(moved.predict(data.rows()).argmax(axis=1) == data.target) > 0.9


def test_another_network_of_the_fold_gives_its_weights(tmp_path):
    data = squares()
    first = cnn(**SMALL).fit(data.rows())
    first.save(tmp_path)
    keys = {**SMALL, "epochs": 1, "learning_rate": 1e-12, "weights": "first", "head_epochs": 1}
    second = cnn(**keys).fit(data.rows(), context=Context(seed=4, siblings={"first": tmp_path}))
    np.testing.assert_allclose(second.embed(data.rows()), first.embed(data.rows()), atol=1e-3)
    with pytest.raises(ModelError, match=r"no trained network 'first'. Did you mean 'firs'"):
        cnn(**keys).fit(data.rows(), context=Context(siblings={"firs": tmp_path}))
    with pytest.raises(ModelError, match=r"'first' is 6C3 MP2 FC12 \(alpha 1\), this one 5C3"):
        cnn(**{**keys, "backbone": "5C3"}).fit(data.rows(), context=Context(siblings={"first": tmp_path}))


def test_weights_of_another_network_are_refused(mobilenet_file):
    with pytest.raises(ModelError, match=r"does not hold the weights of mobilenet \(alpha 0.5\)"):
        cnn(**{**PRETRAINED, "alpha": 0.5}, weights=mobilenet_file).fit(squares(size=32, channels=3).rows())


def test_a_failed_download_says_which_file_goes_where(monkeypatch):
    from pipeline.networks import pretrained

    def fails(*arguments):
        raise Exception("URL fetch failure on https://example.org/mobilenet_no_top.h5: None -- no route")

    monkeypatch.setattr(pretrained, "application", fails)
    with pytest.raises(ModelError, match=r"Fetch https://example.org/mobilenet_no_top.h5 elsewhere .*models"):
        cnn(backbone="mobilenet", alpha=0.75).fit(squares(size=32, channels=3).rows())
