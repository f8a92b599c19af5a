"""Blocks of an encoder, pooling, several draws of dropout: by a stand-in of two blocks."""

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.losses import loss_of_each
from pipeline.networks.texts import blocks as of_blocks
from pipeline.networks.texts.blocks import begin_anew, blocks_of, rate_factors, settle
from pipeline.networks.texts.head import draws, pool_tokens
from tests.networks.texts.small import small_backbone

pytestmark = pytest.mark.usefixtures("untraced")

STATES = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
MASK = np.array([[1, 1, 0], [1, 1, 1]], np.int32)


def pooled(pooling, states=(STATES,)):
    keras = load_keras()
    found = pool_tokens(keras, [keras.ops.convert_to_tensor(one) for one in states], MASK, pooling)
    return keras.ops.convert_to_numpy(found)


def test_pooling_begins_as_the_mean_of_what_is_no_padding():
    mean = (STATES * MASK[:, :, None]).sum(axis=1) / MASK.sum(axis=1)[:, None]
    np.testing.assert_allclose(pooled("mean"), mean, rtol=1e-5)
    np.testing.assert_allclose(pooled("attention"), mean, rtol=1e-5)
    np.testing.assert_allclose(pooled("cls"), STATES[:, 0], rtol=1e-5)
    mixed = pooled("layers", (STATES, 3 * STATES))
    np.testing.assert_allclose(mixed, 2 * mean, rtol=1e-5)


def test_draws_differ_in_training_and_are_one_afterwards():
    keras = load_keras()
    inputs = keras.Input((50,))
    model = keras.Model(inputs, draws(keras, inputs, 0.5, 3))
    seen = np.ones((2, 50), np.float32)
    trained, asked = (np.asarray(model(seen, training=training)) for training in (True, False))
    assert trained.shape == (2, 3, 50)
    assert not np.array_equal(trained[:, 0], trained[:, 1])
    assert set(np.unique(trained)) == {0.0, 2.0}
    np.testing.assert_array_equal(asked, seen[:, None])


@pytest.mark.parametrize(
    "name",
    ["softmax", "sigmoid", "mse", "mae", "huber"],
)
def test_the_loss_is_the_mean_of_each_answers_own(name):
    target = np.array([[[1.0, 0.0]]], np.float32)
    output = np.array([[[2.0, 0.0], [0.0, 1.0]]], np.float32)
    found = float(np.asarray(loss_of_each(load_keras(), name)(target, output))[0])
    each = [_loss(name, target[0, 0], one) for one in output[0]]
    assert found == pytest.approx(np.mean(each), abs=1e-5)


def _loss(name, target, output):
    if name == "softmax":
        return np.log(np.exp(output).sum()) - output[0]
    if name == "sigmoid":
        return np.mean(np.log1p(np.exp(output)) - target * output)
    off = np.abs(target - output)
    if name == "huber":
        off = np.where(off <= 1, 0.5 * off**2, off - 0.5)
    return np.mean(off**2 if name == "mse" else off)


def test_the_rate_falls_with_every_layer_downwards():
    backbone = small_backbone()
    factors = rate_factors(backbone, 0.5)

    def factor(name):
        return {factors[variable.path] for variable in backbone.get_layer(name).weights}

    assert factor("last_norm") == factor("small_layer_1") == {0.5}
    assert factor("small_layer_0") == {0.25}
    assert factor("token_embedding") == factor("segment_embedding") == {0.125}
    assert rate_factors(backbone, 1.0) == {}


def test_the_top_layers_learn():
    backbone = small_backbone()
    settle(backbone, 1)
    learning = {layer.name for layer in backbone.layers if layer.trainable_weights}
    assert learning == {"small_layer_1", "last_norm"}
    with pytest.raises(ModelError, match=r"finetune: the encoder has 2 layers\. Received: 3"):
        settle(small_backbone(), 3)


def test_layers_that_begin_anew_are_drawn_by_the_seed():
    backbone = small_backbone()
    before = [to_numpy(v) for v in backbone.weights]
    block, norm = blocks_of(backbone)[1], backbone.get_layer("last_norm")
    norm.gamma.assign(norm.gamma * 3)
    begin_anew([block, norm], 5)
    drawn = to_numpy(block.kernel)
    assert 0 < np.abs(drawn).max() <= 2 * of_blocks.SPREAD
    assert not to_numpy(block.bias).any()
    assert (to_numpy(norm.gamma) == 1).all()
    begin_anew([block], 5)
    np.testing.assert_array_equal(to_numpy(block.kernel), drawn)
    begin_anew([block], 6)
    assert not np.array_equal(to_numpy(block.kernel), drawn)
    np.testing.assert_array_equal(to_numpy(backbone.weights[0]), before[0])


def test_an_encoder_without_known_blocks_is_refused():
    keras = load_keras()
    inputs = keras.Input((3,))
    with pytest.raises(ModelError, match="no blocks that are known"):
        blocks_of(keras.Model(inputs, keras.layers.Dense(2, name="plain")(inputs)))
