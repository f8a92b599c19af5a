import pytest

from pipeline.errors import ConfigError
from pipeline.registry import MODELS, Registry


def test_a_name_is_registered_once():
    registry = Registry("fruit", home="pipeline.tasks.base")
    registry.register("apple")("red")
    with pytest.raises(ValueError, match=r"fruit 'apple' is registered twice"):
        registry.register("apple")("green")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(
        ConfigError, match=r"Unknown model 'lightgmb'. Did you mean 'lightgbm'\? Known: .*xgboost"
    ):
        MODELS.get("lightgmb")


def test_the_first_look_up_imports_the_home():
    assert {"lightgbm", "xgboost", "logistic"} <= set(MODELS.names())
    assert "lightgbm" in MODELS
    assert "nothing" not in MODELS
