"""The generated outlines: the same bytes again, other days for the test, whales where the masks say so."""

import cv2
import numpy as np
import pandas as pd
import pytest

from competitions.whale_masks import prepare
from competitions.whale_masks.sample import TEST_DAYS, write_masks
from pipeline.tasks.rle import RunLengths


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "whale_masks"
    write_masks(root, pictures=24, days=8)
    return root


def test_a_mask_is_where_the_whale_is(sample):
    table = pd.read_csv(sample / "train.csv", dtype=str, keep_default_na=False)
    filled = table[table["rle_mask"] != ""]
    assert 0 < len(filled) < len(table)
    for name, cell in zip(filled["Image"], filled["rle_mask"], strict=True):
        picture = cv2.imread(str(sample / "imgs" / name))
        mask = RunLengths().read(cell, picture.shape[:2]) > 0
        assert 0.01 < mask.mean() < 0.5
        assert np.median(picture[mask]) < np.median(picture[~mask])  # a wet whale is dark


def test_the_test_is_of_other_days(sample):
    train, truth = (pd.read_csv(sample / name, dtype=str) for name in ("train.csv", "truth.csv"))
    assert not set(train["day"]) & set(truth["day"])
    assert truth["day"].nunique() == TEST_DAYS
    assert pd.read_csv(sample / "sample_submission.csv")["Image"].tolist() == truth["Image"].tolist()


def test_the_same_arguments_draw_the_same_bytes(sample, tmp_path):
    write_masks(tmp_path / "again", pictures=24, days=8)
    for path in sorted(sample.rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(sample)).read_bytes()
    assert prepare(sample) is None
