"""Networks of texts in layer notation: "E64 D0.2 C64k5 GM"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pipeline.errors import ConfigError
from pipeline.networks.notation import Token, read_token
from pipeline.networks.texts.head import pool_tokens, token_mean

FORMS = {
    "E64": "each token in 64 numbers; the first layer",
    "PE": "adds a learned vector of the place in the text, up to 512",
    "C64k5": "64 filters of 5 tokens and relu, padded",
    "G64": "GRU in both directions, 64 units each",
    "L64": "LSTM in both directions, 64 units each",
    "T4": "transformer block of 4 heads: attention and a dense layer four times as wide, norms before them",
    "MP2": "most of 2 tokens side by side",
    "LN": "normalises each token",
    "D0.5": "dropout of one half of the numbers",
    "DT0.1": "dropout of whole tokens",
    "GM": "most over all tokens: leaves no tokens",
    "GA": "mean over all tokens",
    "AT": "mean over all tokens by learned attention",
    "FC64": "dense 64 and relu; after GM, GA or AT",
}
_PATTERNS = {
    "embedding": re.compile(r"E([1-9]\d*)"),
    "places": re.compile(r"PE"),
    "conv": re.compile(r"C([1-9]\d*)k([1-9]\d*)"),
    "gru": re.compile(r"G([1-9]\d*)"),
    "lstm": re.compile(r"L([1-9]\d*)"),
    "block": re.compile(r"T([1-9]\d*)"),
    "pairs": re.compile(r"MP([1-9]\d*)"),
    "norm": re.compile(r"LN"),
    "dropout": re.compile(r"D(0?\.\d+)"),
    "drop_tokens": re.compile(r"DT(0?\.\d+)"),
    "most": re.compile(r"GM"),
    "mean": re.compile(r"GA"),
    "attention": re.compile(r"AT"),
    "dense": re.compile(r"FC([1-9]\d*)"),
}
KEY = "layers"  # of the configuration, that an error names
POOLS = ("most", "mean", "attention")
_ANYWHERE = ("dropout", "norm")
PLACES = 512  # that have a vector; later ones share the last
FAR = 1e9  # below whatever a token holds
_WIDENS = ("conv", "gru", "lstm")


def is_pointing(notation: str) -> bool:
    """Says whether layers leave the tokens as they are, of which one is then pointed at: there is no pool."""
    return not any(_PATTERNS[kind].fullmatch(text) for text in notation.split() for kind in POOLS)


def parse(notation: str, pointing: bool = False) -> list[Token]:
    """Returns the layers of a network of texts.

    Args:
        notation: words with spaces between them.
        pointing: whether tokens are pointed at: nothing may put them together.

    Raises:
        ConfigError: a layer has no known form, or comes where it cannot.
    """
    tokens = [
        read_token(KEY, text, place, _PATTERNS, FORMS) for place, text in enumerate(notation.split(), 1)
    ]
    if not tokens or tokens[0].kind != "embedding" or any(one.kind == "embedding" for one in tokens[1:]):
        raise ConfigError(f"{KEY}: the first layer, and it alone, embeds: `E64`. Received: {notation!r}.")
    pools = [place for place, token in enumerate(tokens) if token.kind in POOLS]
    if pointing:
        if joins := [token.text for token in tokens if token.kind in (*POOLS, "pairs", "dense")]:
            raise ConfigError(
                f"{KEY}: a span is pointed at, and {joins[0]!r} leaves no token by itself. "
                f"Received: {notation!r}."
            )
    elif len(pools) != 1:
        raise ConfigError(f"{KEY}: there must be one of GM, GA, AT. Received: {notation!r}.")
    width = tokens[0].number(0)
    for place, token in enumerate(tokens):
        after = bool(pools) and place > pools[0]
        if after != (token.kind == "dense") and token.kind not in _ANYWHERE and place not in pools:
            where = "before" if token.kind == "dense" else "after"
            raise ConfigError(
                f"{KEY}: {token.text!r} cannot stand {where} GM, GA or AT. Received: {notation!r}."
            )
        if token.kind == "block" and width % token.number(0):
            raise ConfigError(
                f"{KEY}: {token.text!r} has as many heads as do not divide the {width} numbers of a token. "
                f"Received: {notation!r}."
            )
        if token.kind in _WIDENS:
            width = token.number(0) * (1 if token.kind == "conv" else 2)
    return tokens


def build(
    keras: Any,
    tokens: list[Token],
    ids: Any,
    rows: int,
    name: str,
    beside: Callable[[Any], Any] | None = None,
) -> Any:
    """Returns what the layers make of tokens.

    What fills a batch up is 0 after every layer, so that no answer depends on how much there is of it.

    Args:
        keras: the module.
        tokens: as `parse` returns them.
        ids: int32 (texts, tokens), 0 where there is none.
        rows: of the table of embeddings.
        name: of that table.
        beside: what is made of the embedded tokens before the other layers; None: nothing.

    Returns:
        (texts, width); (texts, tokens, width) where nothing puts the tokens together.
    """
    ops, layers = keras.ops, keras.layers
    there = ops.not_equal(ids, 0)
    x = ids
    for token in tokens:
        mask = ops.cast(there, "float32")[:, :, None]
        if token.kind == "embedding":
            x = layers.Embedding(rows, token.number(0), name=name)(x) * mask
            x = x if beside is None else beside(x) * mask
        elif token.kind == "most":
            x = ops.max(x + (mask - 1.0) * FAR, axis=1)
        elif token.kind == "mean":
            x = token_mean(keras, x, there)
        elif token.kind == "attention":
            x = pool_tokens(keras, [x], there, "attention")
        elif token.kind == "pairs":
            x, there = _side_by_side(keras, token.number(0), x, mask)
        elif token.kind == "dense":
            x = layers.Dense(token.number(0), activation="relu", kernel_initializer="he_normal")(x)
        elif len(x.shape) == 2:
            x = _each(keras, token, x)
        else:
            x = _tokenwise(keras, token, x, there) * mask
    return x


def _side_by_side(keras: Any, size: int, x: Any, mask: Any) -> tuple[Any, Any]:
    """Returns the most of tokens side by side, and which are there; counted from the beginning of a text."""
    ops, pool = keras.ops, keras.layers.MaxPooling1D(size)

    def pooled(values: Any, empty: float) -> Any:
        return pool(ops.pad(values, ((0, 0), (0, size - 1), (0, 0)), constant_values=empty))

    there = pooled(mask, 0.0)
    return pooled(x + (mask - 1.0) * FAR, -FAR) * there, ops.squeeze(there, -1) > 0.5


def _each(keras: Any, token: Token, x: Any) -> Any:
    if token.kind == "norm":
        return keras.layers.LayerNormalization()(x)
    return keras.layers.Dropout(float(token.groups[0] or 0))(x)


def _tokenwise(keras: Any, token: Token, x: Any, there: Any) -> Any:
    """Returns (texts, tokens, width) of the same tokens."""
    layers = keras.layers
    if token.kind in ("norm", "dropout"):
        return _each(keras, token, x)
    if token.kind == "drop_tokens":
        return layers.Dropout(float(token.groups[0] or 0), noise_shape=(None, None, 1))(x)
    if token.kind == "conv":
        filters, width = token.number(0), token.number(1)
        return layers.Conv1D(
            filters, width, padding="same", activation="relu", kernel_initializer="he_normal"
        )(x)
    if token.kind in ("gru", "lstm"):
        kind = layers.GRU if token.kind == "gru" else layers.LSTM
        return layers.Bidirectional(kind(token.number(0), return_sequences=True))(x, mask=there)
    if token.kind == "places":
        ops = keras.ops
        places = ops.minimum(ops.cumsum(ops.ones_like(x[:, :, 0], dtype="int32"), axis=1) - 1, PLACES - 1)
        return x + layers.Embedding(PLACES, x.shape[-1])(places)
    return _block(keras, x, there, token.number(0))


def _block(keras: Any, x: Any, there: Any, heads: int) -> Any:
    """Returns a block with norms before its parts (Xiong et al., ICML 2020, figure 1b)."""
    layers, width = keras.layers, x.shape[-1]
    normed = layers.LayerNormalization()(x)
    x = x + layers.MultiHeadAttention(heads, width // heads)(normed, normed, attention_mask=there[:, None, :])
    wide = layers.Dense(4 * width, activation="gelu")(layers.LayerNormalization()(x))
    return x + layers.Dense(width)(wide)
