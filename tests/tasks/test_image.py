"""Pictures that are answers: read beside those that are seen, scored in their own size, kept on a canvas."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.metrics import find_metric
from pipeline.registry import TASKS
from pipeline.tasks import image_truth
from pipeline.tasks.base import load_task
from pipeline.tasks.contest import Column, Contest
from pipeline.tasks.image_truth import ImageTruth

SIZES = np.array([[4, 6], [3, 7], [4, 6]])
CLEAN = [np.random.default_rng(row).integers(0, 256, size).astype(np.uint8) for row, size in enumerate(SIZES)]


def album(sizes, pictures=None):
    return SimpleNamespace(sizes=lambda: np.array(sizes), grey=lambda row: pictures[row])


def contest(**facts):
    known = Contest(
        targets={"value": Column(np.array(["a.png", "b.png", "c.png"], object))},
        ids=lambda: np.array(["a", "b", "c"]),
        columns=("value",),
        numbers=lambda name: np.full(3, np.nan),
        kinds=("image",),
        wants="picture",
        album=album(SIZES),
        answers=album(SIZES, CLEAN),
        test_album=album([[5, 2]]),
        samples=("1",),
    )
    return replace(known, **facts)


TASK, TARGET, ANSWER = TASKS.get("image").read(contest())


def test_the_canvas_holds_every_picture_of_training_and_test():
    assert (TASK.height, TASK.width, TASK.n_outputs) == (5, 7, 35)
    assert TARGET.tolist() == [[0.0], [1.0], [2.0]]
    assert (ANSWER.kind, ANSWER.columns) == ("value", ("value",))
    shown = TASK.columns(TARGET).reshape(3, 5, 7)
    for row, clean in enumerate(CLEAN):
        height, width = clean.shape
        assert np.allclose(shown[row, :height, :width], clean / 255)
        assert not shown[row, height:].any()
        assert not shown[row, :, width:].any()


def test_the_answer_of_a_picture_larger_than_the_canvas_is_enlarged():
    canvas = np.zeros((5, 7), np.float16)
    canvas[:, :4] = 0.25 * np.arange(4)  # 10 x 8 pixels, shrunk to 5 x 4
    own = TASK.own(canvas.ravel(), (10, 8))
    assert own.shape == (10, 8)
    assert np.allclose(own[:, 1:-1], 0.125 * np.arange(8)[1:-1] - 0.0625)
    assert TASK.own(canvas.ravel(), (3, 2)).tolist() == canvas[:3, :2].tolist()


@pytest.mark.parametrize("in_memory", [0, 2**26], ids=["on disk", "in memory"])
def test_answers_come_back_from_disk(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(image_truth, "IN_MEMORY", in_memory)
    task, _, _ = TASKS.get("image").read(contest())
    task.save(tmp_path)
    again = load_task(json.loads(json.dumps(task.to_json()))).opened(tmp_path)
    assert again == task
    for row, clean in enumerate(CLEAN):
        assert (again.known.picture(row) == clean).all()


def test_an_answer_of_another_size_is_named():
    with pytest.raises(DataError, match=r"1 pictures have another size.*: b \(7x3 and 6x3\)"):
        TASKS.get("image").read(contest(answers=album([[4, 6], [3, 6], [4, 6]], CLEAN)))
    with pytest.raises(DataError, match=r"needs `data.images`.*`data.answers`"):
        TASKS.get("image").read(contest(answers=None))


@pytest.mark.parametrize("samples, white", [(("0",), 1.0), (("0.5", "1"), 1.0), (("128",), 255.0)])
def test_the_sample_says_what_white_is_worth(samples, white):
    assert TASKS.get("image").read(contest(samples=samples))[0].white == white


@pytest.mark.parametrize("name", ["pixel_rmse", "pixel_mae"])
def test_a_score_is_of_all_pixels_and_of_none_beside_a_picture(name):
    metric = find_metric(name).of(TASK)
    assert metric(TARGET, TASK.columns(TARGET)) == pytest.approx(0.0, abs=1e-6)
    said = np.full((3, 35), 0.5)
    errors = np.concatenate([clean.ravel() / 255 - 0.5 for clean in CLEAN])
    expected = np.sqrt(np.mean(errors**2)) if name == "pixel_rmse" else np.abs(errors).mean()
    assert metric(TARGET, said.astype(np.float16)) == pytest.approx(expected, abs=1e-6)
    canvas = said.reshape(3, 5, 7)
    canvas[:, 4] = 77.0  # no picture has a fifth row
    assert metric(TARGET, said) == pytest.approx(expected, abs=1e-6)
    of_255 = find_metric(name).of(replace(TASK, white=255.0, truth=TASK.truth))
    assert of_255(TARGET, said) == pytest.approx(255 * expected, rel=1e-6)


def test_pixels_are_drawn_within_their_picture():
    for row, clean in enumerate(CLEAN):
        places, true = TASK.drawn(row, np.random.default_rng(0), 500)
        canvas = TASK.on_canvas(clean).ravel() / 255
        assert np.allclose(canvas[places], true)
        assert len(set(places.tolist())) == clean.size


def test_the_constant_is_the_mean_of_the_training_pixels():
    some = np.concatenate([CLEAN[0].ravel(), CLEAN[2].ravel()])
    assert TASK.constant(TARGET[[0, 2]]) == pytest.approx(np.full(35, some.mean() / 255))


def test_a_picture_is_looked_at_where_it_lies():
    truth = ImageTruth.of(SIZES, CLEAN.__getitem__)
    assert np.shares_memory(truth.picture(1), truth.values)
