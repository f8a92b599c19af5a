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


@pytest.mark.parametrize("scale, center", [(True, True), (False, True), (True, False)])
def test_own_norms_learn_what_keras_norms_learn(scale, center):
    keras, rng = load_keras(), np.random.default_rng(0)
    plain = plain_model(keras, scale, center)
    own = with_own_norms(keras, plain)
    own.set_weights(plain.get_weights())
    kinds = [type(layer) for layer in own.layers]
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


def test_own_norms_are_copied_from_a_pretrained_networks_layers():
    keras = load_keras()
    plain = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35
    )
    own = with_own_norms(keras, plain)
    assert [v.path for v in own.weights] == [v.path for v in plain.weights]
    normed = [layer for layer in own.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normed) == 52
    assert all(isinstance(layer, norm_layer(keras)) for layer in normed)
