"""Networks from scratch in the usual layer notation: "20C5 MP2 50C5 MP2 FC256"."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigError, did_you_mean
from pipeline.networks.layers import norm_layer

FORMS = {
    "20C5": "20 filters of 5x5 and relu, no padding; `20C5s` pads so that the size stays; `/2` strides by 2",
    "FC256": "dense 256 and relu; a map is flattened first",
    "MP2": "2x2 max-pooling, stride 2; `MP3/2` pools 3x3 with stride 2",
    "AP2": "the same with averages",
    "GAP": "average over the whole map",
    "BN": "batch normalisation; right after C or FC it comes before the relu",
    "D0.5": "dropout of one half",
    "CMN": "each row of the map less its own mean",
    "DX": "beside each map what it changes by from left to right",
}

_PATTERNS = {
    "conv": re.compile(r"([1-9]\d*)C([1-9]\d*)(s?)(?:/([1-9]\d*))?"),
    "dense": re.compile(r"FC([1-9]\d*)"),
    "max": re.compile(r"MP([1-9]\d*)(?:/([1-9]\d*))?"),
    "average": re.compile(r"AP([1-9]\d*)(?:/([1-9]\d*))?"),
    "global": re.compile(r"GAP"),
    "norm": re.compile(r"BN"),
    "dropout": re.compile(r"D(0?\.\d+)"),
    "centred": re.compile(r"CMN"),
    "changes": re.compile(r"DX"),
}
CHANGE = 3  # columns that a change is told from
FLAT = ("dense", "global")
_ON_MAPS = ("conv", "max", "average", "global", "centred", "changes")


@dataclass(frozen=True)
class Token:
    """One layer: its kind, its text and the groups of the pattern that it matched."""

    kind: str
    text: str
    groups: tuple[str | None, ...]

    def number(self, group: int) -> int:
        """Returns the group as a whole number; the first one where the group was left out."""
        return int(self.groups[group] or self.groups[0] or 0)


def is_notation(backbone: str) -> bool:
    """Returns whether the text is a list of layers rather than a backbone's name."""
    return " " in backbone.strip() or any(p.fullmatch(backbone.strip()) for p in _PATTERNS.values())


def parse(notation: str) -> list[Token]:
    """Returns the layers of a network.

    Convolutions have no padding, as in the papers that the notation comes from (LeCun et al.,
    1998; Ciresan et al., 2012), and are half as dear for it.

    Raises:
        ConfigError: a layer has no known form, comes where it cannot, or there is none at all.
    """
    tokens: list[Token] = []
    flat = False
    for place, text in enumerate(notation.split(), start=1):
        token = read_token("backbone", text, place, _PATTERNS, FORMS)
        if flat and token.kind in _ON_MAPS:
            raise ConfigError(
                f"backbone: layer {place} ({text!r}) needs a map; {tokens[-1].text!r} before it leaves none."
            )
        flat = flat or token.kind in FLAT
        tokens.append(token)
    if not any(token.kind in ("conv", "dense") for token in tokens):
        raise ConfigError(f"backbone: {notation!r} has no layer that learns.")
    return tokens


def of_maps(tokens: list[Token]) -> list[Token]:
    """Returns the layers before the first that leaves no map."""
    flat = next((place for place, token in enumerate(tokens) if token.kind in FLAT), len(tokens))
    return tokens[:flat]


def read_token(
    key: str, text: str, place: int, patterns: Mapping[str, re.Pattern], forms: Mapping[str, str]
) -> Token:
    """Returns a layer.

    Args:
        key: of the configuration, that an error names.
        text: of the layer.
        place: its number, from 1.
        patterns: by the kind of layer.
        forms: an example of each kind -> what it is.

    Raises:
        ConfigError: it has no known form.
    """
    for kind, pattern in patterns.items():
        if match := pattern.fullmatch(text):
            return Token(kind, text, match.groups())
    raise ConfigError(
        f"{key}: layer {place} is not a known form. Received: {text!r}.{did_you_mean(text, forms)} "
        f"Known: {', '.join(forms)}."
    )


