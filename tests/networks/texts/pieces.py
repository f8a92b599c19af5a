"""Stand-ins of an encoder that points: pieces of words as tokens, blocks that look at neighbours."""

import re
import zlib
from types import SimpleNamespace

from pipeline.networks.keras_import import load_keras
from pipeline.networks.texts.encoder import Tokens
from pipeline.networks.texts.head import token_mean

BEGIN, END, PAD, FIRST = 1, 2, 0, 3
MOST, WIDTH = 512, 24
PIECE = re.compile(r"\w{1,4}|[^\w\s]")


class Pieces:
    """A tokenizer of pieces of at most four letters; windows share `stride`, a pair's first leads each."""

    def __init__(self, longest, stride=0):
        self.longest, self.stride = longest, stride

    def encode_batch(self, input, add_special_tokens=True):
        return [self._encode(text) for text in input]

    def _encode(self, text):
        first, second = text if isinstance(text, tuple) else (None, text)
        leading = [] if first is None else [*pieces(first, 0), special(END, 0)]
        own = pieces(second, int(first is not None))
        room = self.longest - 2 - len(leading)
        step = max(room - self.stride, 1)
        starts = range(0, max(len(own) - self.stride, 1), step)
        found = [self._window([*leading, *own[start : start + room]]) for start in starts]
        found[0].overflowing = found[1:]
        return found[0]

    def _window(self, tokens):
        tokens = [special(BEGIN, 0), *tokens, special(END, tokens[-1].segment if tokens else 0)]
        return SimpleNamespace(
            ids=[token.number for token in tokens],
            type_ids=[token.segment for token in tokens],
            offsets=[token.place for token in tokens],
            sequence_ids=[token.sequence for token in tokens],
            overflowing=[],
        )


def pieces(text, sequence):
    return [
        SimpleNamespace(
            number=FIRST + zlib.crc32(match[0].lower().encode()) % (MOST - FIRST),
            segment=sequence,
            sequence=sequence,
            place=match.span(),
        )
        for match in PIECE.finditer(text)
    ]


def special(number, segment):
    return SimpleNamespace(number=number, segment=segment, sequence=None, place=(0, 0))


def piece_tokens(folder, longest, stride):
    return Tokens(Pieces(longest, stride), longest, PAD)


def looking_backbone(folder=None):
    """A network with the form of KerasHub's whose blocks look at neighbours and at all tokens."""
    keras = load_keras()
    keras.utils.set_random_seed(7)
    names = ("token_ids", "segment_ids", "padding_mask")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    mask = inputs["padding_mask"]
    words = keras.layers.Embedding(MOST, WIDTH, name="token_embedding")
    states = words(inputs["token_ids"])
    states = states + keras.layers.Embedding(2, WIDTH, name="segment_embedding")(inputs["segment_ids"])
    for number in range(2):
        look = keras.layers.Conv1D(WIDTH, 5, padding="same", activation="relu", name=f"small_layer_{number}")
        states = states + look(states)
        every = keras.layers.Dense(WIDTH, name=f"every_{number}")(token_mean(keras, states, mask))
        states = states + every[:, None, :]
    states = keras.layers.LayerNormalization(name="last_norm")(states)
    backbone = keras.Model(inputs, states)
    backbone.token_embedding = words
    return backbone
