import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import leaves, to_numpy
from pipeline.networks.network import get_network
from pipeline.networks.plan import make_plan
from pipeline.networks.structure import make_structure
from pipeline.networks.targets import make_targets
from pipeline.tasks.base import make_task

pytestmark = pytest.mark.slow


def network_for(shape=(32, 32, 3), classes=3, **keys):
    config = CNNConfig(kind="cnn", **keys)
    target = np.arange(60) % classes
    targets = make_targets(config, make_task("classification", tuple(map(str, range(classes)))))
    return get_network(make_structure(config, make_plan(config, target), targets, shape))


def test_equal_structures_share_one_network():
    keys = {"backbone": "4C3 GAP", "dropout": 0.1}
    assert network_for(**keys) is network_for(**keys, learning_rate=0.3, seeds=2)
    assert network_for(**keys) is not network_for(**{**keys, "dropout": 0.2})


@pytest.mark.parametrize("backbone", ["4C3 BN MP2 D0.5 FC5", "mobilenet", "xception"])
def test_reset_draws_every_random_weight_from_the_seed(backbone):
    shape = (71, 71, 3) if backbone == "xception" else (32, 32, 3)
    network = network_for(shape, backbone=backbone, weights="none")
    network.reset(1, None)
    first = network.values()
    network.reset(2, None)
    second = network.values()
    network.reset(1, None)
    for variable, one, two, again in zip(network.weights, first, second, network.values(), strict=True):
        np.testing.assert_array_equal(one, again)
        if variable.path.endswith("kernel"):
            assert not np.array_equal(one, two), f"{variable.path} does not depend on the seed"


def test_reset_forgets_weights_optimiser_and_dropout():
    network = network_for((8, 8, 1), backbone="4C3 FC8", dropout=0.5)
    images = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 1), dtype=np.uint8)
    targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]

    def trained():
        network.reset(5, None, (np.array([100.0]), np.array([50.0])))
        for _ in range(4):
            network.full.optimizer.learning_rate = 0.01
            network.full.train_on_batch(images, targets)
        return network.values()

    for one, two in zip(trained(), trained(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_pictures_are_standardised_by_the_given_statistics():
    network = network_for((2, 2, 1), backbone="FC4")
    network.reset(0, None, (np.array([100.0]), np.array([50.0])))
    x = network.extractor.get_layer("standardise")(np.full((1, 2, 2, 1), 150.0, np.float32))
    np.testing.assert_allclose(np.asarray(x), 1.0, atol=1e-4)


def test_grey_pictures_are_repeated_for_a_pretrained_network():
    grey = network_for((32, 32, 1), backbone="mobilenet", alpha=0.25, finetune="all", batch_norm="frozen")
    colour = network_for((32, 32, 3), backbone="mobilenet", alpha=0.25, finetune="all", batch_norm="frozen")
    for network in (grey, colour):
        network.reset(0, None)
    images = np.random.default_rng(0).integers(0, 255, (2, 32, 32, 1), dtype=np.uint8)
    np.testing.assert_allclose(
        grey.extractor.predict_on_batch(images),
        colour.extractor.predict_on_batch(np.repeat(images, 3, axis=-1)),
        atol=1e-5,
    )


def test_top_layers_learn_and_the_others_stay():
    network = network_for(backbone="mobilenet", alpha=0.25, finetune=5, batch_norm="adapt")
    layers = [layer for layer in leaves(network.extractor) if layer.weights]
    assert [layer.trainable for layer in layers] == [False] * (len(layers) - 5) + [True] * 5
    assert all(layer.momentum == 0.9 for layer in network.normalisations())


def test_frozen_normalisation_keeps_its_statistics_while_training():
    network = network_for(backbone="mobilenet", alpha=0.25, finetune="all", batch_norm="frozen")
    assert network.normalisations() == []
    network.reset(0, None)
    before = {v.path: to_numpy(v) for v in network.extractor.weights if "moving" in v.path}
    network.full.optimizer.learning_rate = 0.01
    images = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8)
    network.full.train_on_batch(images, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])
    for variable in network.extractor.weights:
        if variable.path in before:
            np.testing.assert_array_equal(to_numpy(variable), before[variable.path])


def test_layer_decay_slows_lower_layers():
    def moved(decay):
        network = network_for((8, 8, 1), backbone="4C3 FC8", layer_decay=decay, weight_decay=0.0)
        network.reset(0, None, (np.array([100.0]), np.array([50.0])))
        before = network.values()
        network.full.optimizer.learning_rate = 0.01
        images = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 1), dtype=np.uint8)
        network.full.train_on_batch(images, np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]])
        kernels = [i for i, v in enumerate(network.weights) if v.path.endswith("kernel")]
        return [np.abs(network.values()[i] - before[i]).max() for i in kernels]

    plain, decayed = moved(1.0), moved(0.1)
    ratios = [slow / fast for slow, fast in zip(decayed, plain, strict=True)]
    np.testing.assert_allclose(ratios, [0.01, 0.1, 1.0], rtol=0.05)


@pytest.mark.parametrize(
    "pooling, width", [("avg", 6), ("max", 6), ("avg_max", 12), ("gem", 6), ("flatten", 54)]
)
def test_pooling(pooling, width):
    network = network_for((5, 5, 1), backbone="6C3", pooling=pooling)
    assert network.extractor.output_shape == (None, width)


def test_cosine_head_is_bounded_by_its_scale():
    network = network_for((8, 8, 1), backbone="4C3 FC8", head="arcface", scale=7.0)
    network.reset(0, None, (np.array([0.0]), np.array([1.0])))
    images = np.random.default_rng(0).integers(0, 255, (9, 8, 8, 1), dtype=np.uint8)
    raw = network.full.predict_on_batch(images)
    assert np.abs(raw).max() <= 7.0 + 1e-4
    assert np.ptp(raw) > 0.1


def test_a_picture_too_small_for_the_layers_is_refused():
    with pytest.raises(ConfigError, match="'50C5' looks at 5x5, and only 4x4 are left"):
        network_for((12, 12, 1), backbone="20C5 MP2 50C5 FC9")
