"""Masks of classes are found where a column names them, and where the ids do."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.competition import Competition
from pipeline.data.submission import submission_text, verify_submission
from pipeline.draft.class_masks import find_classes
from pipeline.errors import SubmissionError
from pipeline.tasks.rle import RunLengths
from tests.dense.discs import CLASSES, SIDE, class_disc, write_class_masks
from tests.draft.test_draft_masks import drafted


@pytest.mark.parametrize("in_ids", [True, False], ids=["in ids", "a column"])
def test_classes_are_found_and_every_row_is_handed_in(tmp_path, in_ids):
    table = write_class_masks(tmp_path / "files", in_ids)
    config, competition = drafted(tmp_path)
    assert (config.data.task, config.metric) == ("class_masks", "dice")
    assert config.data.classes == ("{id}_{class}" if in_ids else "class")
    assert competition.task.outputs == CLASSES
    assert competition.ids.tolist() == [f"p{row:02d}.png" for row in range(12)]
    for row in range(12):
        for single, mask in zip(competition.task.singles, class_disc(row)[1].values(), strict=True):
            assert ((single.known.labels(row) > 0) == mask).all()
    competition.save(tmp_path)
    competition = Competition.load(tmp_path)
    truth = np.array([np.dstack([*class_disc(row)[1].values()]) for row in range(12, 16)])
    values = np.zeros((4, competition.task.n_outputs), np.float16)
    values[:] = truth.reshape(4, -1)
    text = submission_text(competition, values, None, config.submission)
    verify_submission(text, competition)
    (tmp_path / "answers.csv").write_text(text)
    sample = pd.read_csv(tmp_path / "files" / "sample_submission.csv", dtype=str)
    answers = pd.read_csv(tmp_path / "answers.csv", dtype=str)
    named = [name for name in sample if name != "rle"]
    assert answers[named].equals(sample[named])
    wanted = table.set_index(named)["rle"].loc[answers.set_index(named).index]
    assert answers["rle"].fillna("").tolist() == wanted.tolist()
    head, first, *rest = text.splitlines(keepends=True)
    for wrong in ("".join([head, *rest, first]), text.replace(rest[0], "")):
        with pytest.raises(SubmissionError, match="sample's"):
            verify_submission(wrong, competition)


def test_what_is_not_there_for_every_picture_is_no_class():
    masks = [RunLengths().write(np.eye(SIDE)[:, : 2 + row]) for row in range(8)]
    ids = [f"p{row}_{number}" for row in range(4) for number in (1, 2)]
    table, sample = (pd.DataFrame({"id": ids, "rle": cells}) for cells in (masks, "1 1"))
    assert find_classes(sample, "id", [table]).value == "{id}_{class}"
    assert find_classes(sample[1:], "id", [table]) is None
    assert find_classes(sample, "id", [table.assign(rle="7")]) is None
    objects = pd.DataFrame({"id": ["a", "a", "b"], "rle": masks[:3]})
    assert find_classes(objects.assign(rle="1 1"), "id", [objects]) is None
