import numpy as np
import pandas as pd
import pytest

from pipeline.config.metric import MetricConfig
from pipeline.config.schema import Config, DataConfig
from pipeline.data.competition import Competition, read_competition
from pipeline.data.source import FolderSource
from pipeline.errors import DataError
from pipeline.metrics import facts_of

TRAIN = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "sales": ["1", "2", "4", "8"],
        "size": ["3", "5", "4", "1"],
        "holiday": ["TRUE", "FALSE", " true ", "FALSE"],
        "phase": ["0", "1", "0.0", "1"],
        "store": ["x", "y", "y", "x"],
        "importance": ["0.5", "2", "0", "1e1"],
    }
)

TWO = TRAIN.assign(sales=["0", "1", "0", "1"])


@pytest.fixture
def read(tmp_path):
    def read(train=TRAIN, **said):
        train.to_csv(tmp_path / "train.csv", index=False)
        TRAIN[["id", "size"]].to_csv(tmp_path / "test.csv", index=False)
        TRAIN[["id", "sales"]].to_csv(tmp_path / "sample_submission.csv", index=False)
        metric = MetricConfig(**{"kind": "mae", **said}) if said else "mae"
        config = Config(competition="toy", metric=metric, models={}, data=DataConfig(target="sales"))
        return read_competition(FolderSource(tmp_path), config)

    return read


def test_weights_groups_and_rows_are_read(read):
    facts = facts_of(read(weights="importance", groups="store", rows={"phase": "0"}).target)
    assert facts.weights.tolist() == [0.5, 2.0, 0.0, 10.0]
    assert facts.groups.tolist() == [0, 1, 1, 0]
    assert facts.counted.tolist() == [True, False, True, False]
    assert facts_of(read().target) is None


def test_a_weight_per_value_of_a_column(read):
    facts = facts_of(read(weights={"holiday": {"True": 5.0, "False": 1.0}}).target)
    assert facts.weights.tolist() == [5.0, 1.0, 5.0, 1.0]
    assert facts.groups is None
    assert facts.counted is None


def test_subgroups_are_shares_of_half_and_more(read):
    table = TWO.assign(man=["0.5", "", "0", "1"], woman=["0", "1", "0.49", "0"])
    facts = facts_of(read(table, kind="auc", subgroups=["man", "woman"]).target)
    assert facts.subgroups.T.tolist() == [[True, False, False, True], [False, True, False, False]]


def test_several_columns_say_together_which_rows_count(read):
    facts = facts_of(read(rows={"phase": ["0", "1"], "store": "x"}).target)
    assert facts.counted.tolist() == [True, False, False, True]


def test_they_survive_the_disk(read, tmp_path):
    competition = read(weights="importance", groups="store")
    competition.save(tmp_path)
    loaded = Competition.load(tmp_path)
    assert np.array_equal(loaded.target, competition.target)
    assert facts_of(loaded.target).weights.tolist() == [0.5, 2.0, 0.0, 10.0]
    assert facts_of(loaded.target).groups.tolist() == [0, 1, 1, 0]
    assert facts_of(loaded.target).counted is None


def test_rows_without_a_target_take_their_facts_along(read, tmp_path):
    train = TRAIN.assign(sales=["1", "", "4", "8"])
    train.to_csv(tmp_path / "train.csv", index=False)
    TRAIN[["id", "size"]].to_csv(tmp_path / "test.csv", index=False)
    TRAIN[["id", "sales"]].to_csv(tmp_path / "sample_submission.csv", index=False)
    data = DataConfig(target="sales", missing_targets="leave_out")
    metric = MetricConfig(kind="mae", weights="importance")
    config = Config(competition="toy", metric=metric, models={}, data=data)
    assert facts_of(read_competition(FolderSource(tmp_path), config).target).weights.tolist() == [0.5, 0, 10]


@pytest.mark.parametrize(
    "said, message",
    [
        (
            {"weights": "importanc"},
            r"`metric.weights`: train.csv has no column 'importanc'. Did you mean 'impo",
        ),
        ({"groups": "shop"}, r"`metric.groups`: train.csv has no column 'shop'"),
        ({"rows": {"phas": "0"}}, r"`metric.rows`: train.csv has no column 'phas'. Did you mean 'phase'\?"),
        ({"weights": "store"}, r"`metric.weights`: a value of 'store' is no number: x, y"),
        ({"weights": {"store": {"x": 1.0}}}, r"`metric.weights`: a value of 'store' has no weight: y"),
        (
            {"weights": {"store": {"x": -1.0, "y": 1.0}}},
            r"`metric.weights`: those of 'store' must be 0 or more",
        ),
        ({"weights": {"store": {"x": 0.0, "y": 0.0}}}, r"must be 0 or more, and some above 0"),
        ({"rows": {"phase": ["0", "7"]}}, r"`metric.rows`: 'phase' is '7' in no training row"),
        (
            {"train": TWO, "kind": "auc", "subgroups": ["importanc"]},
            r"`metric.subgroups`: train.csv has no column 'importanc'",
        ),
        (
            {"train": TWO, "kind": "auc", "subgroups": ["store"]},
            r"`metric.subgroups`: 'store' must be 0.5 or more in some rows",
        ),
        ({"rows": {"store": "x", "size": "5"}}, r"`metric.rows`: no training row counts"),
    ],
)
def test_columns_that_say_nothing_are_refused(read, said, message):
    with pytest.raises(DataError, match=message):
        read(**said)
