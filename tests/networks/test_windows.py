"""Windows of a row: a network learns from each, and answers a row by the mean of its windows."""

import numpy as np

from pipeline.context import Context
from pipeline.data.rows import Dataset
from pipeline.inputs.images.part import Pictures
from pipeline.networks.windows import by_window, mean_of_windows, watching, windows_of


def rows(windows):
    pixels = np.arange(4 * windows, dtype=np.uint8).reshape(-1, 1, 1, 1)
    part = {"spectrogram": Pictures(pixels, "key", windows=windows)}
    return Dataset(np.array(list("abcd")), part, np.arange(4), np.arange(4, dtype=np.float32)).rows(
        np.array([2, 0])
    )


def test_a_row_becomes_its_windows():
    found = by_window(rows(3))
    assert found.positions.tolist() == [6, 7, 8, 0, 1, 2]
    assert found.target.tolist() == [2, 2, 2, 0, 0, 0]
    assert found.weights.tolist() == [2, 2, 2, 0, 0, 0]
    assert found.ids.tolist() == list("cccaaa")
    assert found.dataset.pixels[found.positions].ravel().tolist() == [6, 7, 8, 0, 1, 2]
    assert windows_of(found) == 1


def test_rows_of_one_picture_stay_as_they_are():
    one = rows(1)
    assert by_window(one) is one
    assert rows(3).dataset.pixels is None  # nobody takes windows for rows


def test_the_mean_is_taken_row_by_row():
    values = np.array([[0.0], [2.0], [4.0], [8.0]])
    assert mean_of_windows(values, 2).tolist() == [[1.0], [6.0]]
    assert mean_of_windows(values, 1) is values


def test_who_watches_a_fit_asks_for_rows():
    seen = []
    context = Context(watch=lambda fraction, predict: seen.append(predict(rows(3))))
    watching(context, rows(3))(0.5, lambda some: np.arange(len(some))[:, None])
    assert seen[0].tolist() == [[1.0], [4.0]]
    assert watching(Context(), rows(3)) is None
