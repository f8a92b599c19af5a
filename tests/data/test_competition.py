from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.config.schema import Config, DataConfig, FoldsConfig
from pipeline.data.competition import Competition, read_competition
from pipeline.data.located import BROKEN, BY_PRIOR
from pipeline.data.new_rows import read_rows
from pipeline.data.source import FolderSource
from pipeline.data.tables import NO_TARGET
from pipeline.errors import DataError
from pipeline.tasks.base import make_task
from pipeline.testing import write_competition


@pytest.fixture
def root(tmp_path):
    write_competition(tmp_path / "toy", rows=30, test_rows=6)
    return tmp_path / "toy"


def read(root, folds=None, features=None, **data):
    settings = {"target": "species", "images": "images/{id}.png", **data}
    config = Config(
        competition="toy",
        metric="log_loss",
        models={},
        data=DataConfig(**settings),
        folds=folds or FoldsConfig(),
    )
    return read_competition(FolderSource(root), config, features)


def test_everything_is_read(root):
    competition = read(root)
    assert competition.task.outputs == ("kind_0", "kind_1", "kind_2")
    assert list(competition.train.columns) == ["width", "shade", "place"] == list(competition.test.columns)
    assert competition.pictures[0] == "images/0000.png"
    assert competition.ids[:2].tolist() == ["0000", "0001"]
    assert competition.splitter is None


def test_it_survives_the_disk(root, tmp_path):
    competition = read(root, folds=FoldsConfig(group="place"))
    (tmp_path / "saved").mkdir()
    competition.save(tmp_path / "saved")
    loaded = Competition.load(tmp_path / "saved")
    pd.testing.assert_frame_equal(loaded.train, competition.train)
    np.testing.assert_array_equal(loaded.splitter, competition.splitter)
    assert (loaded.task, loaded.answer, loaded.pictures) == (
        competition.task,
        competition.answer,
        competition.pictures,
    )


def test_more_columns_of_the_sample_survive_the_disk(root, tmp_path):
    sample = pd.read_csv(root / "sample_submission.csv", dtype=str)
    sample.insert(1, "note", [f"row {row}" for row in range(len(sample))])
    sample.to_csv(root / "sample_submission.csv", index=False)
    competition = read(root)
    assert competition.header == tuple(sample.columns)
    assert "note" not in competition.answer.columns
    (tmp_path / "saved").mkdir()
    competition.save(tmp_path / "saved")
    loaded = Competition.load(tmp_path / "saved")
    assert loaded.header == competition.header
    pd.testing.assert_frame_equal(loaded.passing, sample[["note"]])
    assert read(root, id="id").passing["note"].tolist() == sample["note"].tolist()


def test_dropped_columns_and_the_group_are_not_seen(root):
    competition = read(root, folds=FoldsConfig(group="place"), drop=["shade"])
    assert list(competition.train.columns) == ["width"]


def test_an_id_that_is_seen_is_a_column_of_every_table(root, tmp_path):
    assert "id" not in read(root).train.columns
    competition = read(root, see_id=True)
    assert competition.train["id"].tolist() == competition.ids.tolist()
    assert competition.test["id"].tolist() == competition.test_ids.tolist()
    assert "id" in competition.kinds
    pd.read_csv(root / "test.csv", dtype=str).head(2).to_csv(tmp_path / "new.csv", index=False)
    config = Config(competition="toy", metric="log_loss", models={}, data=DataConfig(see_id=True))
    new = read_rows(FolderSource(tmp_path), "new.csv", config, competition)
    assert new.test["id"].tolist() == new.test_ids.tolist()


def test_pictures_alone_leave_no_table(root):
    assert read(root, drop=["width", "shade", "place"]).train is None


def test_features_of_the_competition_are_added(root):
    competition = read(root, features=lambda table: table.assign(double=table["width"] * 2))
    assert "double" in competition.test.columns
    with pytest.raises(DataError, match=r"`features` must keep all 30 rows. Received: 10"):
        read(root, features=lambda table: table.head(10))


def test_dates_order_the_rows(root):
    table = pd.read_csv(root / "train.csv", dtype={"id": str})
    table["day"] = pd.date_range("2024-01-01", periods=30).strftime("%Y-%m-%d")
    table.to_csv(root / "train.csv", index=False)
    moments = read(root, folds=FoldsConfig(time="day")).splitter
    assert (np.diff(moments) > 0).all()
    table["day"] = "yesterday"
    table.to_csv(root / "train.csv", index=False)
    with pytest.raises(DataError, match=r"values that are no dates: yesterday"):
        read(root, folds=FoldsConfig(time="day"))


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"images": "images/{id}.jpg"}, r"pictures that are not there: images/0000.jpg, .* \(30 in all\)"),
        ({"images": "images/{ids}.png"}, r"must name columns .*Did you mean 'id'"),
        ({"images": "images/all.png"}, r"must name columns"),
        ({"drop": ["shdae"]}, r"`data.drop`: train.csv has no column 'shdae'. Did you mean 'shade'"),
        ({"columns": {"plce": "category"}}, r"`data.columns`: .*Did you mean 'place'"),
        ({"folds": FoldsConfig(group="plce")}, r"`folds.group`: .*no column 'plce'. Did you mean 'place'"),
    ],
)
def test_what_does_not_fit(root, settings, expected):
    with pytest.raises(DataError, match=expected):
        read(root, **settings)


