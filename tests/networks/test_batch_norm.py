import numpy as np

from pipeline.networks.batch_norm import measure_again
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import to_numpy
from pipeline.networks.network import Network
from pipeline.networks.plan import make_plan
from pipeline.networks.structure import make_structure
from pipeline.networks.targets import make_targets
from pipeline.tasks.base import make_task


def trained_with_lagging_statistics():
    """A small network whose moving averages have the momentum of Keras' MobileNetV2."""
    rng = np.random.default_rng(0)
    target = np.arange(240) % 2
    level = np.where(target == 1, 170, 80)[:, None, None, None]
    pixels = np.clip(level + rng.normal(0, 25, (240, 10, 10, 1)), 0, 255).astype(np.uint8)
    config = CNNConfig(kind="cnn", backbone="8C3 BN MP2 8C3 BN FC8 BN", dropout=0.5, batch_size=24)
    targets = make_targets(config, make_task("classification", ("a", "b")))
    network = Network(make_structure(config, make_plan(config, target), targets, (10, 10, 1)))
    network.reset(0, None, (np.array([125.0]), np.array([50.0])))
    for layer in network.normalisations():
        layer.momentum = 0.999
        layer.moving_mean.assign(np.full(layer.moving_mean.shape, 3.0))  # as if of another data set
    for _ in range(40):
        rows = rng.permutation(240)[:24]
        network.full.optimizer.learning_rate = 0.003
        network.full.train_on_batch(pixels[rows], targets.encode(target[rows]))
    return network, pixels, target


def log_loss(network, pixels, target):
    raw = network.full.predict_on_batch(pixels).astype(np.float64)
    return float(
        np.mean(np.logaddexp(0, np.where(target == 1, raw[:, 0] - raw[:, 1], raw[:, 1] - raw[:, 0])))
    )


def test_lagging_statistics_are_measured_again():
    network, pixels, target = trained_with_lagging_statistics()
    lagging = log_loss(network, pixels, target)
    measure_again(network, pixels, np.arange(240), size=24, seed=0)
    assert lagging > 0.5
    assert log_loss(network, pixels, target) < 0.2


def test_statistics_are_the_mean_over_batches_and_dropout_is_on_again():
    network, pixels, _ = trained_with_lagging_statistics()
    first = network.normalisations()[0]
    rates = [layer.rate for layer in network.head.layers if hasattr(layer, "rate")]
    measure_again(network, pixels, np.arange(240), size=240, seed=0)
    x = (pixels.astype(np.float64) - 125.0) / 50.0
    kernel = to_numpy(network.extractor.weights[2]).astype(np.float64)[:, :, 0]
    windows = np.lib.stride_tricks.sliding_window_view(x[..., 0], (3, 3), axis=(1, 2))
    maps = np.einsum("nhwij,ijf->nhwf", windows, kernel)
    np.testing.assert_allclose(to_numpy(first.moving_mean), maps.mean(axis=(0, 1, 2)), atol=2e-3)
    np.testing.assert_allclose(to_numpy(first.moving_variance), maps.var(axis=(0, 1, 2)), rtol=0.01)
    assert [layer.rate for layer in network.head.layers if hasattr(layer, "rate")] == rates == [0.5]
