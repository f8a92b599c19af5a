"""Cost of a model: seconds for all its folds, estimated from the size of the data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.draft.choice import Chosen
from pipeline.models.size import Size
from pipeline.networks.config import CNNConfig
from pipeline.networks.plan import TrainingPlan, make_plan
from pipeline.registry import MODELS

SHORTEST = 0.2  # seconds of a fit, however few rows it has
PER_CORE = 5e9  # multiply-adds per second of a network
TRAINED = 0.8  # share of the rows that one fit learns from


@dataclass(frozen=True)
class Machine:
    """The machine that trains: the threads that libraries may start."""

    threads: int = 2


def table_seconds(model: str, size: Size, fits: int, machine: Machine) -> float:
    """Returns the seconds of all fits of a model of tables."""
    return fits * max(MODELS.get(model).seconds(size), SHORTEST) * 2 / machine.threads


def network_seconds(multiply_adds: float, pictures: float, fits: int, machine: Machine) -> float:
    """Returns the seconds of a network's training.

    Args:
        multiply_adds: of one picture, forward; backward costs twice that.
        pictures: that one fit learns from, repeats counted.
        fits: folds times repeats.
        machine: what trains.
    """
    return 3 * multiply_adds * pictures * fits / (PER_CORE * machine.threads)


def plan_of(section: dict[str, Any], size: Size) -> TrainingPlan:
    """Returns the plan that a network of this section will make for the rows of one fit."""
    rows = max(1, round(size.rows * TRAINED))
    classes = size.task.exclusive
    target = np.arange(rows) % size.outputs if classes else np.zeros((rows, size.outputs))
    return make_plan(CNNConfig(**section), target)


def learned_pictures(plan: TrainingPlan, size: Size) -> int:
    """Returns how many pictures one fit learns from, once per epoch of the whole network."""
    return round(size.rows * TRAINED) * plan.epochs


def shortened(network: Chosen, epochs: int, seconds: float, budget: float, fewest: int) -> Chosen:
    """Returns a network with as many epochs as the time allows; its reason says them and the time.

    Args:
        network: with the usual number of epochs.
        epochs: that number.
        seconds: of all its fits with them.
        budget: seconds that they may take.
        fewest: epochs below which nothing is learned, whatever the time.
    """
    section, said = network.section, network.reason
    fitting = max(fewest, int(epochs * budget / max(seconds, 1)))
    if fitting < epochs:
        section = {**section, "epochs": fitting}
        said += f"; {fitting} epochs instead of {epochs}, for the time"
        seconds *= fitting / epochs
    said += f"; about {max(1, round(seconds / 60))} min for all its fits"
    return Chosen(network.name, section, said)
