"""Windows of tokens, batches of like length, and what an encoder makes of them."""

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.networks.texts import encoder as encoders
from pipeline.networks.texts.encoder import Encoder, Tokens, misfit, open_encoder, pooled
from pipeline.networks.texts.windows import STEP, TOKENS_PER_BATCH, buckets, mean_by_text, windows_of
from tests.networks.texts.small import BEGIN, END, Letters

LONGEST = 8
TOKENS = Tokens(Letters(LONGEST), LONGEST)


class Sums:
    """A network of two features: mean token and mean segment of those that are none of padding."""

    output_shape = (None, 2)
    input = dict.fromkeys(["token_ids", "segment_ids", "padding_mask"])

    def __init__(self):
        self.shapes = []

    def predict_on_batch(self, seen):
        self.shapes.append(seen["token_ids"].shape)
        mask = seen["padding_mask"]
        both = [(seen[name] * mask).sum(axis=1) / mask.sum(axis=1) for name in ("token_ids", "segment_ids")]
        return np.stack(both, axis=1)


def ignore(fraction, text):
    pass


def test_a_long_text_is_several_windows_of_which_the_first_are_seen():
    found = windows_of(Letters(LONGEST), ["abc", "", "a" * 20], most=2)
    assert found.texts.tolist() == [0, 1, 2, 2]
    assert found.lengths.tolist() == [5, 2, 8, 8]
    assert found.ids[:5].tolist() == [BEGIN, *map(ord, "abc"), END]


def test_padding_is_masked_and_pairs_are_segments():
    found = windows_of(Letters(LONGEST), [("ab", "c")], most=1)
    seen = found.padded(np.array([0]), length=7, pad=9)
    assert seen["token_ids"].tolist() == [[BEGIN, 97, 98, 99, END, 9, 9]]
    assert seen["segment_ids"].tolist() == [[0, 0, 0, 1, 0, 0, 0]]
    assert seen["padding_mask"].tolist() == [[1, 1, 1, 1, 1, 0, 0]]


def test_batches_hold_every_window_once_and_are_filled_up_by_less_than_a_step():
    lengths = np.random.default_rng(0).integers(1, 200, 500)
    seen = []
    for chosen, length, size in buckets(lengths, most=200):
        assert len(chosen) <= size
        assert length * size <= TOKENS_PER_BATCH
        assert lengths[chosen].max() <= length <= 200
        assert (length - lengths[chosen] < STEP).all()
        seen += chosen.tolist()
    assert sorted(seen) == list(range(500))


def test_a_text_is_the_mean_of_its_windows_by_their_tokens():
    values = np.array([[1.0], [2.0], [5.0]], np.float32)
    found = mean_by_text(values, np.array([2.0, 3.0, 1.0]), np.array([0, 1, 1]), 2)
    assert found.ravel().tolist() == [1.0, 2.75]


def test_features_do_not_depend_on_the_texts_beside():
    texts = ["whale", "a", "b" * 30, "", "sea"]
    encoder = Encoder(TOKENS, Sums())
    together = encoder.features(texts, 4, ignore)
    alone = np.concatenate([encoder.features([text], 4, ignore) for text in texts])
    assert together.shape == (5, 2)
    assert np.allclose(together, alone)
    assert encoder.features([], 4, ignore).shape == (0, 2)


def test_every_length_has_one_shape_which_is_traced_once():
    network = Sums()
    Encoder(TOKENS, network).features(["abc"] * 1100, 4, ignore)
    assert len(network.shapes) > 1
    assert len(set(network.shapes)) == 1


def test_the_mean_is_of_what_is_no_padding():
    keras = pytest.importorskip("keras")
    ids = keras.Input((None,), dtype="int32", name="token_ids")
    mask = keras.Input((None,), dtype="int32", name="padding_mask")
    tokens = keras.ops.cast(ids, "float32")[:, :, None]
    backbone = keras.Model({"token_ids": ids, "padding_mask": mask}, {"sequence_output": tokens})
    batch = {"token_ids": np.array([[4, 8, 90]]), "padding_mask": np.array([[1, 1, 0]])}
    assert pooled(keras, backbone, "mean").predict_on_batch(batch).tolist() == [[6.0]]
    assert pooled(keras, backbone, "cls").predict_on_batch(batch).tolist() == [[4.0]]


def test_a_folder_says_what_it_lacks(tmp_path):
    assert "there is no folder" in misfit(tmp_path / "nowhere")
    assert "lacks config.json and tokenizer.json" in misfit(tmp_path)
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    assert "has no weights" in misfit(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert misfit(tmp_path) == ""


def test_without_the_package_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "installed", lambda: False)
    with pytest.raises(ModelError, match="make setup TEXT=1"):
        open_encoder(tmp_path, "mean", 16, 0, 1)


@pytest.mark.skipif(not encoders.installed(), reason="KerasHub is not installed (make setup TEXT=1)")
def test_a_folder_that_kerashub_cannot_read_is_named(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    (tmp_path / "config.json").write_text('{"model_type": "unheard_of"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match="KerasHub cannot read"):
        open_encoder(tmp_path, "mean", 16, 0, 1)
