import numpy as np

from pipeline.reports.evidence import grid, occlusion_maps, shares_inside

SIZE = (16, 32)


def bright_corner(pictures):
    """Says class 1 as surely as the upper left 4 x 4 pixels are bright; the rest is not looked at."""
    bright = pictures[:, :4, :4].mean(axis=(1, 2, 3)) / 255.0
    one = 0.1 + 0.8 * bright
    return np.stack([1.0 - one, one], axis=1).astype(np.float32)


def pictures():
    shown = np.zeros((2, *SIZE, 3), np.uint8)
    shown[:, :4, :4] = 255
    return shown


def corner(left, top, side):
    return np.array([[left, top], [left + side, top], [left + side, top + side], [left, top + side]]) - 0.5


def test_cells_are_square_and_cover_the_picture():
    down, across = grid(SIZE)
    assert down.tolist() == [0, 4, 8, 12, 16]
    assert across.tolist() == list(range(0, 33, 4))
    assert grid((30, 10))[1][-1] == 10


def test_the_evidence_lies_where_the_classifier_looks():
    maps = occlusion_maps(bright_corner, pictures(), np.array([1, 1]))
    assert maps.shape == (2, 4, 8)
    assert maps[0, 0, 0] > 1.0
    assert maps[0].sum() == maps[0, 0, 0]


def test_what_speaks_for_another_class_is_no_evidence():
    maps = occlusion_maps(bright_corner, pictures(), np.array([0, 1]))
    assert maps[0].sum() == 0.0
    assert maps[1].sum() > 0.0


def test_shares_count_covered_cells_in_part():
    maps = occlusion_maps(bright_corner, pictures(), np.array([1, 0]))
    assert np.isnan(shares_inside(maps, np.stack([corner(0, 0, 8)] * 2), SIZE)[1])
    assert shares_inside(maps[:1], corner(0, 0, 8)[None], SIZE)[0] == 1.0
    assert shares_inside(maps[:1], corner(10, 5, 8)[None], SIZE)[0] == 0.0
    np.testing.assert_allclose(shares_inside(maps[:1], corner(0, 0, 3)[None], SIZE)[0], 9 / 16, atol=0.45)
    assert shares_inside(maps[:1], corner(0, 0, 3)[None], SIZE)[0] < 1.0


def test_many_pictures_are_taken_in_parts():
    seen = []

    def count(shown):
        seen.append(len(shown))
        return bright_corner(shown)

    many = np.repeat(pictures(), 40, axis=0)
    maps = occlusion_maps(count, many, np.ones(80, int))
    assert max(seen) <= 2048
    np.testing.assert_array_equal(maps, np.repeat(maps[:1], 80, axis=0))
