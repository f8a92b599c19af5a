import numpy as np
import pytest

from pipeline.report.ensemble_plots import plot_error_correlation, plot_scores, plot_weights

PNG = b"\x89PNG\r\n\x1a\n"


def draw_weights(path):
    plot_weights({"cnn": 0.6, "lgbm": 0.5, "ridge": -0.1}, path)


def draw_scores(path):
    plot_scores({"cnn": 0.9, "blend": 0.8}, {"cnn": (0.85, 0.95)}, "log_loss", False, path)


def draw_correlation(path):
    plot_error_correlation(("cnn", "lgbm"), np.array([[1.0, -0.3], [-0.3, 1.0]]), path)


@pytest.mark.parametrize("draw", [draw_weights, draw_scores, draw_correlation])
def test_pictures_are_pngs_and_the_same_each_time(draw, tmp_path):
    draw(tmp_path / "one.png")
    draw(tmp_path / "two.png")
    written = (tmp_path / "one.png").read_bytes()
    assert written.startswith(PNG)
    assert written == (tmp_path / "two.png").read_bytes()


def test_the_picture_grows_with_the_members(tmp_path):
    for members in (2, 40):
        plot_weights({f"m{m}": 1 / members for m in range(members)}, tmp_path / f"{members}.png")
    heights = [int.from_bytes((tmp_path / f"{m}.png").read_bytes()[20:24], "big") for m in (2, 40)]
    assert heights[1] > 3 * heights[0]
