"""U-Nets take an encoder's maps where they leave a stride, and answer at the size of the picture."""

import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.networks.dense.building import FAINTEST, skips, with_own_contrast
from pipeline.networks.dense.config import UNetConfig
from pipeline.networks.dense.network import UNet
from pipeline.networks.dense.structure import UNetStructure, make_unet_structure
from pipeline.networks.keras_import import load_keras, to_numpy


def structure(**keys):
    config = UNetConfig(**{"kind": "unet", "weights": "none", "width": 4, **keys})
    return make_unet_structure(config, (32, 64, 1), 2)


def test_a_map_is_the_last_of_its_stride():
    keras = load_keras(1)
    layers = keras.layers
    inputs = keras.Input((32, 64, 3))
    first = layers.Conv2D(5, 3, padding="same")(inputs)
    second = layers.Conv2D(6, 3, padding="same", strides=2)(first)
    third = layers.ReLU()(second)
    odd = layers.ZeroPadding2D(((0, 1), (0, 1)))(third)
    last = layers.Conv2D(7, 3, strides=2)(odd)
    found = skips(keras.Model(inputs, last))
    assert [map_.shape[1:] for map_ in found] == [(32, 64, 5), (16, 32, 6), (8, 16, 7)]
    assert found[1] is third


@pytest.mark.parametrize(
    "keys",
    [
        {"backbone": "plain"},
        {"backbone": "mobilenet", "alpha": 0.25, "decoder": "fpn", "deep_supervision": 0.5},
    ],
)
def test_it_answers_with_a_number_per_pixel_and_layer(keys):
    network = UNet(structure(**keys))
    pictures = np.zeros((2, 32, 64, 1), np.uint8)
    assert np.asarray(network.answering.predict_on_batch(pictures)).shape == (2, 32, 64, 2)
    pictures[:, 4:20, 8:30] = 200
    truth = np.repeat(pictures > 100, 2, axis=3).astype(np.uint8)
    network.full.optimizer.learning_rate = 0.01
    for hold in (True, False):
        network.hold(encoder=hold)
        before = [to_numpy(v) for v in network.extractor.trainable_variables]
        head = [to_numpy(v) for v in network.head.trainable_variables]
        network.full.train_on_batch(pictures, truth)
        after = [to_numpy(v) for v in network.extractor.trainable_variables]
        same = [np.allclose(one, other, atol=1e-5) for one, other in zip(before, after, strict=True)]
        assert all(same) == hold  # but for the decay of weights
        assert not all(map(np.array_equal, head, map(to_numpy, network.head.trainable_variables)))


