import numpy as np
import pytest

from pipeline.networks.config import CNNConfig
from pipeline.networks.plan import make_plan


def plan(n, classes, **keys):
    return make_plan(CNNConfig(kind="cnn", **keys), np.arange(n) % classes)


@pytest.mark.parametrize("n, classes, top", [(100, 2, 0), (300, 10, 30), (800, 99, -1), (900, 450, 0)])
def test_finetune_follows_the_number_of_pictures_and_says_why(n, classes, top):
    made = plan(n, classes)
    assert made.top == top
    assert f"{n} training pictures" in made.reasons["finetune"]


def test_a_frozen_backbone_has_head_epochs_only():
    made = plan(800, 10, finetune="none")
    assert (made.epochs, made.adapt) == (0, False)
    assert made.head_epochs >= 15


def test_a_network_from_scratch_has_one_phase():
    made = plan(800, 10, backbone="20C5 FC10")
    assert (made.top, made.head_epochs, made.adapt, made.augment) == (-1, 0, True, "none")


def test_epochs_shrink_as_pictures_grow():
    epochs = [plan(n, 10, finetune="all").epochs for n in (500, 5_000, 50_000, 500_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[-1] >= 3


def test_what_the_config_says_is_taken():
    made = plan(
        800, 10, finetune=7, epochs=2, learning_rate=0.1, batch_size=8, augment="heavy", pooling="max"
    )
    assert (made.top, made.epochs, made.rate, made.batch) == (7, 2, 0.1, 8)
    assert (made.augment, made.pooling) == ("heavy", "max")
    assert "finetune" not in made.reasons


def test_a_batch_is_never_larger_than_the_rows():
    assert plan(5, 2).batch == 5
