import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.networks.keras_import import load_keras
from pipeline.networks.notation import FORMS, build, is_notation, parse


def test_every_documented_form_is_read():
    tokens = parse("20C5 BN MP2 30C3s/2 AP2 MP3/2 GAP D0.5 FC256")
    assert [token.kind for token in tokens] == [
        "conv", "norm", "max", "conv", "average", "max", "global", "dropout", "dense",
    ]  # fmt: skip
    for form in FORMS:
        parse(f"{form} FC2")


def test_numbers_and_strides():
    conv, pool = parse("30C3s/2 MP3")
    assert conv.groups == ("30", "3", "s", "2")
    assert (pool.number(0), pool.number(1)) == (3, 3)


@pytest.mark.parametrize(
    "notation, message",
    [
        ("20C5 MPX FC10", r"layer 2 is not a known form. Received: 'MPX'"),
        ("FC10 20C5", r"layer 2 \('20C5'\) needs a map; 'FC10' before it leaves none"),
        ("GAP MP2 FC3", r"layer 2 \('MP2'\) needs a map"),
        ("MP2 D0.5", r"has no layer that learns"),
        ("20C5 D1.5 FC2", r"Received: 'D1.5'"),
    ],
)
def test_mistakes_name_the_layer(notation, message):
    with pytest.raises(ConfigError, match=message):
        parse(notation)


@pytest.mark.parametrize(
    "text, expected",
    [("FC64", True), ("20C5 MP2", True), ("mobilenet_v2", False), ("MobileNetV2", False)],
)
def test_names_are_told_from_layers(text, expected):
    assert is_notation(text) is expected


def test_rows_are_centred_and_changes_stand_beside_them():
    keras = load_keras()
    inputs = keras.Input((3, 4, 1))
    tokens = parse("CMN DX FC1")[:2]
    seen = keras.Model(inputs, build(keras, tokens, inputs))
    rows = np.array([[1.0, 2.0, 4.0, 9.0], [5.0] * 4, [0.0] * 4], np.float32)
    centred, changes = np.moveaxis(keras.ops.convert_to_numpy(seen(rows[None, ..., None]))[0], -1, 0)
    assert centred.tolist() == [[-3.0, -2.0, 0.0, 5.0], [0.0] * 4, [0.0] * 4]
    assert changes.tolist() == [[0.0, 3.0, 7.0, 0.0], [0.0] * 4, [0.0] * 4]


def test_a_level_at_all_times_changes_nothing_behind_both():
    keras = load_keras()
    inputs = keras.Input((3, 5, 1))
    seen = keras.Model(inputs, build(keras, parse("CMN DX 2C3s GAP"), inputs))
    clips = np.random.default_rng(0).normal(size=(2, 3, 5, 1)).astype(np.float32)
    louder = clips + np.array([1.0, -2.0, 4.0], np.float32)[:, None, None]
    np.testing.assert_allclose(seen(clips), seen(louder), atol=1e-5)


def test_layers_look_along_a_series_and_pictures_stay_as_they_were():
    keras = load_keras()

    def built(height, notation):
        inputs = keras.Input((height, 16, 2))
        return keras.Model(inputs, build(keras, parse(notation), inputs))

    series = built(1, "4C5 MP2 3C3s/2 GAP")
    assert [tuple(weight.shape) for weight in series.weights][::2] == [(1, 5, 2, 4), (1, 3, 4, 3)]
    assert series.layers[1].output.shape == (None, 1, 12, 4)
    assert tuple(built(16, "4C5s GAP").weights[0].shape) == (5, 5, 2, 4)
    with pytest.raises(ConfigError, match=r"'MP2' looks at 2x2, and only 1x8"):
        built(2, "4C5s MP2 MP2 GAP")
