"""RandAugment: a few of fourteen changes for each picture, all of one strength.

Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", 2020,
arXiv:1909.13719: two numbers, how many and how strong, take the place of a list with a range for each change.
"""

from __future__ import annotations

import math
from typing import Any

NAME = "randaugment"
MOST_N, MOST_M = 10, 10.0  # changes of a picture; the strength at which the paper's ranges end
DEFAULTS = {"n": 2, "m": 9}
# What the strongest change is, as in the paper's code.
TURN, SHEAR, SHIFT = 30.0, 0.3, 0.45  # degrees; parts of the height or width
FACTOR = 0.9  # by which colour, contrast, brightness and sharpness grow or shrink
BITS, FEWEST_BITS = 8, 4


def wrong_numbers(arguments: object) -> list[tuple[str, str]]:
    """Returns what is wrong with the arguments: (the argument or "", why)."""
    if not isinstance(arguments, dict):
        return [("", f"needs {{n: how many, m: how strong}}. Received: {arguments!r}.")]
    wrong = [
        (str(name), f"unknown argument. Accepted: {', '.join(DEFAULTS)}.")
        for name in arguments
        if name not in DEFAULTS
    ]
    n, m = (arguments.get(name, DEFAULTS[name]) for name in DEFAULTS)
    if type(n) is not int or not 1 <= n <= MOST_N:
        wrong.append(("n", f"must be a whole number from 1 to {MOST_N}. Received: {n!r}."))
    if isinstance(m, bool) or not isinstance(m, int | float) or not 0 <= m <= MOST_M:
        wrong.append(("m", f"must be a number from 0 to {MOST_M:g}. Received: {m!r}."))
    return wrong


def searched(augment: object) -> dict[str, dict[str, Any]]:
    """Returns the part of a search space by which the two numbers of an `augment` change; {} without them."""
    if not isinstance(augment, dict):
        return {}
    return {f"augment.{NAME}.n": {"int": [1, 3]}, f"augment.{NAME}.m": {"int": [1, int(MOST_M)]}}


def rand_augment(n: int, m: float) -> dict[str, Any]:
    """Returns the item of a list of augmentations, in the form in which a YAML would state it.

    Changes that have a direction (left or right, more or less) take either of the two. What a picture lacks
    at its border is its reflection, as in the named sets; in the paper it is grey.

    Args:
        n: changes of each picture, any of them twice too.
        m: strength, 0 to 10.
    """
    share = m / MOST_M
    slant = math.degrees(math.atan(SHEAR * share))
    changes: list[Any] = [
        {"NoOp": {"p": 1.0}},
        {"AutoContrast": {"method": "pil", "p": 1.0}},
        {"Equalize": {"mode": "pil", "p": 1.0}},
        {"Solarize": {"threshold_range": [1.0 - share] * 2, "p": 1.0}},
        {"Posterize": {"num_bits": BITS - round((BITS - FEWEST_BITS) * share), "p": 1.0}},
        _either(lambda sign: _moved(rotate=[sign * TURN * share] * 2)),
        *(_either(lambda sign, axis=axis: _moved(shear=_along(axis, sign * slant, 0.0))) for axis in "xy"),
        *(
            _either(lambda sign, axis=axis: _moved(translate_percent=_along(axis, sign * SHIFT * share, 0.0)))
            for axis in "xy"
        ),
        *(
            _either(lambda sign, of=of: _coloured(of, 1.0 + sign * FACTOR * share))
            for of in ("saturation", "contrast", "brightness")
        ),
        _one_of(_sharpened(share), _blurred(share)),
    ]
    return {"SomeOf": {"transforms": changes, "n": n, "replace": True, "p": 1.0}}


def _either(change: Any) -> dict[str, Any]:
    return _one_of(change(1.0), change(-1.0))


def _one_of(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"OneOf": {"transforms": list(changes), "p": 1.0}}


def _along(axis: str, value: float, other: float) -> dict[str, list[float]]:
    return {name: [value if name == axis else other] * 2 for name in "xy"}


def _moved(**how: Any) -> dict[str, Any]:
    return {"Affine": {**how, "border_mode": "BORDER_REFLECT_101", "p": 1.0}}


def _coloured(of: str, factor: float) -> dict[str, Any]:
    none = {"brightness": [1.0, 1.0], "contrast": [1.0, 1.0], "saturation": [1.0, 1.0], "hue": [0.0, 0.0]}
    return {"ColorJitter": {**none, of: [factor] * 2, "p": 1.0}}


def _sharpened(share: float) -> dict[str, Any]:
    return {"Sharpen": {"alpha": [FACTOR * share] * 2, "lightness": [1.0, 1.0], "p": 1.0}}


def _blurred(share: float) -> dict[str, Any]:
    return {"GaussianBlur": {"sigma_limit": [max(0.1, share)] * 2, "blur_limit": 0, "p": 1.0}}
