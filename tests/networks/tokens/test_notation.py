"""Layers of a network of texts: what is refused, and that filling up changes no answer."""

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.networks.keras_import import load_keras
from pipeline.networks.tokens.notation import FORMS, build, parse


@pytest.mark.parametrize(
    ("notation", "said"),
    [
        ("", "the first layer, and it alone, embeds"),
        ("C8k3 GM", "the first layer, and it alone, embeds"),
        ("E8 E8 GM", "the first layer, and it alone, embeds"),
        ("E8 C8k3", "there must be one of GM, GA, AT"),
        ("E8 GM GA", "there must be one of GM, GA, AT"),
        ("E8 FC4 GA", "'FC4' cannot stand before"),
        ("E8 GA C8k3", "'C8k3' cannot stand after"),
        ("E8 T3 GA", "'T3' has as many heads as do not divide the 8"),
        ("E8 Q4 GA", "layer 2 is not a known form. Received: 'Q4'"),
    ],
)
def test_what_cannot_be_built_is_refused(notation, said):
    with pytest.raises(ConfigError, match=said):
        parse(notation)


def test_every_form_that_is_told_of_is_known():
    tokens = parse(" ".join(form for form in FORMS if form not in ("GA", "AT")))
    assert len({token.kind for token in tokens}) == len(FORMS) - 2


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("notation", ["E4 PE T2 LN C5k3 GM", "E4 MP3 C4k3 C4k3 GA", "E4 C4k3 AT"])
def test_what_fills_a_batch_up_changes_no_answer(notation):
    keras = load_keras()
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, build(keras, parse(notation), ids, 10, "table"))
    short = np.array([[3, 4, 5, 6, 7], [8, 9, 0, 0, 0]], np.int32)
    found, filled = model(short), model(np.pad(short, ((0, 0), (0, 11))))
    np.testing.assert_allclose(filled, found, atol=1e-5)
    assert not np.allclose(found[0], found[1])


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("layer", ["G3", "L3"])
def test_both_directions_are_read_from_the_last_token_and_not_from_what_fills_up(layer):
    keras = load_keras()
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, build(keras, parse(f"E4 {layer} GM"), ids, 10, "table"))
    assert model.output_shape == (None, 6)
    found, filled = model(np.array([[3, 4]], np.int32)), model(np.array([[3, 4, 0, 0]], np.int32))
    np.testing.assert_allclose(filled, found, atol=1e-5)
