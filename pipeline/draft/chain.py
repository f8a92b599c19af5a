"""A chain of networks where boxes, points or masks are known: find the thing, turn it upright, tell it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, learned_pictures, network_seconds, plan_of
from pipeline.draft.drawn import Drawn
from pipeline.draft.drawn_masks import MaskNotes
from pipeline.draft.unet import choose_unet
from pipeline.models.size import Size
from pipeline.tasks.mask import Mask

FINDER = {
    "coordinates": "bins",
    "bins": 24,
    "size": 64,
    "backbone": "16C3s BN MP2 32C3s BN MP2 48C3s BN MP2 64C3s BN FC128 BN",
    "dropout": 0.0,
    "batch_size": 16,
    "learning_rate": 0.003,
}
MASK_SIDES = (128, 96, 64)  # pixels, at most, of the longer side of what the network of masks sees
FINDER_COST = 3_000  # multiply-adds per pixel
MARGIN = 0.3  # around a box, for a network that looks closer
AROUND = 2.0  # sides of a crop, in distances of the two points


def make_chain(drawn: Drawn, network: Chosen, size: Size, fits: int, machine: Machine) -> list[Chosen]:
    """Returns the networks that find what was drawn, and the one that sees what they found.

    Args:
        drawn: what the training pictures have coordinates of.
        network: for the pictures, without a view.
        size: of the data.
        fits: folds times repeats.
        machine: what trains.
    """
    chain: list[Chosen] = []
    view: dict[str, Any] = {}
    if drawn.boxes:
        section = _finder("box", drawn.boxes.value, view)
        chain.append(Chosen("localiser", section, _reason(drawn.boxes.reason, section, size, fits, machine)))
        view = {"by": "localiser"}
    if drawn.points and drawn.axis:
        closer = {**view, "margin": MARGIN} if view else {}
        section = _finder("points", drawn.points.value, closer)
        chain.append(Chosen("aligner", section, _reason(drawn.points.reason, section, size, fits, machine)))
        view = {"by": "aligner", "axis": [0, 1], "width": AROUND, "height": AROUND}
    if drawn.masks:
        chain.append(_mask_finder(drawn.masks, size, fits, machine))
        view = {"by": "masks", "margin": MARGIN}
    if not chain:
        return [network]
    seen = "the box around the mask" if drawn.masks else "the box that was found"
    if "axis" in view:
        first, second = (name.rpartition("_")[0] or name for name in drawn.names[:4:2])
        seen = f"turned so that {first} lies left and {second} right"
    return [*chain, Chosen(network.name, {**network.section, "view": view}, f"{seen}; {network.reason}")]


def _mask_finder(masks: MaskNotes, size: Size, fits: int, machine: Machine) -> Chosen:
    """Returns the network that learns where to look from masks: coarse ones do."""
    learned = replace(size, rows=masks.rows, kind=Mask.kind)
    chosen = choose_unet(learned, fits, machine, [], MASK_SIDES)
    kind = {"kind": chosen.section["kind"], "annotations": masks.where.value}
    return Chosen("masks", {**kind, **chosen.section}, f"{masks.where.reason}; {chosen.reason}")


def _finder(target: str, annotations: str, view: dict[str, Any]) -> dict[str, Any]:
    section: dict[str, Any] = {"kind": "cnn", "target": target, "annotations": annotations}
    return {**section, **({"view": view} if view else {}), **FINDER}


def _reason(known: str, section: dict[str, Any], size: Size, fits: int, machine: Machine) -> str:
    pictures = learned_pictures(plan_of(section, size), size)
    seconds = network_seconds(FINDER_COST * FINDER["size"] ** 2, pictures, fits, machine)  # type: ignore[operator]
    return f"{known}; about {max(1, round(seconds / 60))} min for all its fits"