@pytest.mark.parametrize("decoder, strides", [("unet", (2, 4, 8)), ("fpn", (4, 8, 16))])
def test_coarser_maps_learn_and_are_left_out_of_the_answer(decoder, strides):
    """With a loss of all maps the coarse ones move; the answer is that of the network without them."""
    deep, plain = (UNet(structure(deep_supervision=factor, decoder=decoder)) for factor in (0.5, 0.0))
    sizes = [one.shape[1:3] for one in deep.head.outputs]
    assert sizes == [(32 // stride, 64 // stride) for stride in (1, *strides)]
    shapes = [tuple(value.shape) for value in plain.values()]
    plain.assign(deep.values()[: len(shapes)])
    drawn = np.random.default_rng(0).integers(0, 255, (2, 32, 64, 1)).astype(np.uint8)
    said = np.asarray(deep.answering.predict_on_batch(drawn))
    assert np.allclose(said, np.asarray(plain.answering.predict_on_batch(drawn)), atol=1e-5)
    all_said = np.asarray(deep.full.predict_on_batch(drawn))
    assert all_said.shape == (2, 32, 64, 2 * len(sizes))
    assert (all_said[..., :2] == said).all()
    coarsest, side = all_said[..., -2:], strides[-1]
    assert (coarsest == coarsest[:, ::side, ::side].repeat(side, 1).repeat(side, 2)).all()
    before = [to_numpy(v) for v in deep.head.trainable_variables[-2:]]
    deep.full.optimizer.learning_rate = 0.01
    deep.full.train_on_batch(drawn, np.repeat(drawn > 100, 2, axis=3).astype(np.uint8))
    after = [to_numpy(v) for v in deep.head.trainable_variables[-2:]]
    assert not any(map(np.array_equal, before, after))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(
    ("keys", "task"),
    [({"sam": 0.05}, "image"), ({"awp": {"begin": 1}}, "image"), ({"adversarial": {"size": 4}}, "mask")],
)
def test_a_step_that_looks_nearby_sees_the_whole_network(keys, task):
    """The loss that is told is that of the network as it is: what pictures begin with is part of it."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (2, 32, 64, 1)).astype(np.uint8)
    truth = (rng.random((2, 32, 64, 1)) > 0.5).astype(np.uint8)
    losses, weights = [], []
    for steps in ({}, keys):
        config = UNetConfig(kind="unet", weights="none", width=4, **steps)
        layers = ("mse", "picture") if task == "image" else ("bce", None)
        made = make_unet_structure(config, (32, 64, 1), 1)
        made = replace(made, head=replace(made.head, loss=layers[0], begin=layers[1]))
        network = UNet(made)
        network.reset(3, None, (np.full(1, 127.0), np.full(1, 70.0)))
        network.full.optimizer.learning_rate = 0.01
        losses.append(network.full.train_on_batch(pictures, truth))
        network.full.train_on_batch(pictures, truth)  # the first step of Adam goes by signs alone
        weights.append(network.values())
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert not all(map(np.array_equal, *weights))


def test_a_faint_picture_looks_like_a_bright_one_beside_itself():
    """A tenth of the brightness changes the pictures by the training pixels, and not those by their own."""
    keras = load_keras(1)
    drawn = np.random.default_rng(0).random((2, 8, 8, 3)).astype(np.float32)
    both = [to_numpy(with_own_contrast(keras, keras.ops.convert_to_tensor(x))) for x in (drawn, 0.1 * drawn)]
    assert both[0].shape == (2, 8, 8, 6)
    assert np.abs(both[0][..., :3] - both[1][..., :3]).max() > 0.5
    scale = np.abs(both[0][..., 3:]).max()
    assert np.abs(both[0][..., 3:] - both[1][..., 3:]).max() < 0.5 * scale
    own = both[0][..., 3:]
    expected = drawn.std(axis=(1, 2)) / (drawn.std(axis=(1, 2)) + FAINTEST)
    np.testing.assert_allclose(own.mean(axis=(1, 2)), 0.0, atol=1e-4)
    np.testing.assert_allclose(own.std(axis=(1, 2)), expected, rtol=1e-3)


def test_its_structure_comes_back_from_json():
    for one in (structure(standardise="picture"), structure(loss={"bce": 1, "hinge": 0.5}, decoder="fpn")):
        assert UNetStructure.from_json(one.to_json()) == one
    assert structure(standardise="picture") != structure()


@pytest.mark.parametrize(
    "keys, said",
    [
        (
            {"backbone": "mobilenet_v2", "standardise": "picture"},
            "`models.u.standardise`: is for a `plain` encoder. Received: 'picture'.",
        ),
        ({"size": 100}, r"`models.u.size`: must be multiples of 32.*Received: 100"),
        ({"size": [64, 30]}, r"multiples of 32"),
        ({"backbone": "mobilenet_v9"}, r"`models.u.backbone`: unknown 'mobilenet_v9'. Did you mean"),
        ({"backbone": "resnet50", "alpha": 0.5}, r"`models.u.alpha`: resnet50 has no width multiplier"),
        ({"backbone": "mobilenet", "alpha": 0.3}, r"ImageNet weights exist for"),
        ({"weights": "imagenet"}, r"a `plain` encoder starts from none"),
        ({"tta": "ten_crop"}, r"only flips and quarter turns move an answer back exactly"),
        ({"tta": "dihedral", "size": [64, 32]}, r"quarter turns need a square"),
        ({"loss": {}}, r"`models.u.loss`: a sum names parts with weights above 0. Received: {}."),
        ({"loss": {"bce": 1, "focal": -1}}, r"`models.u.loss`: a sum names parts with weights above 0"),
        ({"epochs": 0}, r"`models.u.epochs`: must be at least 1"),
        ({"augment": "lite"}, r"models.u.augment: unknown set 'lite'"),
        ({"sam_adaptive": True}, r"`models.u.sam_adaptive`: is a way of `sam`, which is not set"),
    ],
)
def test_what_does_not_go_together_is_said(keys, said):
    (message,) = UNetConfig(kind="unet", **keys).problems("models.u")
    assert re.search(said, message)


def test_pictures_are_moved_where_answers_are_masks():
    assert UNetConfig(kind="unet", adversarial={"size": 2}).needs_task()["adversarial"] == ("mask",)
    assert "adversarial" not in UNetConfig(kind="unet", sam=0.05).needs_task()


def test_the_defaults_go_together():
    assert UNetConfig(kind="unet").problems("models.u") == []
    assert UNetConfig(kind="unet", backbone="mobilenet_v2").problems("models.u") == []