def build(keras: Any, tokens: list[Token], x: Any) -> Any:
    """Returns the output tensor of the layers applied to the standardised pictures x (n, h, w, c).

    Of pictures that are one high, as a series is, they look along it alone: "20C5" has kernels of 1x5.

    Raises:
        ConfigError: the picture is too small for the layer named.
    """
    layers, line = keras.layers, x.shape[1] == 1
    for place, token in enumerate(tokens):
        normed = place + 1 < len(tokens) and tokens[place + 1].kind == "norm"
        if token.kind == "dense" and len(x.shape) > 2:
            x = layers.Flatten()(x)
        x = _make(keras, token, normed, x.shape, line)(x)
        if token.kind in ("conv", "dense") and not normed:
            x = layers.Activation("relu")(x)
        if token.kind == "norm" and place and tokens[place - 1].kind in ("conv", "dense"):
            x = layers.Activation("relu")(x)
    return x


def _make(keras: Any, token: Token, normed: bool, shape: tuple, line: bool) -> Any:
    layers = keras.layers
    if token.kind == "conv":
        filters, width, stride = token.number(0), token.number(1), int(token.groups[3] or 1)
        padding = "same" if token.groups[2] else "valid"
        if padding == "valid":
            _check_room(token, _along(width, line), shape)
        kernel, strides = _along(width, line), _along(stride, line)
        return layers.Conv2D(
            filters, kernel, strides, padding, use_bias=not normed, kernel_initializer="he_normal"
        )
    if token.kind == "dense":
        return layers.Dense(token.number(0), use_bias=not normed, kernel_initializer="he_normal")
    if token.kind in ("max", "average"):
        _check_room(token, _along(token.number(0), line), shape)
        pool = layers.MaxPooling2D if token.kind == "max" else layers.AveragePooling2D
        return pool(_along(token.number(0), line), _along(token.number(1), line))
    if token.kind == "global":
        return layers.GlobalAveragePooling2D()
    if token.kind == "norm":
        return norm_layer(keras)()
    if token.kind == "centred":
        return functools.partial(_centred, keras)
    if token.kind == "changes":
        _check_room(token, _along(CHANGE, line), shape)
        return functools.partial(_with_changes, keras)
    return layers.Dropout(float(token.groups[0] or 0))


def _centred(keras: Any, x: Any) -> Any:
    """Returns each row of each map less its mean; of a spectrogram a band less its mean level.

    That takes away what a microphone, a room or a voice adds at all times. Atal, "Effectiveness of linear
    prediction characteristics of the speech wave for automatic speaker identification and verification",
    1974, section IV, does so with cepstra (cepstral mean normalisation).
    """
    return x - keras.ops.mean(x, axis=2, keepdims=True)


def _with_changes(keras: Any, x: Any) -> Any:
    """Returns maps, and behind them the difference of each point's two neighbours to the right and left.

    Of a spectrogram these are what speech recognition calls deltas: Furui, "Speaker-independent isolated
    word recognition using dynamic features of speech spectrum", 1986. At both ends they are 0.
    """
    changes = keras.ops.pad(x[:, :, 2:] - x[:, :, :-2], ((0, 0), (0, 0), (1, 1), (0, 0)))
    return keras.ops.concatenate([x, changes], axis=-1)


def _along(width: int, line: bool) -> tuple[int, int]:
    """Returns height and width of what a layer looks at: one high on a series."""
    return (1 if line else width), width


def _check_room(token: Token, window: tuple[int, int], shape: tuple) -> None:
    height, width = window
    if shape[1] < height or shape[2] < width:
        raise ConfigError(
            f"backbone: {token.text!r} looks at {height}x{width}, and only {shape[1]}x{shape[2]} are left of "
            "the picture there. Take larger pictures, fewer poolings or padding (`s`)."
        )
