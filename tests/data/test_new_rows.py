"""A hidden test in the place of the test rows: of any length and order, a block at a time."""

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import Config, DataConfig
from pipeline.data.competition import read_competition
from pipeline.data.new_rows import blocks, read_test
from pipeline.data.source import FolderSource
from pipeline.errors import DataError
from pipeline.testing import write_competition


@pytest.fixture
def root(tmp_path):
    write_competition(tmp_path / "toy", rows=30, test_rows=6)
    return tmp_path / "toy"


def configured(**data):
    section = DataConfig(target="species", **data)
    return Config(competition="toy", metric="log_loss", models={}, data=section)


def shuffle(path, seed):
    pd.read_csv(path, dtype=str).sample(frac=1, random_state=seed).to_csv(path, index=False)


def test_blocks_follow_the_sample_and_carry_their_own_files_and_prior(root):
    config = configured(images="images/{id}.png", broken_pictures="leave_out")
    competition = read_competition(FolderSource(root), config)
    for name, seed in (("test.csv", 1), ("sample_submission.csv", 2)):
        shuffle(root / name, seed)
    (root / "images/0032.png").write_bytes(b"no picture")
    (root / "images/0034.png").unlink()
    new = read_test(FolderSource(root), config, competition)
    asked = pd.read_csv(root / "sample_submission.csv", dtype=str)["id"].tolist()
    assert new.sample_ids.tolist() == asked
    assert sorted(new.by_prior) == ["0032", "0034"]
    table = pd.read_csv(root / "test.csv", dtype={"id": str}).set_index("id")
    seen = []
    for block in blocks(new, 4):
        seen += block.sample_ids.tolist()
        assert sorted([*block.test_ids, *block.by_prior]) == sorted(block.sample_ids)
        assert block.test_pictures == tuple(f"images/{key}.png" for key in block.test_ids)
        np.testing.assert_allclose(block.test["width"], table.loc[block.test_ids, "width"])
    assert seen == asked


def test_columns_of_the_competition_s_own_code_are_made_for_new_rows(root):
    def doubled(table):
        return table.assign(double=table["width"] * 2)

    config = configured()
    competition = read_competition(FolderSource(root), config, doubled)
    new = read_test(FolderSource(root), config, competition, features=doubled)
    np.testing.assert_allclose(new.test["double"], competition.test["double"])
    with pytest.raises(DataError, match="`features` makes no column double"):
        read_test(FolderSource(root), config, competition, features=lambda table: table)


def test_rows_without_ids_take_those_of_the_sample_that_lies_there(root):
    config = configured(number_rows=True)
    test = pd.read_csv(root / "test.csv", dtype=str)
    test.drop(columns="id").to_csv(root / "test.csv", index=False)
    competition = read_competition(FolderSource(root), config)
    sample = pd.read_csv(root / "sample_submission.csv", dtype=str)
    sample.assign(id=[f"new{row}" for row in range(6)]).to_csv(root / "sample_submission.csv", index=False)
    new = read_test(FolderSource(root), config, competition)
    assert new.test_ids.tolist() == [f"new{row}" for row in range(6)]
    np.testing.assert_allclose(new.test["width"], test["width"].astype(float))
    sample[:5].to_csv(root / "sample_submission.csv", index=False)
    with pytest.raises(DataError, match=r"has 6 rows and no 'id', the sample 5 rows"):
        read_test(FolderSource(root), config, competition)


def test_columns_of_the_sample_that_are_handed_in_again_are_those_that_lie_there(root):
    config = configured()
    sample = pd.read_csv(root / "sample_submission.csv", dtype=str)
    sample.insert(1, "note", [f"row {row}" for row in range(6)])
    sample.to_csv(root / "sample_submission.csv", index=False)
    competition = read_competition(FolderSource(root), config)
    sample.assign(note="other").to_csv(root / "sample_submission.csv", index=False)
    new = read_test(FolderSource(root), config, competition)
    assert [block.passing["note"].tolist() for block in blocks(new, 5)] == [["other"] * 5, ["other"]]
    sample[:4].to_csv(root / "sample_submission.csv", index=False)
    with pytest.raises(DataError, match=r"sample_submission.csv lacks ids of test.csv: 0034, 0035"):
        read_test(FolderSource(root), config, competition)
    sample.assign(id=[*sample["id"][:5], "x"]).to_csv(root / "sample_submission.csv", index=False)
    with pytest.raises(DataError, match=r"asks for ids that test.csv lacks: x"):
        read_test(FolderSource(root), config, competition)
