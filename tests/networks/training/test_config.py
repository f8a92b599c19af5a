"""Keys of steps: what is refused, and what a step is made of."""

import pytest
from pydantic import ValidationError

from pipeline.networks.training.config import NetworkConfig
from pipeline.networks.training.step import StepStructure


def config(**keys):
    return NetworkConfig(kind="any", **keys)


def test_nothing_is_done_unless_it_is_set():
    assert config().problems("m") == []
    assert config().step() == StepStructure()
    assert config().step().passes == 1


@pytest.mark.parametrize(
    ("keys", "passes"),
    [
        ({"sam": 0.05}, 2),
        ({"awp": {}}, 2),
        ({"adversarial": {"size": 1}}, 2),
        ({"sam": 0.05, "adversarial": {"size": 1}}, 4),
    ],
)
def test_passes_of_a_step_are_counted(keys, passes):
    assert config(**keys).problems("m") == []
    assert config(**keys).step().passes == passes


def test_keys_become_a_step():
    made = config(awp={"size": 0.01, "begin": 3}, adversarial={"size": 2, "share": 0.3}).step()
    assert made == StepStructure(awp=0.01, begin=3, adversarial=2, share=0.3)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"sam": 0.05, "awp": {}}, "`m.awp`: and `sam` both move the weights before the slope is taken"),
        ({"sam_adaptive": True}, "`m.sam_adaptive`: is a way of `sam`, which is not set."),
    ],
)
def test_what_does_not_go_together_is_said(keys, said):
    (message,) = config(**keys).problems("m")
    assert message.startswith(said)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"sam": 0}, r"\nsam\n.*greater than 0"),
        ({"sam": -0.1}, r"\nsam\n.*greater than 0"),
        ({"awp": {"size": 0}}, r"\nawp.size\n.*greater than 0"),
        ({"awp": {"begin": 0}}, r"\nawp.begin\n.*greater than or equal to 1"),
        ({"awp": 0.1}, r"\nawp\n.*valid dictionary"),
        ({"adversarial": {}}, r"\nadversarial.size\n.*required"),
        ({"adversarial": {"size": -1}}, r"\nadversarial.size\n.*greater than 0"),
        ({"adversarial": {"size": 1, "share": 0}}, r"\nadversarial.share\n.*greater than 0"),
        ({"adversarial": {"size": 1, "share": 1.1}}, r"\nadversarial.share\n.*less than or equal to 1"),
    ],
)
def test_sizes_that_are_none_are_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        config(**keys)


@pytest.mark.parametrize("key", ["sam", "awp", "adversarial"])
def test_another_backend_is_told_before_work_starts(monkeypatch, key):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    value = {"sam": 0.05, "awp": {}, "adversarial": {"size": 1}}[key]
    (message,) = config(**{key: value}).problems("m")
    assert (
        message == f"`m.{key}`: is there with KERAS_BACKEND=tensorflow only. Received: KERAS_BACKEND=torch."
    )
    assert config().problems("m") == []
