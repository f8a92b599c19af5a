import cv2
import numpy as np
import pytest

from pipeline.transforms.views import (
    Views,
    box_corners,
    corners_box,
    from_axis,
    from_boxes,
    upper_left,
    whole,
)

SIZES = np.array([[60, 100], [80, 50], [64, 64]])


def blob(size, point):
    """A bright spot of 2 pixels' deviation about the point."""
    y, x = np.mgrid[: size[0], : size[1]]
    return (255 * np.exp(-((x - point[0]) ** 2 + (y - point[1]) ** 2) / 8.0)).astype(np.float32)


def spot(picture):
    """The centre of mass of what is bright."""
    weight = np.where(picture > 0.3 * picture.max(), picture, 0)
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def sample_views():
    points = np.array([[[20.0, 30.0], [50, 12]], [[40, 60], [10, 20]], [[32, 50], [32, 10]]])
    boxes = np.array([[10.0, 5, 70, 50], [5, 20, 45, 70], [0, 0, 63, 63]])
    return {
        "stretched": whole(SIZES, (48, 40)),
        "letterbox": whole(SIZES, (48, 40), keep_aspect=True),
        "box": from_boxes(boxes, SIZES, (48, 40), margin=0.1)[0],
        "box stretched": from_boxes(boxes, SIZES, (48, 40), keep_aspect=False)[0],
        "axis": from_axis(points, SIZES, (48, 48), along=0.4)[0],
    }


@pytest.mark.parametrize("name", sample_views())
def test_points_come_back_from_the_network_picture(name):
    views = sample_views()[name]
    points = np.random.default_rng(0).uniform(-200, 300, (3, 7, 2))
    np.testing.assert_allclose(views.invert(views.apply(points)), points, atol=1e-9)


@pytest.mark.parametrize("name", sample_views())
def test_points_land_where_the_warped_picture_shows_them(name):
    views = sample_views()[name]
    points = np.array([[[30.0, 22.0]], [[24, 40]], [[31, 30]]])
    for row, size in enumerate(SIZES):
        shown = cv2.warpAffine(blob(size, points[row, 0]), views.affines[row], views.size[::-1])
        np.testing.assert_allclose(spot(shown), views.apply(points)[row, 0], atol=0.5)


def test_a_whole_picture_fills_the_network_picture_from_edge_to_edge():
    edges = np.array([[[-0.5, -0.5], [w - 0.5, h - 0.5]] for h, w in SIZES])
    expected = np.broadcast_to([[-0.5, -0.5], [39.5, 47.5]], (3, 2, 2))
    np.testing.assert_allclose(whole(SIZES, (48, 40)).apply(edges), expected, atol=1e-12)


def test_a_letterbox_keeps_proportions_and_shows_everything():
    views = whole(SIZES, (48, 40), keep_aspect=True)
    np.testing.assert_allclose(views.affines[:, 0, 0], views.affines[:, 1, 1])
    edges = views.apply(np.array([[[-0.5, -0.5], [w - 0.5, h - 0.5]] for h, w in SIZES]))
    assert (edges >= -0.5 - 1e-9).all()
    assert (edges <= np.array([39.5, 47.5]) + 1e-9).all()
    np.testing.assert_allclose(edges.mean(axis=1), np.broadcast_to([19.5, 23.5], (3, 2)), atol=1e-9)


def test_a_box_with_a_margin_fills_the_picture():
    views, fallback = from_boxes([[10, 20, 30, 40]], SIZES[:1], (32, 32), margin=0.5)
    assert not fallback.any()
    np.testing.assert_allclose(views.apply([[[0, 10], [40, 50]]]), [[[-0.5, -0.5], [31.5, 31.5]]])


def test_a_box_of_other_proportions_is_grown_about_its_centre():
    views, _ = from_boxes([[10, 20, 50, 30]], SIZES[:1], (20, 20))
    np.testing.assert_allclose(views.apply([[[30, 25]]]), [[[9.5, 9.5]]])
    np.testing.assert_allclose(views.affines[0, :, :2], np.eye(2) * 0.5)


