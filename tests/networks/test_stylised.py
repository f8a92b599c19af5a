"""Stylised pictures: the texture of another training row, the shape of their own, and no other rows'."""

import numpy as np
import pytest

from pipeline.context import Context
from pipeline.errors import ModelError
from pipeline.networks.config import CNNConfig, StylizeConfig
from pipeline.networks.keras_import import load_keras
from pipeline.networks.structure import ExtractorStructure
from pipeline.networks.stylised import maps_of, stylised, stylised_pictures, textures
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

ROWS, SIDE = 20, 8
TRAINED = np.arange(6, ROWS)
LABELS = np.arange(ROWS) % 2
SHAPE = ExtractorStructure("6C3s MP2 8C3s", 1.0, (SIDE, SIDE, 1), "flatten", False)


def pictures(spoiled=()):
    found = np.random.default_rng(0).integers(0, 256, (ROWS, SIDE, SIDE, 1)).astype(np.uint8)
    found[list(spoiled)] = 255 - found[list(spoiled)]
    return found


def learned(pixels, inner=None, kept=None):
    """Returns what a fit on some rows made of them, and what it says of a picture that is always the same.

    What is kept is not made again.
    """
    data = dataset_of(np.arange(ROWS).astype(str), pixels=pixels, pixels_key="same", target=LABELS)
    asked = dataset_of(np.array(["a"]), pixels=pictures()[:1], pixels_key="asked")
    made = []

    def cache(name, key, make):
        made.append((name, make() if kept is None else kept))
        return made[-1][1]

    kind = MODELS.get("cnn")
    section = {"kind": "cnn", "backbone": "4C3s FC5", "epochs": 1, "stylize": {"share": 0.5, "steps": 2}}
    model = kind(kind.Config.model_validate(section), make_task("classification", tuple("ab")))
    model.fit(data.rows(TRAINED), inner and data.rows(inner), Context(seed=1, cache=cache, threads=1))
    [(_, found)] = [one for one in made if one[0] == "stylised"]
    return found, model.predict(asked.rows())


def test_pictures_of_scored_and_inner_rows_give_no_texture():
    scored = np.setdiff1d(np.arange(ROWS), TRAINED)
    found, said = learned(pictures())
    assert found.shape == (1, len(TRAINED), SIDE, SIDE, 1)
    other, other_said = learned(pictures(scored), inner=scored[:3].tolist())
    np.testing.assert_array_equal(found, other)
    np.testing.assert_array_equal(said, other_said)
    np.testing.assert_array_equal(said, learned(pictures(), kept=found)[1])
    different, _ = learned(pictures([TRAINED[0]]))
    assert not np.array_equal(found, different)


def test_a_picture_takes_the_others_texture_and_keeps_its_shape():
    """Of a bright disc and stripes each: the stripes come into the disc, and the disc stays where it is."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    maps = maps_of(SHAPE, [])
    down, across = np.mgrid[:SIDE, :SIDE]
    disc = 60 + 120 * (np.hypot(down - 3.5, across - 3.5) < 3)
    stripes = 255 * (across % 2)
    pair = np.stack([disc, stripes])[..., None].astype(np.uint8)
    found = stylised(StylizeConfig(steps=30, strength=1.0), maps, pair, None, Context(threads=1))

    def off(one, other):
        grams = [textures(keras.ops, maps(keras.ops.convert_to_tensor(x[None] * 1.0))) for x in (one, other)]
        far = [np.linalg.norm(np.asarray(a - b)) / np.linalg.norm(b) for a, b in zip(*grams, strict=True)]
        return np.mean(far)

    assert off(found[0], pair[1]) < 0.8 * off(pair[0], pair[1])
    own = np.corrcoef(found[0].ravel(), pair[0].ravel())[0, 1]
    assert own > 0.5
    assert not np.array_equal(found[0], pair[0])


def test_rows_for_which_there_is_no_time_stay_as_they_are():
    found = stylised(StylizeConfig(), maps_of(SHAPE, []), pictures(), 1e-9, Context(threads=1))
    np.testing.assert_array_equal(found, pictures())


def test_maps_of_layers_and_of_a_known_backbone_are_of_each_size_the_last():
    maps = maps_of(SHAPE, [])
    seen = maps(load_keras().ops.convert_to_tensor(pictures()[:2].astype(np.float32)))
    assert [one.shape for one in seen] == [(2, 8, 8, 6), (2, 4, 4, 8)]
    known = maps_of(ExtractorStructure("mobilenet_v2", 0.35, (32, 32, 1), "avg", False), [])
    found = known(np.zeros((1, 32, 32, 1), np.float32))
    assert [one.shape[1] for one in found] == [16, 8, 4, 2, 1]


def test_numbers_of_arrays_have_no_texture():
    with pytest.raises(ModelError, match=r"stylize: it changes pictures of 8 bits\. Received: float32"):
        stylised_pictures(
            StylizeConfig(), SHAPE, [], np.zeros((2, 8, 8, 1), np.float32), [], "", None, Context()
        )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"backbone": "mobilenet_v2", "finetune": "none"}, "`net.stylize`: draws pictures, and a frozen"),
        ({"backbone": "FC9"}, "`net.stylize`: is of maps, and 'FC9' has no convolution"),
    ],
)
def test_what_cannot_be_stylised_for_is_refused(keys, message):
    assert message in "\n".join(CNNConfig(kind="cnn", stylize={}, **keys).problems("net"))
