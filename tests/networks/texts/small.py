"""Stand-ins of an encoder's parts, so that no package is needed: letters as tokens, two blocks."""

from types import SimpleNamespace

from pipeline.networks.keras_import import load_keras
from pipeline.networks.texts.encoder import Tokens

BEGIN, END, PAD = 1, 2, 0
WIDTH = 6
MOST = 128  # tokens of the stand-in


class Letters:
    """A tokenizer whose tokens are letters, that cuts windows as the real one does."""

    def __init__(self, longest):
        self.longest = longest

    def encode_batch(self, input):
        return [self._encode(text) for text in input]

    def _encode(self, text):
        first, second = text if isinstance(text, tuple) else (text, "")
        tokens = [(ord(letter) % MOST, 0) for letter in first]
        tokens += [(ord(letter) % MOST, 1) for letter in second]
        size = self.longest - 2
        parts = [tokens[start : start + size] for start in range(0, max(len(tokens), 1), size)]
        found = [
            SimpleNamespace(
                ids=[BEGIN, *(token for token, _ in part), END],
                type_ids=[0, *(segment for _, segment in part), 0],
                overflowing=[],
            )
            for part in parts
        ]
        found[0].overflowing = found[1:]
        return found[0]


def small_backbone(folder=None):
    """A network with the form of KerasHub's: embeddings, two blocks, a norm; the same weights each time."""
    keras = load_keras()
    keras.utils.set_random_seed(7)
    names = ("token_ids", "segment_ids", "padding_mask")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    words = keras.layers.Embedding(MOST, WIDTH, name="token_embedding")
    states = words(inputs["token_ids"])
    states = states + keras.layers.Embedding(2, WIDTH, name="segment_embedding")(inputs["segment_ids"])
    for number in range(2):
        states = states + keras.layers.Dense(WIDTH, activation="tanh", name=f"small_layer_{number}")(states)
    states = keras.layers.LayerNormalization(name="last_norm")(states)
    backbone = keras.Model(inputs, states)
    backbone.token_embedding = words
    return backbone


def small_tokens(folder, longest, stride):
    return Tokens(Letters(min(longest, 64)), min(longest, 64), PAD)
