"""Paired folders are found where the sample has a row for each pixel, and nowhere else."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.config.load import load_config
from pipeline.data.competition import Competition, read_competition
from pipeline.data.source import open_source
from pipeline.draft.cost import Machine
from pipeline.draft.draft import make_draft
from pipeline.draft.files import Asked
from pipeline.draft.findings import Surroundings
from pipeline.draft.pairs import find_pairs
from tests.dense.pages import SIZES, packed, page, write_pages


def drafted(root, place, **asked):
    around = Surroundings(Machine(threads=2), root / "no weights", fetching=False)
    config = load_config(make_draft("toy", place, Asked(**asked), around).write(root / "configs", force=True))
    return config, read_competition(open_source(place, config.data.train), config)


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_pages_and_their_clean_ones(tmp_path, zipped):
    truth = write_pages(tmp_path / "files")
    config, competition = drafted(tmp_path, packed(tmp_path / "files") if zipped else tmp_path / "files")
    data = config.data
    assert (data.task, config.metric) == ("image", "pixel_rmse")
    assert (data.train, data.answers) == ("train/{id}.png", "train_cleaned/{id}.png")
    assert (data.test, data.test_images) == ("sampleSubmission.csv", "test/{id}.png")
    assert config.models["unet"].tiles
    assert sorted(map(int, competition.ids)) == list(range(1, 10))
    for row, key in enumerate(competition.ids):
        seed = int(key) - 1
        assert (competition.task.known.picture(row) == page(seed, SIZES[seed % 2])[1]).all()
    assert competition.test_ids.tolist() == list(truth)
    assert competition.test_sizes.tolist() == [list(clean.shape) for clean in truth.values()]
    assert len(competition.pixel_rows) == sum(clean.size for clean in truth.values())
    competition.save(tmp_path)
    again = Competition.load(tmp_path)
    assert again.pixel_rows == competition.pixel_rows
    assert again.task == competition.task


@pytest.mark.parametrize("given, expected", [("rmse", "pixel_rmse"), ("pixel_mae", "pixel_mae")])
def test_a_metric_of_values_is_one_of_pixels(tmp_path, given, expected):
    write_pages(tmp_path / "files", rows=4)
    assert drafted(tmp_path, tmp_path / "files", metric=given)[0].metric == expected


def test_what_are_no_pairs(tmp_path):
    root = tmp_path / "files"
    write_pages(root, rows=4)
    source = open_source(root, "")
    assert find_pairs(source, "sampleSubmission.csv").count == 4
    for name, text in (
        ("other.csv", "id,value\n10,1\n11,1\n"),
        ("wide.csv", "id,value,more\n10_1_1,1,2\n"),
        ("strange.csv", "id,value\nnobody_1_1,1\n"),
    ):
        (root / name).write_text(text)
        assert find_pairs(open_source(root, ""), name) is None
    for file in (root / "train_cleaned").iterdir():
        Image.fromarray(np.zeros((7, 7), np.uint8)).save(file)
    assert find_pairs(open_source(root, ""), "sampleSubmission.csv") is None


def test_ids_that_count_within_a_table_are_no_pixels(tmp_path):
    ids = [f"a_{row}_1" for row in range(4)]
    pd.DataFrame({"id": ids, "value": 1}).to_csv(tmp_path / "sample.csv", index=False)
    assert find_pairs(open_source(tmp_path, ""), "sample.csv") is None
