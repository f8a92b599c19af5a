import numpy as np

from pipeline.networks.coordinates import swap, to_fractions, to_points


def test_the_border_is_half_a_pixel_before_the_first_centre():
    points = to_points(np.array([[0.0, 0.0, 1.0, 1.0]]), (10, 20), box=False)
    np.testing.assert_allclose(points, [[[-0.5, -0.5], [19.5, 9.5]]])


def test_there_and_back():
    fractions = np.random.default_rng(0).random((5, 6))
    np.testing.assert_allclose(to_fractions(to_points(fractions, (7, 9), False), (7, 9), False), fractions)
    boxes = np.array([[0.1, 0.2, 0.5, 0.9]])
    assert to_points(boxes, (7, 9), True).shape == (1, 4, 2)
    np.testing.assert_allclose(to_fractions(to_points(boxes, (7, 9), True), (7, 9), True), boxes)


def test_pairs_trade_places():
    points = np.arange(6.0).reshape(1, 3, 2)
    np.testing.assert_array_equal(swap(points, [[0, 2]]), points[:, [2, 1, 0]])