def test_all_of_it_at_once(root):
    with pytest.raises(DataError, match=r"(?s)`data.drop`.*pictures that are not there"):
        read(root, drop=["nothing_like_it"], images="x/{id}.png")


def test_test_pictures_may_lie_elsewhere(root):
    (root / "more").mkdir()
    for key in pd.read_csv(root / "test.csv", dtype=str)["id"]:
        (root / "images" / f"{key}.png").rename(root / "more" / f"{key}.png")
    competition = read(root, test_images="more/{id}.png")
    assert competition.pictures[0] == "images/0000.png"
    assert competition.test_pictures[0] == "more/0030.png"
    with pytest.raises(DataError, match=r"test.csv: pictures that are not there: images/0030.png"):
        read(root)


def break_pictures(root, *keys):
    for key in keys:
        (root / "images" / f"{key}.png").write_bytes(b"no picture")


def test_broken_pictures_are_left_out_where_the_configuration_says_so(root, tmp_path):
    break_pictures(root, "0003", "0031")
    (root / "images" / "0005.png").unlink()
    whole = read(root, images=None)
    found = read(root, broken_pictures="leave_out")
    assert found.left_out == {BROKEN: ("0003", "0005"), BY_PRIOR: ("0031",)}
    kept = [row for row in range(30) if row not in (3, 5)]
    assert found.ids.tolist() == whole.ids[kept].tolist()
    assert found.target.tolist() == whole.target[kept].tolist()
    assert found.train["width"].tolist() == whole.train["width"].iloc[kept].tolist()
    assert found.pictures == tuple(f"images/{row:04d}.png" for row in kept)
    assert found.test_ids.tolist() == ["0030", "0032", "0033", "0034", "0035"]
    assert found.test_pictures[1] == "images/0032.png"
    assert found.sample_ids.tolist() == whole.sample_ids.tolist()
    assert any("cannot be decoded: 2 (0003, 0005)" in line for line in found.lines())
    (tmp_path / "saved").mkdir()
    found.save(tmp_path / "saved")
    assert Competition.load(tmp_path / "saved").left_out == found.left_out


def test_nothing_is_left_of_pictures_that_lie_elsewhere(root):
    with pytest.raises(DataError, match=r"No training row is left: .*cannot be decoded, all 30"):
        read(root, images="x/{id}.png", broken_pictures="leave_out")


def test_rows_without_a_target_are_left_out_where_the_configuration_says_so(root):
    table = pd.read_csv(root / "train.csv", dtype=str)
    table.loc[[2, 7], "species"] = ""
    table.to_csv(root / "train.csv", index=False)
    with pytest.raises(
        DataError, match=r"without a 'species': 0002, 0007. `data.missing_targets: leave_out`"
    ):
        read(root)
    found = read(root, missing_targets="leave_out")
    assert found.left_out == {NO_TARGET: ("0002", "0007")}
    assert found.ids.tolist() == [f"{row:04d}" for row in range(30) if row not in (2, 7)]
    assert len(found.target) == len(found.train) == len(found.pictures) == 28


def test_new_rows_with_broken_pictures_are_named_for_the_prior(root):
    settings = {"target": "species", "images": "images/{id}.png", "broken_pictures": "leave_out"}
    config = Config(competition="toy", metric="log_loss", models={}, data=DataConfig(**settings))
    competition = read_competition(FolderSource(root), config)
    break_pictures(root, "0030")
    new = read_rows(FolderSource(root), "test.csv", config, competition)
    assert new.by_prior == ("0030",)
    assert new.test_ids.tolist()[0] == "0031"
    assert len(new.test) == len(new.test_pictures) == 5


@pytest.mark.parametrize(
    "kind, target, log, expected",
    [
        ("classification", np.array([0, 0, 0, 1]), False, [0.75, 0.25, 0.0]),
        ("multilabel", np.array([[0.0, 1.0], [1.0, 1.0]]), False, [0.5, 1.0]),
        ("regression", np.array([[1.0], [4.0]]), False, [2.5]),
        ("regression", np.array([[0.0], [3.0]]), True, [1.0]),
    ],
)
def test_the_prior_is_the_mean_answer(root, kind, target, log, expected):
    outputs = ("a", "b", "c") if kind == "classification" else tuple("ab"[: target.shape[1]])
    competition = replace(read(root), task=make_task(kind, outputs, log), target=target)
    np.testing.assert_allclose(competition.prior(), expected, atol=1e-5)