def test_the_axis_lies_level_with_the_second_point_right():
    """Lau's rule: centre 0.4 bonnet + 0.6 blowhole, twice the length wide, once high."""
    blowhole, bonnet = np.array([60.0, 20.0]), np.array([30.0, 50.0])
    views, fallback = from_axis([[blowhole, bonnet]], [[80, 100]], (256, 256), along=0.4)
    assert not fallback.any()
    (left, right), (centre,) = (
        views.apply([points])[0] for points in ([blowhole, bonnet], [0.4 * bonnet + 0.6 * blowhole])
    )
    np.testing.assert_allclose(centre, [127.5, 127.5])
    np.testing.assert_allclose([left[1], right[1]], [127.5, 127.5])
    np.testing.assert_allclose(right[0] - left[0], 128)  # d is half of the width
    assert np.linalg.det(views.affines[0, :, :2]) > 0  # turned, not mirrored


NAN = float("nan")


@pytest.mark.parametrize(
    "box",
    [
        [NAN, 0, 10, 10],
        [0, 0, np.inf, 10],
        [10, 10, 10, 30],
        [30, 30, 10, 10],
        [10, 10, 30, 10.5],
        [200, 10, 240, 30],
        [-900, 0, 1000, 50],
    ],
)
def test_a_useless_box_falls_back_to_the_whole_picture_and_is_reported(box):
    views, fallback = from_boxes([box, [10, 10, 30, 30]], SIZES[:2], (32, 32))
    assert fallback.tolist() == [True, False]
    np.testing.assert_array_equal(views.affines[0], whole(SIZES[:1], (32, 32)).affines[0])


@pytest.mark.parametrize(
    "pair",
    [
        [[NAN, 1], [3, 4]],
        [[20, 20], [20, 20]],
        [[20, 20], [21, 20]],
        [[300, 20], [330, 20]],
        [[-400, 9], [400, 9]],
    ],
)
def test_a_useless_axis_falls_back_to_the_whole_picture_and_is_reported(pair):
    views, fallback = from_axis([pair, [[10, 10], [30, 30]]], SIZES[:2], (32, 32))
    assert fallback.tolist() == [True, False]
    np.testing.assert_array_equal(views.affines[0], whole(SIZES[:1], (32, 32)).affines[0])


def test_composed_views_are_one_after_the_other():
    first = whole(SIZES, (48, 40))
    then, _ = from_boxes(np.tile([5.0, 5, 30, 35], (3, 1)), np.tile([48, 40], (3, 1)), (16, 16))
    points = np.random.default_rng(1).uniform(0, 50, (3, 4, 2))
    both = first.compose(then)
    assert both.size == (16, 16)
    np.testing.assert_allclose(both.apply(points), then.apply(first.apply(points)), atol=1e-9)


def test_rows_are_taken_in_the_order_asked_for():
    views = whole(SIZES, (8, 8))
    np.testing.assert_array_equal(views.take(np.array([2, 0])).affines, views.affines[[2, 0]])


def test_a_box_survives_the_way_through_its_corners():
    boxes = np.random.default_rng(0).uniform(0, 9, (2, 3, 4))
    boxes[..., 2:] += 10
    assert box_corners(boxes).shape == (2, 3, 4, 2)
    np.testing.assert_array_equal(corners_box(box_corners(boxes)), boxes)


def test_no_rows_give_no_views():
    views, fallback = from_boxes(np.empty((0, 4)), np.empty((0, 2)), (8, 8))
    assert len(views) == len(fallback) == 0


def test_malformed_views_are_refused():
    with pytest.raises(ValueError, match=r"shape \(rows, 2, 3\)"):
        Views(np.eye(3), (8, 8))
    with pytest.raises(ValueError, match="2 frames for the sizes of 1 pictures"):
        from_boxes(np.ones((2, 4)), SIZES[:1], (8, 8))


def test_a_canvas_shows_pictures_as_they_are_and_shrinks_larger_ones():
    views = upper_left(np.array([[4, 6], [10, 8]]), (5, 8))
    assert views.affines[0].tolist() == [[1, 0, 0], [0, 1, 0]]
    corners = np.array([[-0.5, -0.5], [7.5, 9.5]])  # of the second picture, which spans 8 x 10 pixels
    assert views.apply(np.stack([corners, corners]))[1].tolist() == [[-0.5, -0.5], [3.5, 4.5]]
