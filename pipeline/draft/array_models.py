"""Networks that suit arrays: along the steps of a series, over pictures of any values and over slices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, learned_pictures, network_seconds, plan_of, shortened
from pipeline.inputs.arrays.shape import Shape
from pipeline.models.size import Size
from pipeline.networks.notation import parse
from pipeline.registry import MODELS

BUDGET = 900  # seconds for all fits of a network
FEWEST_EPOCHS = 5
SMALL = 40  # pixels up to which pictures keep their size longer, as digits want
SMALL_NET = "32C3s BN 32C3s BN MP2 64C3s BN 64C3s BN MP2 D0.3 FC128"
FILTERS, WIDTH = (32, 64, 128), 7  # of a series' network
LEFT = 4  # steps or pixels that the last layer looks over at least
LONG = 64  # steps from which one pooling takes four


def array_network(shape: Shape, size: Size, fits: int, metric: str, machine: Machine) -> Chosen:
    """Returns the network for arrays of that shape, with as many epochs as the time allows.

    Args:
        shape: (height, width, channels).
        size: of the data.
        fits: folds times repeats.
        metric: decides what is minimised.
        machine: what trains.
    """
    series = shape[0] == 1
    net = _along(shape[1]) if series else _over(min(shape[:2]), max(shape[:2]))
    section: dict[str, Any] = {"kind": "cnn", "inputs": ["arrays"], "backbone": net}
    section |= MODELS.get("cnn").settings_for(metric)
    plan = plan_of(section, replace(size, picture=shape[:2]))
    seconds = network_seconds(multiply_adds(net, shape), learned_pictures(plan, size), fits, machine)
    seen = f"{shape[1]} steps" if series else f"{shape[0]}x{shape[1]} values"
    said = f"from scratch, on {seen} of {shape[2]} channel{'s' * (shape[2] > 1)}, normalised"
    return shortened(Chosen("cnn", section, said), plan.epochs, seconds, BUDGET, FEWEST_EPOCHS)


def multiply_adds(notation: str, shape: Shape) -> float:
    """Returns the multiply-adds of one array, forward, of a network whose convolutions pad.

    Args:
        notation: its layers.
        shape: (height, width, channels) of the array.
    """
    height, width, channels = shape
    total = 0.0
    for token in parse(notation):
        if token.kind == "conv":
            kernel = token.number(1) * (token.number(1) if height > 1 else 1)
            total += height * width * channels * kernel * token.number(0)
            channels = token.number(0)
        elif token.kind == "max":
            height, width = max(1, height // token.number(0)), max(1, width // token.number(0))
        elif token.kind == "global":
            height = width = 1
        elif token.kind == "dense":
            total += height * width * channels * token.number(0)
            height, width, channels = 1, 1, token.number(0)
    return total


def _along(steps: int) -> str:
    """Returns layers along a series, of which the pooling leaves a few steps."""
    layers = []
    for filters in FILTERS:
        layers.append(f"{filters}C{WIDTH}s BN")
        pool = 4 if steps >= LONG else 2
        if filters != FILTERS[-1] and steps // pool >= LEFT:
            layers.append(f"MP{pool}")
            steps //= pool
    return " ".join([*layers, "GAP D0.3"])


def _over(short: int, long: int) -> str:
    """Returns layers over pictures, of which the pooling leaves a few values."""
    if long <= SMALL and short >= LEFT:
        return SMALL_NET
    layers = []
    for filters in (16, 32, 64, 128):
        layers.append(f"{filters}C3s BN")
        if filters < 128 and short // 2 >= LEFT:
            layers.append("MP2")
            short //= 2
    return " ".join([*layers, "GAP D0.3"])
