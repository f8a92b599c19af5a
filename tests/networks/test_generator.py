"""A generator draws pictures of each class, of training rows alone, and batches take a share of them."""

import numpy as np
import pytest

from pipeline.context import Context
from pipeline.errors import ModelError
from pipeline.networks.config import CNNConfig, GenerateConfig
from pipeline.networks.generator import DRAWN, drawn_pictures
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

ROWS, SIDE = 24, 6
LABELS = np.arange(ROWS) % 2
TRAINED = np.arange(6, ROWS)
SECTION = {"kind": "cnn", "backbone": "4C3s FC5", "epochs": 1, "generate": {"share": 0.5, "steps": 3}}


def pictures(spoiled=()):
    """Dark pictures of the first class, bright ones of the second, noise on both; some rows spoiled."""
    noise = np.random.default_rng(0).integers(0, 40, (ROWS, SIDE, SIDE, 1))
    found = (noise + 200 * LABELS[:, None, None, None]).astype(np.uint8)
    found[list(spoiled)] = 255 - found[list(spoiled)]
    return found


class Cache:
    """A cache in memory, of one array."""

    def __init__(self, kept=None):
        self.drawn = kept

    def __call__(self, name, key, make):
        assert name == "drawn"
        if self.drawn is None:
            self.drawn = make()
        return self.drawn


def learned(pixels, inner=None, kept=None):
    """Returns what a fit on some rows drew, and what it says of a picture that is always the same."""
    data = dataset_of(np.arange(ROWS).astype(str), pixels=pixels, pixels_key="same", target=LABELS)
    asked = dataset_of(np.array(["a"]), pixels=pictures()[:1], pixels_key="asked")
    kind, cache = MODELS.get("cnn"), Cache(kept)
    model = kind(kind.Config.model_validate(SECTION), make_task("classification", tuple("ab")))
    model.fit(data.rows(TRAINED), inner and data.rows(inner), Context(seed=1, cache=cache, threads=1))
    return cache.drawn, model.predict(asked.rows())


def test_pictures_of_scored_and_inner_rows_never_reach_the_generator():
    scored = np.setdiff1d(np.arange(ROWS), TRAINED)
    drawn, said = learned(pictures())
    for spoiled in (scored[:3], scored[3:]):
        other, other_said = learned(pictures(spoiled), inner=spoiled.tolist())
        np.testing.assert_array_equal(drawn, other)
        np.testing.assert_array_equal(said, other_said)
    np.testing.assert_array_equal(said, learned(pictures(), kept=drawn)[1])
    different, _ = learned(pictures([TRAINED[0]]))
    assert not np.array_equal(drawn, different)


def test_drawn_pictures_are_those_of_their_class():
    config, labels = GenerateConfig(steps=300, code=4), LABELS[TRAINED]
    drawn = drawn_pictures(config, pictures(), TRAINED, labels, "toy", None, Context(threads=1)).shown
    assert drawn.shape == (DRAWN, len(TRAINED), SIDE, SIDE, 1)
    means = drawn.mean(axis=(0, 2, 3, 4))
    assert means[labels == 0].max() < 80 < 160 < means[labels == 1].min()
    assert len(np.unique(drawn.reshape(-1, SIDE * SIDE), axis=0)) > len(TRAINED)


def test_a_limit_in_time_ends_the_generators_training():
    told = []
    context = Context(threads=1, report=lambda fraction, text: told.append(text))
    config = GenerateConfig(steps=10**7)
    found = drawn_pictures(config, pictures(), TRAINED, LABELS[TRAINED], "toy", 1e-9, context)
    assert found.shown.shape == (DRAWN, len(TRAINED), SIDE, SIDE, 1)
    assert not any("epoch 2/" in text for text in told)


def test_pictures_that_are_too_large_are_refused():
    with pytest.raises(ModelError, match=r"at most 64 pixels a side\. Received: 65 by 6 of uint8"):
        drawn_pictures(
            GenerateConfig(), np.zeros((2, 65, 6, 1), np.uint8), np.arange(2), LABELS[:2], "", None, Context()
        )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"backbone": "mobilenet_v2", "finetune": "none"}, "`net.generate`: draws pictures, and a frozen"),
        ({"target": "box", "annotations": "x.csv"}, "`net.generate`: draws pictures of classes. Received"),
    ],
)
def test_what_cannot_be_drawn_for_is_refused(keys, message):
    section = CNNConfig(kind="cnn", generate={}, **keys)
    assert message in "\n".join(section.problems("net"))


def test_it_is_for_classes_alone():
    assert CNNConfig(kind="cnn", generate={}).needs_task()["generate"] == ("classification",)
