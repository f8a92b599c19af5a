import math

import numpy as np

from pipeline.networks.keras_import import load_keras
from pipeline.networks.losses import arcface, bin_cross_entropy


def test_arcface_adds_the_margin_to_the_angle_of_the_true_class():
    scale, margin = 10.0, 0.3
    angles = np.array([[0.5, 1.2, 2.0], [2.5, 1.0, 0.1]])
    one_hot = np.eye(3, dtype="float32")[[0, 1]]
    loss = arcface(load_keras(), scale, margin)
    found = np.asarray(loss(one_hot, (scale * np.cos(angles)).astype("float32")))
    logits = scale * np.cos(angles + margin * one_hot)
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[[0, 1], [0, 1]]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_arcface_keeps_falling_where_the_angle_would_pass_180_degrees():
    loss = arcface(load_keras(), 1.0, 0.5)
    cosines = np.cos(np.linspace(0.1, math.pi - 0.01, 50))
    logits = np.stack([cosines, np.zeros(50)], axis=1).astype("float32")
    losses = np.asarray(loss(np.tile(np.float32([[1, 0]]), (50, 1)), logits))
    assert (np.diff(losses) > 0).all()


def test_bin_loss_is_least_at_the_shared_bins():
    loss = bin_cross_entropy(load_keras(), bins=4)
    position = np.array([[1.25]], np.float32)
    best = np.log(np.array([[1e-9, 0.75, 0.25, 1e-9]], np.float32))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert abs(float(np.asarray(loss(position, best))[0]) - entropy) < 1e-5
    worse = np.log(np.array([[1e-9, 0.25, 0.75, 1e-9]], np.float32))
    assert float(np.asarray(loss(position, worse))[0]) > entropy + 0.1
