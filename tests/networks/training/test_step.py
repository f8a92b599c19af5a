"""Steps that look nearby, against their formulas by hand: models whose slopes can be written down."""

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.networks.keras_import import load_keras, to_numpy
from pipeline.networks.training.step import StepStructure, begin_epoch, take_steps

RATE = 0.1
X = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0], [2.0, 0.0, 1.0], [-1.0, 1.0, 1.0]], np.float32)
Y = np.array([[1.0], [-2.0], [0.5], [3.0]], np.float32)
W = np.array([[0.3], [-0.2], [0.5]], np.float32)


def linear(structure, weights=W, accumulate=None, **given):
    """A model x @ w under squared error, whose weight is that of a dense layer."""
    keras = load_keras(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(RATE, gradient_accumulation_steps=accumulate), loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.set_weights([weights])
    take_steps(model, structure, **given)
    return model


def slope(w, x=X, y=Y):
    return 2.0 * x.T @ (x @ w - y) / len(x)


def after_step(model):
    loss = model.train_on_batch(X, Y)
    assert loss == pytest.approx(np.mean((X @ W - Y) ** 2), rel=1e-5), "of the rows and weights as they are"
    return to_numpy(model.weights[0])


def test_sam_takes_the_slope_at_a_distance_uphill():
    ahead = W + 0.3 * slope(W) / np.linalg.norm(slope(W))
    found = after_step(linear(StepStructure(sam=0.3)))
    np.testing.assert_allclose(found, W - RATE * slope(ahead), rtol=1e-5)
    assert not np.allclose(found, W - RATE * slope(W), rtol=1e-3)


def test_adaptive_sam_measures_by_each_weight():
    measured = np.abs(W) * slope(W)
    ahead = W + 0.8 * np.abs(W) * measured / np.linalg.norm(measured)
    found = after_step(linear(StepStructure(sam=0.8, adaptive=True)))
    np.testing.assert_allclose(found, W - RATE * slope(ahead), rtol=1e-5)


def test_weights_are_perturbed_by_matrix_from_an_epoch_on():
    model = linear(StepStructure(awp=0.2, begin=2))
    begin_epoch(model, 1)
    np.testing.assert_allclose(after_step(model), W - RATE * slope(W), rtol=1e-5)
    model.set_weights([W])
    begin_epoch(model, 2)
    ahead = W + 0.2 * np.linalg.norm(W) * slope(W) / np.linalg.norm(slope(W))
    np.testing.assert_allclose(after_step(model), W - RATE * slope(ahead), rtol=1e-5)


def test_inputs_move_along_the_signs_within_their_limits_and_share_the_loss():
    by_inputs = 2.0 * (X @ W - Y) @ W.T / len(X)
    moved = np.clip(X + 0.25 * np.sign(by_inputs), -1.0, 3.0)
    structure = StepStructure(adversarial=0.25, share=0.3)
    model = linear(structure)
    take_steps(model, structure, floats=model, limits=(-1.0, 3.0))
    np.testing.assert_allclose(
        after_step(model), W - RATE * (0.7 * slope(W) + 0.3 * slope(W, moved)), rtol=1e-5
    )


def test_embeddings_move_by_a_length_and_come_back():
    keras = load_keras(1)
    inputs = keras.Input((1,), dtype="int32")
    embedding = keras.layers.Embedding(2, 2)
    model = keras.Model(inputs, keras.layers.Flatten()(embedding(inputs)))
    model.compile(keras.optimizers.SGD(RATE), loss="mse")
    model.optimizer.build(model.trainable_variables)
    table = np.array([[1.0, -1.0], [0.5, 2.0]], np.float32)
    model.set_weights([table])
    take_steps(model, StepStructure(adversarial=0.5, share=0.5), embeddings=[embedding.embeddings])
    words, target = np.array([[0], [1]]), np.array([[0.0, 1.0], [1.0, 1.0]], np.float32)
    model.train_on_batch(words, target)
    own = 2.0 * (table - target) / 4.0  # of the mean over four numbers
    there = table + 0.5 * own / np.linalg.norm(own)
    expected = table - RATE * (0.5 * own + 0.5 * 2.0 * (there - target) / 4.0)
    np.testing.assert_allclose(to_numpy(model.weights[0]), expected, rtol=1e-5)


def test_steps_that_are_gathered_change_weights_once():
    model = linear(StepStructure(sam=0.3), accumulate=2)
    np.testing.assert_array_equal(after_step(model), W, "to the bit where they were")
    ahead = W + 0.3 * slope(W) / np.linalg.norm(slope(W))
    np.testing.assert_allclose(after_step(model), W - RATE * slope(ahead), rtol=1e-5)


def test_slopes_of_a_scaled_loss_are_as_far_away():
    """With half precision; one that overflows moves nothing, and the next scale is smaller."""
    keras = load_keras(1)
    found = []
    for scale in (1024.0, 1e38):
        model = linear(StepStructure(sam=0.3))
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE), initial_scale=scale)
        model.compile(optimizer, loss="mse")
        optimizer.build(model.trainable_variables)
        found.append(after_step(model))
    ahead = W + 0.3 * slope(W) / np.linalg.norm(slope(W))
    np.testing.assert_allclose(found[0], W - RATE * slope(ahead), rtol=1e-5)
    np.testing.assert_array_equal(found[1], W)
    assert float(optimizer.dynamic_scale) < 1e38


@pytest.mark.parametrize("structure", [StepStructure(sam=0.1), StepStructure(adversarial=0.1, share=0.5)])
def test_dropout_and_normalisation_go_on_as_after_a_plain_step(structure):
    keras = load_keras(1)
    parts = [keras.layers.BatchNormalization(momentum=0.5), keras.layers.Dropout(0.5, seed=3)]
    model = keras.Sequential([keras.Input((3,)), *parts, keras.layers.Dense(1)])
    begin = [to_numpy(v) for v in model.variables]
    states = []
    for taken in (StepStructure(), structure):
        model.compile(keras.optimizers.SGD(0.0), loss="mse")
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.variables, begin, strict=False):
            variable.assign(value)
        take_steps(model, taken, floats=model)
        model.train_on_batch(X, Y)
        norm, dropout = parts
        kept = (norm.moving_mean, norm.moving_variance, dropout.seed_generator.state)
        states.append([to_numpy(value) for value in kept])
    for plain, found in zip(*states, strict=True):
        np.testing.assert_allclose(found, plain, rtol=1e-6)


def test_other_backends_are_refused(monkeypatch):
    keras = load_keras(1)
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ModelError, match=r"KERAS_BACKEND=tensorflow only\. Received: torch"):
        take_steps(None, StepStructure(sam=0.1))
    take_steps(None, StepStructure())
