import pytest

from pipeline.networks.config import CNNConfig


def problems(**keys) -> str:
    return "\n".join(CNNConfig(kind="cnn", **keys).problems("models.cnn"))


def test_defaults_and_plain_choices_are_accepted():
    assert problems() == ""
    assert problems(backbone="20C5 MP2 FC10", tta="flips", augment="light") == ""


@pytest.mark.parametrize(
    "keys, message",
    [
        (
            {"backbone": "mobilenet_v4"},
            "`models.cnn.backbone`: Unknown backbone 'mobilenet_v4'. Did you mean",
        ),
        ({"backbone": "20C5 XX"}, "`models.cnn.backbone`: layer 2 is not a known form"),
        ({"alpha": 0.3}, "ImageNet weights of mobilenet_v2 exist for 0.35"),
        ({"backbone": "resnet50", "alpha": 0.5}, "resnet50 has no width multiplier"),
        ({"size": 16}, "needs at least 32 pixels. Received: 16"),
        ({"weights": "no/such.h5"}, "`models.cnn.weights`: no such file. Received: 'no/such.h5'"),
        ({"backbone": "FC3", "weights": "imagenet"}, "a network from scratch starts from none"),
        ({"epochs": 0}, "`models.cnn.epochs`: must be at least 1. Received: 0"),
        ({"learning_rate": -1.0}, "`models.cnn.learning_rate`: must be above 0"),
        ({"weights": "none", "finetune": "none"}, "must be trained whole"),
        ({"adversarial": {"size": 2}, "finetune": "none"}, "`models.cnn.adversarial`: moves pictures, and"),
        ({"sam": 0.05, "awp": {}}, "`models.cnn.awp`: and `sam` both move the weights"),
        ({"backbone": "FC3", "batch_norm": "frozen"}, "has no statistics to keep"),
        ({"patience": 3, "averaging": "ema"}, "early stopping keeps the best epoch"),
        ({"snapshots": 3, "schedule": "constant"}, "are the ends of cosine cycles"),
        ({"target": "points", "mix": "mixup"}, "cannot be mixed"),
        ({"target": "box", "head": "arcface"}, "arcface is for classes"),
        ({"swap_points": [[0, 1]]}, "is for `target: points`"),
        ({"augment": "lite"}, "models.cnn.augment: unknown set 'lite'. Did you mean 'light'"),
        ({"tta": "flip"}, "`models.cnn.tta`: Unknown test-time set 'flip'. Did you mean 'flips'"),
    ],
)
def test_each_mistake_is_named(keys, message):
    assert message in problems(**keys)


def test_all_mistakes_come_at_once():
    found = CNNConfig(kind="cnn", epochs=0, size=8, tta="x").problems("m")
    assert len(found) == 3


@pytest.mark.parametrize(
    "keys, kind, uses",
    [
        ({}, "imagenet", []),
        ({"backbone": "FC3"}, "none", []),
        ({"weights": "weights/v2.h5"}, "file", []),
        ({"weights": "localiser"}, "model", ["localiser"]),
    ],
)
def test_weights_name_a_source(keys, kind, uses):
    config = CNNConfig(kind="cnn", **keys)
    assert (config.weights_kind, config.uses()) == (kind, uses)


def test_picture_size():
    assert CNNConfig(kind="cnn", backbone="xception").picture_size() == (299, 299)
    assert CNNConfig(kind="cnn", size=[64, 128]).picture_size() == (64, 128)
    assert CNNConfig(kind="cnn", backbone="FC3").picture_size() is None
