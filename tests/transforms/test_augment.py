import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.augment_sets import SETS

MOVES = {
    "flip": [{"HorizontalFlip": {"p": 1}}],
    "turn": [{"RandomRotate90": {"p": 1}}],
    "transpose": [{"Transpose": {"p": 1}}],
    "crop": [{"RandomCrop": {"height": 30, "width": 40, "p": 1}}],
    "perspective": [{"Perspective": {"p": 1}}],
    "reflected": [
        {"Affine": {"rotate": [-40, 40], "scale": [0.6, 0.9], "border_mode": "BORDER_REFLECT_101", "p": 1}}
    ],
    "padded": [{"Pad": {"padding": 6, "border_mode": "BORDER_REFLECT_101", "p": 1}}],
    **{name: name for name in SETS},
}


def picture(shape=(48, 64, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("name", MOVES)
def test_points_land_where_the_changed_picture_shows_them(name):
    """One spot far from the border, in light that no set can take away."""
    point = np.array([[30.0, 20.0]])
    y, x = np.mgrid[:48, :64]
    spot = (255 * np.exp(-((x - 30) ** 2 + (y - 20) ** 2) / 8.0)).astype(np.uint8)
    augment = Augmenter(MOVES[name])
    checked = 0
    for seed in range(20):
        shown, ((px, py),) = augment(np.repeat(spot[:, :, None], 3, axis=2), seed, point)
        near = np.hypot(x - px, y - py) < 8  # a reflection may show the spot a second time
        value = np.where(near, shown.mean(axis=2), 0.0)
        if not (10 < px < 53 and 10 < py < 37) or value.max() < 150:
            continue  # too near the border, or under a hole
        weight = np.where(value > 0.4 * value.max(), value, 0)
        seen = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        # A crop or a pad is stretched back, and holes of `heavy` may cut the spot.
        np.testing.assert_allclose(seen, [px, py], atol=1.5 if name == "heavy" else 0.5)
        checked += 1
    assert checked >= 5


@pytest.mark.parametrize("group", [False, True])
def test_without_reflections_one_object_is_never_shown_twice(group):
    import cv2

    away = [{"Affine": {"translate_percent": [0.2, 0.3], "border_mode": "BORDER_REFLECT_101", "p": 1}}]
    spec = [{"OneOf": {"transforms": away, "p": 1}}] if group else away
    image = np.zeros((48, 64, 3), np.uint8)
    image[20:26, 4:10] = 255

    def objects(augment, points):
        changed = [augment(image, seed, points)[0] for seed in range(10)]
        return {cv2.connectedComponents((one[:, :, 0] > 127).astype(np.uint8))[0] - 1 for one in changed}

    for points in (None, np.array([[6.5, 22.5]])):
        assert objects(Augmenter(spec), points) == {2}
        kept = pickle.loads(pickle.dumps(Augmenter(spec, reflect=False)))
        assert objects(kept, points) == {1}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8, 3), (9, 17, 3), (28, 28, 1), (96, 64, 3)])
def test_named_sets_keep_shape_and_type_at_any_size(name, shape):
    augment, image = Augmenter(name), picture(shape)
    for seed in range(30):
        shown, points = augment(image, seed, np.array([[1.0, 2.0], [500.0, -9.0]]))
        assert (shown.shape, shown.dtype) == (shape, np.uint8)
        assert np.isfinite(points).all()
    assert (shown != image).any() == (name != "none")


def test_equal_seeds_give_equal_pictures_in_any_order_and_thread():
    augment, image, points = Augmenter("heavy"), picture(), np.array([[5.0, 6.0]])
    expected = [augment(image, seed, points) for seed in range(40)]
    order = list(range(40))[::-1]
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(order, pool.map(lambda seed: augment(image, seed, points), order), strict=True))
    for seed in range(40):
        np.testing.assert_array_equal(found[seed][0], expected[seed][0])
        np.testing.assert_array_equal(found[seed][1], expected[seed][1])
    assert len({shown.tobytes() for shown, _ in expected}) > 35


def test_the_picture_is_the_same_with_and_without_points():
    augment, image = Augmenter("heavy"), picture()
    for seed in range(20):
        with_points, _ = augment(image, seed, np.zeros((1, 2)))
        np.testing.assert_array_equal(augment(image, seed)[0], with_points)


def test_transforms_draw_independently():
    """With albumentations' own seeding both flips would come together or not at all."""
    augment = Augmenter([{"HorizontalFlip": {"p": 0.5}}, {"VerticalFlip": {"p": 0.5}}])
    image = np.arange(4, dtype=np.uint8).reshape(2, 2, 1)
    counts = np.bincount([augment(image, seed)[0][0, 0, 0] for seed in range(800)], minlength=4)
    assert counts.min() > 150


def test_left_and_right_points_change_places_in_a_mirrored_picture():
    image, points = picture((20, 20, 1)), np.array([[2.0, 10.0], [17.0, 10.0], [9.0, 3.0]])
    flip = Augmenter([{"HorizontalFlip": {"p": 1}}], swap=[(0, 1)])
    np.testing.assert_allclose(flip(image, 0, points)[1], [[2, 10], [17, 10], [10, 3]], atol=1e-4)
    turned = Augmenter([{"HorizontalFlip": {"p": 1}}, {"VerticalFlip": {"p": 1}}], swap=[(0, 1)])
    np.testing.assert_allclose(turned(image, 0, points)[1], 19 - points, atol=1e-4)


def test_unknown_points_stay_unknown_and_in_place():
    points = np.array([[np.nan, np.nan], [3.0, 4.0], [np.nan, 1.0]])
    _, moved = Augmenter([{"HorizontalFlip": {"p": 1}}])(picture((8, 8, 1)), 0, points)
    np.testing.assert_allclose(moved, [[np.nan, np.nan], [4, 4], [np.nan, np.nan]])


def test_the_picture_given_is_left_as_it_was():
    augment, image = Augmenter("heavy"), picture()
    kept = image.copy()
    for seed in range(20):
        augment(image, seed)
    np.testing.assert_array_equal(image, kept)


def test_a_pickled_augmenter_does_the_same():
    augment, image = Augmenter("light", swap=[(0, 1)]), picture()
    augment(image, 0)
    again = pickle.loads(pickle.dumps(augment))
    points = np.array([[1.0, 2.0], [30.0, 4.0]])
    for seed in range(5):
        np.testing.assert_array_equal(again(image, seed)[0], augment(image, seed)[0])
        np.testing.assert_array_equal(again(image, seed, points)[1], augment(image, seed, points)[1])


def test_what_cannot_be_done_is_said():
    with pytest.raises(ConfigError, match=r"augment\[0\]: unknown transform 'Foo'"):
        Augmenter(["Foo"])
    with pytest.raises(ConfigError, match="ElasticTransform cannot be used where points"):
        Augmenter([{"ElasticTransform": {"p": 1}}])(picture(), 0, np.zeros((1, 2)))
    with pytest.raises(ConfigError, match=r"cannot be applied to a picture of shape \(48, 64, 1\)"):
        Augmenter([{"ISONoise": {"p": 1}}])(picture((48, 64, 1)), 0)
    with pytest.raises(ConfigError, match=r"cannot be applied to a picture of shape \(48, 64, 3\)"):
        Augmenter([{"RandomCrop": {"height": 99, "width": 99, "p": 1}}])(picture(), 0)
