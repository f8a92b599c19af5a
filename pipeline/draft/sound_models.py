"""Models that suit sound: a network on spectrograms, and models of tables on the clips' statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import Machine, learned_pictures, network_seconds, plan_of
from pipeline.models.size import Size
from pipeline.registry import MODELS

NET = "24C3s BN MP2 48C3s BN MP2 96C3s BN MP2 128C3s BN GAP D0.3"
COST = 7_100  # multiply-adds per pixel of the spectrogram
BUDGET = 1800  # seconds for all fits of the network, by an estimate that is three times too high
FEWEST_EPOCHS = 5


def sound_network(size: Size, windows: int, fits: int, metric: str, machine: Machine) -> Chosen:
    """Returns the network for spectrograms of that size.

    Args:
        size: of the data; its picture is a window's spectrogram.
        windows: of each clip.
        fits: folds times repeats.
        metric: decides what is minimised.
        machine: what trains.
    """
    height, width = size.picture or (1, 1)
    seen = replace(size, rows=size.rows * windows)
    section: dict[str, Any] = {
        "kind": "cnn",
        "inputs": ["spectrogram"],
        "backbone": NET,
        "augment": "spectrogram",
        "mix": "mixup",
        "batch_size": 32,
        "learning_rate": 0.002,
        **MODELS.get("cnn").settings_for(metric),
    }
    plan = plan_of(section, seen)
    seconds = network_seconds(COST * height * width, learned_pictures(plan, seen), fits, machine)
    said = f"a net from scratch on log-mel spectrograms of {height} bands and {width} frames"
    if seconds > BUDGET:
        epochs = max(FEWEST_EPOCHS, int(plan.epochs * BUDGET / seconds))
        section["epochs"] = epochs
        said += f"; {epochs} epochs instead of {plan.epochs}, for the time"
        seconds *= epochs / plan.epochs
    return Chosen("cnn", section, f"{said}; about {max(1, round(seconds / 60))} min for all its fits")


def reading_sound(chosen: Sequence[Chosen], table: bool) -> list[Chosen]:
    """Returns models of tables that read the clips' statistics, beside the table where there is one."""
    inputs = ["auto", "sound"] if table else ["sound"]
    return [
        replace(one, section={**one.section, "inputs": inputs})
        if "table" in MODELS.get(one.section["kind"]).sees
        else one
        for one in chosen
    ]
