import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.config.schema import Config, FoldsConfig, SubmissionConfig
from pipeline.data.value_range import value_range
from pipeline.errors import ConfigError
from pipeline.metrics import find_metric

GRADES = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 20)[:, None]
PRICES = np.random.default_rng(0).lognormal(3, 1, (100, 1))
RAIN = np.where(np.arange(100) < 30, 0.0, PRICES[:, 0])[:, None]


def bounds(target, metric="rmse", wanted="auto", **folds):
    config = Config(
        competition="toy",
        metric=metric,
        models={},
        folds=FoldsConfig(**folds),
        submission=SubmissionConfig(range=wanted),
    )
    return value_range(config, find_metric(metric), target)


def test_an_end_that_many_rows_share_is_an_end_of_the_scale():
    assert bounds(GRADES) == ((1.0, 5.0),)
    assert bounds(RAIN) == ((0.0, None),)
    assert bounds(PRICES) == ((None, None),), "a trend may go on"
    assert bounds(np.hstack([PRICES, GRADES])) == ((None, None), (1.0, 5.0))


def test_a_few_rows_on_one_value_are_the_luck_of_the_draw():
    target = np.vstack([np.full((3, 1), PRICES.min()), PRICES])
    assert bounds(target) == ((None, None),)


def test_the_metric_has_a_floor():
    assert bounds(PRICES, "rmsle") == ((0.0, None),)
    assert bounds(PRICES - PRICES.min() - 0.5, "rmsle") == ((-0.5, None),), "the rules bear what train holds"
    assert bounds(GRADES, "rmsle") == ((1.0, 5.0),)


def test_what_comes_later_may_pass_any_end():
    assert bounds(GRADES, time="day") == ((None, None),)
    assert bounds(GRADES, "rmsle", time="day") == ((0.0, None),)


def test_the_configuration_decides_where_it_speaks():
    assert bounds(PRICES, wanted="training") == ((PRICES.min(), PRICES.max()),)
    assert bounds(GRADES, "rmsle", wanted="none") == ()
    assert bounds(PRICES, wanted=[0, None]) == ((0.0, None),)
    assert bounds(np.hstack([PRICES, GRADES]), wanted=[0, 9.5]) == ((0.0, 9.5), (0.0, 9.5))


@pytest.mark.parametrize("wanted", ["[5, 1]", "[1]", "[0, 1, 2]", "[1, 1]"])
def test_a_range_that_is_none_is_refused(tmp_path, wanted):
    text = (
        f"competition: toy\nmetric: rmse\nsubmission: {{range: {wanted}}}\nmodels: {{m: {{kind: ridge}}}}\n"
    )
    (tmp_path / "toy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"`submission.range` must be \[low, high\], low below high. Received"
    ):
        load_config(tmp_path / "toy.yaml")
