import re

import pandas as pd
import pytest

from pipeline.data.source import FolderSource
from pipeline.errors import Problems
from pipeline.inputs.images.names import picture_names

TABLE = pd.DataFrame({"id": ["1", "2"], "place": ["north", "south"]})


@pytest.fixture
def source(tmp_path):
    for name in ("north/1.jpg", "south/2.png", "a/x/1.gif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return FolderSource(tmp_path)


def find(source, pattern):
    problems = Problems()
    return picture_names(TABLE, pattern, source, problems, "train.csv"), problems.messages


def test_stars_stand_for_endings(source):
    assert find(source, "{place}/{id}.*") == (("north/1.jpg", "south/2.png"), [])


@pytest.mark.parametrize(
    "pattern, message",
    [
        ("{place}/{id}.jpg", r"not there: south/2.jpg \(1 in all\)"),
        ("**/{id}.gif", r"not there: \*\*/2.gif \(1 in all\)"),
        ("**/{id}.*", r"there are several files: \*\*/1\.\*\."),
        ("{plce}/{id}.jpg", r"Did you mean 'place'"),
        ("all.jpg", "must name columns of train.csv"),
    ],
)
def test_what_does_not_fit(source, pattern, message):

    _, messages = find(source, pattern)
    assert re.search(message, messages[0])
