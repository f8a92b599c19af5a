"""A mask per picture and class: read by class, scored as the mean over both, decided one by one."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import DataError, SubmissionError
from pipeline.metrics import find_metric
from pipeline.registry import TASKS
from pipeline.tasks.base import load_task
from pipeline.tasks.class_masks import marked
from pipeline.tasks.mask_rule import MaskRule, guesses
from tests.tasks.test_mask import FORM, SIZE, cell_of, contest, discs

LEFT, RIGHT, NOTHING = discs((8, 8)), discs((8, 12)), discs()  # the first two overlap
SHOWN = [(LEFT, RIGHT), (NOTHING, NOTHING), (NOTHING, RIGHT), (LEFT, NOTHING)]
CLASSES = ("a b", "c")


def read(shown=SHOWN, **facts):
    cells = ["\n".join(map(marked, CLASSES, map(cell_of, masks))) for masks in shown]
    return TASKS.get("class_masks").read(replace(contest(cells, **facts), classes=CLASSES))


def test_each_class_has_its_masks_and_they_come_back(tmp_path):
    task, target, answer = read()
    assert (task.outputs, task.layers, task.n_outputs) == (CLASSES, 2, 16 * 24 * 2)
    assert target.tolist() == [[0.0], [1.0], [2.0], [3.0]]
    assert answer == FORM
    task.save(tmp_path)
    again = load_task(json.loads(json.dumps(task.to_json()))).opened(tmp_path)
    assert again == task
    for known in (task, again):
        assert known.sizes.tolist() == [list(SIZE)] * 4
        for row, masks in enumerate(SHOWN):
            for single, mask in zip(known.singles, masks, strict=True):
                assert (single.known.labels(row) == mask).all()
            layers = np.stack(masks, axis=2)
            assert (known.layers_at(row, SIZE) == layers).all()


def test_it_is_told_by_classes_alone():
    plain = contest([cell_of(LEFT), cell_of(RIGHT)])
    kinds = {kind: TASKS.get(kind) for kind in ("mask", "class_masks")}
    assert [name for name, kind in kinds.items() if kind.told(plain)] == ["mask"]
    assert kinds["class_masks"].told(replace(plain, classes=CLASSES))
    with pytest.raises(DataError, match=r"`data.classes` says what names it"):
        kinds["class_masks"].read(plain)


def test_several_rows_of_a_class_are_one_mask():
    cell = "\n".join([marked("a b", "1 3"), marked("c", ""), marked("a b", "9 2")])
    task, *_ = TASKS.get("class_masks").read(replace(contest([cell]), classes=CLASSES))
    assert np.flatnonzero(task.singles[0].known.labels(0).ravel(order="F")).tolist() == [0, 1, 2, 8, 9]


@pytest.mark.parametrize("name", ["dice", "iou"])
def test_the_score_is_the_mean_over_pictures_and_classes(name):
    task, target, _ = read()
    metric = find_metric(name).of(task)
    sure = task.columns(target)
    assert metric(target, sure) == 1.0
    wrong = sure.reshape(4, -1, 2).copy()
    wrong[1, 0, 1] = 1.0  # a pixel where there is none
    assert metric(target, wrong.reshape(4, -1)) == pytest.approx(7 / 8)
    wrong[0, :, 0] = 0.0
    assert metric(target, wrong.reshape(4, -1)) == pytest.approx(6 / 8)
    single = metric.of(task.singles[1])
    assert single(target, task.of_single(sure, 1)) == 1.0


def test_each_class_has_a_rule_of_its_own():
    task, target, _ = read()
    values = 0.4 * task.columns(target)
    rules = np.ravel([MaskRule(threshold=0.3), MaskRule(threshold=0.5)])
    answers = guesses(values, np.tile(rules, (4, 1)))
    terms = find_metric("dice").of(task).row_means.terms(target, answers)
    assert terms.tolist() == [[1, 0], [1, 1], [1, 0], [1, 1]]
    cells = task.cells(FORM, values, np.tile(rules, (4, 1)), None, task.sizes)
    assert [cell for (cell,) in cells] == [f"{cell_of(masks[0])}\n" for masks in SHOWN]


def test_pictures_that_share_their_rarest_class_are_a_stratum():
    task, target, _ = read([(NOTHING, RIGHT)] * 3 + [(LEFT, RIGHT), (NOTHING, NOTHING), (LEFT, NOTHING)])
    strata = task.strata(target)
    assert strata.tolist() == [2, 2, 2, 1, 0, 1]


def test_cells_are_written_and_wrong_ones_refused():
    task, target, _ = read()
    cells = task.cells(FORM, task.columns(target), None, None, task.sizes)
    assert cells == [[f"{cell_of(one)}\n{cell_of(other)}"] for one, other in SHOWN]
    task.verify(FORM, cells, list("abcd"))
    with pytest.raises(SubmissionError, match="run lengths that rise"):
        task.verify(FORM, [["5 2 3 1\n"]], ["a"])


def test_an_empty_class_is_written_as_the_files_show():
    cells = [f"a b\t-1\nc\t{cell_of(RIGHT)}"]
    task, *_ = TASKS.get("class_masks").read(replace(contest(cells), classes=CLASSES))
    assert task.empty == "-1"
    nothing = np.zeros((1, task.n_outputs))
    assert task.cells(FORM, nothing, None, None, np.array([SIZE])) == [["-1\n-1"]]
    task, *_ = read([(LEFT, RIGHT)], samples=("a b\t1 1\nc\t1 1",))
    assert task.empty == "1 1"
