"""The worst answers are drawn beside what is true."""

import cv2
import numpy as np

from pipeline.reports.worst_pictures import (
    GAP,
    HEIGHT,
    SAID,
    TITLE,
    TRUE,
    Judged,
    outlined,
    worst_rows,
    write_worst,
)


def test_the_worst_come_first_and_those_without_a_score_not_at_all():
    assert worst_rows(np.array([0.1, np.nan, 0.9, 0.5]), 2).tolist() == [2, 3]
    assert worst_rows(np.array([np.nan]), 2).tolist() == []


def test_objects_that_touch_have_a_border_each():
    labels = np.zeros((6, 9), np.int32)
    labels[1:5, 1:4], labels[1:5, 4:8] = 1, 2
    marked = (outlined(np.zeros((6, 9, 3), np.uint8), labels, TRUE) == TRUE).all(axis=2)
    assert not marked[labels == 0].any()
    assert marked[2, [1, 3, 4, 7]].all()
    assert not marked[2:4, [2, 5, 6]].any()


def test_masks_and_greys_are_laid_beside_their_picture(tmp_path):
    picture = np.full((HEIGHT // 2, 60, 3), 90, np.uint8)
    truth, answer = np.zeros((2, HEIGHT // 2, 60), np.int32)
    truth[10:40, 10:30], answer[20:60, 20:50] = 1, 1
    grey = np.linspace(0, 255, picture[..., 0].size).reshape(picture.shape[:2]).astype(np.uint8)
    judged = [Judged("a 0.1", picture, truth, answer), Judged("b 0.2", picture, grey, 255 - grey)]
    write_worst(judged, tmp_path / "worst.png")
    page = cv2.imread(str(tmp_path / "worst.png"))[..., ::-1]
    row = TITLE + HEIGHT + GAP
    assert page.shape == (2 * row, 4 * (120 + GAP), 3)
    both = page[TITLE : TITLE + HEIGHT, 3 * (120 + GAP) : 3 * (120 + GAP) + 120]
    assert (both == TRUE).all(axis=2).any()
    assert (both == SAID).all(axis=2).any()
    middle = page[row + TITLE : row + TITLE + HEIGHT, 128 : 128 + 120]
    assert middle[0, 0, 0] == 0
    assert middle[-1, -1, 0] == 255
