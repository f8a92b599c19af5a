"""Networks that suit sound: on spectrograms, seen coarsely."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, learned_pictures, network_seconds, plan_of, shortened
from pipeline.models.size import Size
from pipeline.registry import MODELS

NET = "24C3s BN MP2 48C3s BN MP2 96C3s BN MP2 128C3s BN GAP D0.3"
FRONTS = {  # of the network, and what they show of a spectrogram
    "cnn": ("", "as it is"),
    "changes": ("CMN DX ", "each band less its mean, and its changes, so less of who speaks"),
}
TRAINING = {"augment": "spectrogram", "mix": "mixup", "batch_size": 32, "learning_rate": 0.002}
COARSE_HEIGHT, COARSE_WIDTH, SMALLEST = 0.6, 0.5, 16  # of the spectrogram's bands and frames
COST = 7_100  # multiply-adds per pixel of the spectrogram
BUDGET = 1800  # seconds for all fits of a network, by an estimate that is three times too high
FEWEST_EPOCHS = 5


def sound_networks(size: Size, windows: int, fits: int, metric: str, machine: Machine) -> list[Chosen]:
    """Returns networks that see spectrograms coarsely, which the ways of one voice mislead less.

    Args:
        size: of the data; its picture is a window's spectrogram.
        windows: of each clip.
        fits: folds times repeats.
        metric: decides what is minimised.
        machine: what trains.
    """
    height, width = size.picture or (1, 1)
    shape = [max(SMALLEST, round(COARSE_HEIGHT * height)), max(SMALLEST, round(COARSE_WIDTH * width))]
    seen = replace(size, rows=size.rows * windows)
    found = []
    for name, (front, shown) in FRONTS.items():
        section: dict[str, Any] = {"kind": "cnn", "inputs": ["spectrogram"], "backbone": front + NET}
        section |= {"size": shape, **TRAINING, **MODELS.get("cnn").settings_for(metric)}
        said = f"from scratch, on log-mel spectrograms of {shape[0]} bands and {shape[1]} frames, {shown}"
        plan = plan_of(section, seen)
        seconds = network_seconds(COST * shape[0] * shape[1], learned_pictures(plan, seen), fits, machine)
        found.append(shortened(Chosen(name, section, said), plan.epochs, seconds, BUDGET, FEWEST_EPOCHS))
    return found
