"""The network that suits the pictures: pretrained, or from scratch for the smallest."""

from __future__ import annotations

from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, learned_pictures, network_seconds, plan_of, shortened
from pipeline.draft.weights import Weights
from pipeline.models.size import Size
from pipeline.networks.backbones import find_backbone
from pipeline.networks.weights_file import keras_home

BUDGET = 600  # seconds for all fits of the network
TINY = 40  # pixels up to which pictures are too small for a pretrained network
SIZES = (224, 160, 128, 96)  # pixels, of a pretrained network's pictures
SCRATCH_SIZES = (64, 48, 32)
FEWEST_EPOCHS = 3

# Layers -> multiply-adds per pixel of the picture; the best and dearest first.
TINY_NETS = {
    "32C3s BN 32C3s BN MP2 64C3s BN 64C3s BN MP2 D0.3 FC128": 24_000,
    "20C5 MP2 50C5 MP2 FC256": 2_700,
}
SMALLEST_OF_C5 = 16  # pixels that two unpadded 5 x 5 convolutions leave something of
SCRATCH_NET = "16C3s BN MP2 32C3s BN MP2 64C3s BN MP2 128C3s BN GAP D0.3"
SCRATCH_COST = 3_900


def choose_network(size: Size, fits: int, machine: Machine, weights: list[Weights]) -> Chosen:
    """Returns the network for pictures of that size.

    Args:
        size: of the data, pictures included.
        fits: folds times repeats.
        machine: what trains.
        weights: ImageNet weights that can be had.
    """
    height, width = size.picture or (0, 0)
    if max(height, width) <= TINY:
        return _tiny(size, (height, width), fits, machine)
    if not weights:
        return _from_scratch(size, fits, machine)
    return _pretrained(size, min(height, width), fits, machine, weights)


def _tiny(size: Size, shape: tuple[int, int], fits: int, machine: Machine) -> Chosen:
    nets = dict(TINY_NETS)
    if min(shape) < SMALLEST_OF_C5:
        nets = dict(list(nets.items())[:1])
    section: dict[str, Any] = {}
    for net, cost in nets.items():
        section = {"kind": "cnn", "backbone": net, "size": _side(shape)}
        pictures = learned_pictures(plan_of(section, size), size)
        seconds = network_seconds(cost * shape[0] * shape[1], pictures, fits, machine)
        if seconds <= BUDGET:
            break
    said = f"pictures of {shape[1]}x{shape[0]} pixels: a net from scratch"
    usual = plan_of(section, size).epochs
    return shortened(Chosen("cnn", section, said), usual, seconds, BUDGET, FEWEST_EPOCHS)


def _from_scratch(size: Size, fits: int, machine: Machine) -> Chosen:
    for side in SCRATCH_SIZES:
        section = {"kind": "cnn", "backbone": SCRATCH_NET, "size": side}
        pictures = learned_pictures(plan_of(section, size), size)
        seconds = network_seconds(SCRATCH_COST * side**2, pictures, fits, machine)
        if seconds <= BUDGET:
            break
    said = (
        f"no ImageNet weights in {keras_home() / 'models'} and none to be fetched: from scratch. With them, "
        "`backbone: mobilenet_v2, weights: imagenet, size: 160` would do far better"
    )
    usual = plan_of(section, size).epochs
    return shortened(Chosen("cnn", section, said), usual, seconds, BUDGET, FEWEST_EPOCHS)


def _pretrained(size: Size, side: int, fits: int, machine: Machine, weights: list[Weights]) -> Chosen:
    """The largest network that can be fine-tuned in the time, else the cheapest, frozen."""
    options = [(weight, pixels) for weight in weights for pixels in _sizes(weight, side)]
    plan = plan_of(_section(*options[0]), size)  # it follows from the rows, whatever the network
    seen = learned_pictures(plan, size)
    for weight, pixels in sorted(options, key=lambda option: -option[0].multiply_adds):
        seconds = network_seconds(_cost(weight, pixels), seen, fits, machine)
        if plan.top and seconds <= BUDGET:
            return _chosen(weight, _section(weight, pixels), "fine-tuned", seconds)
    for weight, pixels in sorted(options, key=lambda option: -_cost(*option)):
        # a frozen network reads every picture once, forward only
        seconds = network_seconds(_cost(weight, pixels), (size.rows + size.test_rows) / 3, 1, machine)
        if seconds <= BUDGET / 2:
            break
    section = _section(weight, pixels)
    if plan.top == 0:
        return _chosen(weight, section, f"frozen ({plan.reasons['finetune']})", seconds)
    how = "frozen, as fine-tuning would take too long"
    return _chosen(weight, {**section, "finetune": "none"}, how, seconds)


def _sizes(weight: Weights, side: int) -> list[int]:
    least = max(find_backbone(weight.backbone).smallest, min(SIZES))
    return [pixels for pixels in SIZES if least <= pixels <= max(least, 1.3 * side)]


def _cost(weight: Weights, pixels: int) -> float:
    return weight.multiply_adds * 1e6 * (pixels / 224) ** 2


def _section(weight: Weights, pixels: int) -> dict[str, Any]:
    section: dict[str, Any] = {"kind": "cnn", "backbone": weight.backbone}
    if weight.alpha != 1:
        section["alpha"] = weight.alpha
    return section | {"weights": "imagenet", "size": pixels}


def _chosen(weight: Weights, section: dict[str, Any], how: str, seconds: float) -> Chosen:
    source = "weights are there" if weight.found else "weights will be fetched"
    return Chosen("cnn", section, f"ImageNet {source}; {how}; about {max(1, round(seconds / 60))} min")


def _side(shape: tuple[int, int]) -> int | list[int]:
    return shape[0] if shape[0] == shape[1] else list(shape)
