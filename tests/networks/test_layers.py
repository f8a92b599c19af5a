import functools
import importlib

import numpy as np
import pytest

from pipeline.networks.keras_import import load_keras
from pipeline.networks.layers import norm_layer, with_own_norms

pytestmark = pytest.mark.slow


def plain_model(keras, scale, center):
    inputs = keras.Input((6, 5, 3))
    x = keras.layers.Conv2D(4, 3)(inputs)
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-2, scale=scale, center=center)(x)
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))


def operations(inputs, trainable=True):
    """The kinds of operation of a training call of the layer."""
    tf = pytest.importorskip("tensorflow")
    keras = load_keras()
    layer = norm_layer(keras)(
        trainable=trainable, dtype="mixed_float16" if inputs.dtype == "float16" else None
    )
    layer.build(inputs.shape)
    graph = tf.function(lambda x: layer(x, training=True)).get_concrete_function(tf.constant(inputs)).graph
    return {operation.type for operation in graph.get_operations()}


def test_only_a_map_in_training_is_normalised_by_the_one_operation():
    if load_keras().backend.backend() != "tensorflow":
        pytest.skip("it is TensorFlow's")
    images = np.zeros((2, 4, 4, 3), np.float32)
    assert "FusedBatchNormV3" in operations(images)
    for other in (
        operations(images, False),
        operations(images[:, 0, 0]),
        operations(images.astype("float16")),
    ):
        assert "FusedBatchNormV3" not in other


@pytest.mark.parametrize("scale, center", [(True, True), (False, True), (True, False)])
def test_own_norms_learn_what_keras_norms_learn(scale, center):
    keras, rng = load_keras(), np.random.default_rng(0)
    plain = plain_model(keras, scale, center)
    own = with_own_norms(keras, plain)
    own.set_weights(plain.get_weights())
    kinds = [type(layer) for layer in own.layers]
    if own is plain:
        pytest.skip("this backend needs no other layer")
    assert norm_layer(keras) in kinds
    assert [layer.name for layer in own.layers][1:] == [layer.name for layer in plain.layers][1:]
    for model in (plain, own):
        model.compile(keras.optimizers.SGD(0.1), "mse")
    for _ in range(5):
        images, target = rng.normal(3, 2, (7, 6, 5, 3)), rng.normal(size=(7, 2))
        assert own.train_on_batch(images, target) == pytest.approx(plain.train_on_batch(images, target), 1e-4)
    for one, two in zip(plain.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        own.predict_on_batch(images), plain.predict_on_batch(images), rtol=1e-4, atol=1e-4
    )


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize(
    "constructor", ["MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "EfficientNetV2B0", "NASNetMobile"]
)
def test_a_pretrained_networks_copy_says_the_same(constructor):
    keras, shape = load_keras(), (64, 64, 3)
    build = getattr(keras.applications, constructor)
    if constructor == "NASNetMobile":  # with one cell of a kind in a row instead of four
        nasnet = importlib.import_module("keras.src.applications.nasnet").NASNet
        build = functools.partial(
            nasnet, penultimate_filters=1056, num_blocks=1, stem_block_filters=32, skip_reduction=False
        )
    plain = build(include_top=False, weights=None, input_shape=shape)
    own = with_own_norms(keras, plain)
    assert [v.shape for v in own.weights] == [v.shape for v in plain.weights]
    own.set_weights(plain.get_weights())
    images = np.random.default_rng(0).uniform(-1, 1, (2, *shape))
    np.testing.assert_allclose(
        own.predict_on_batch(images), plain.predict_on_batch(images), rtol=1e-3, atol=1e-5
    )
    normed = [layer for layer in own.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert normed
    assert all(isinstance(layer, norm_layer(keras)) for layer in normed)


def test_a_network_without_norms_is_left_as_it_is():
    keras = load_keras()
    plain = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    assert with_own_norms(keras, plain) is plain
