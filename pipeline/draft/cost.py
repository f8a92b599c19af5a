"""What a model costs: seconds for all its folds, estimated from the size of the data alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.networks.config import CNNConfig
from pipeline.networks.plan import Plan, make_plan
from pipeline.registry import TASKS
from pipeline.tasks.base import Task

# On two cores of a 2020s server, normal data of 8,000 rows and 50 columns; good to a factor of three.
PER_CELL = {"lightgbm": 2.5e-6, "xgboost": 3e-6, "linear": 1e-6}  # seconds per row, column and class
MANY_ROWS = 10_000  # above, boosting takes larger steps, so that its seconds grow by the power of GROWTH
GROWTH = 0.7
PER_SPLIT = 2.5e-5  # extra trees: seconds per row and column tried
PER_PAIR = 1.2e-10  # neighbours: seconds per pair of rows and column
PER_ROW = 6e-4  # tabular net: seconds per row, all epochs
PER_CHARACTER = 5e-6  # n-grams: seconds per character of a text and class, the choice of C included
START = {"tabular": 8.0}  # seconds before the first epoch
PER_CORE = 5e9  # multiply-adds per second of a network
TRAINED = 0.8  # share of the rows that one fit learns from


@dataclass(frozen=True)
class Size:
    """How large the data is.

    Attributes:
        rows: of the training table.
        test_rows: of the test table.
        columns: that models of tables can use.
        kind: of the task.
        outputs: classes or targets.
        picture: median height and width in pixels; None without pictures.
        numeric: share of the columns that are numbers.
        texts: names of the columns that are text.
        characters: of all texts of a mean training row.
    """

    rows: int
    test_rows: int
    columns: int
    kind: str
    outputs: int
    picture: tuple[int, int] | None = None
    numeric: float = 1.0
    texts: tuple[str, ...] = ()
    characters: float = 0.0

    @property
    def task(self) -> type[Task]:
        """The kind of task."""
        found: type[Task] = TASKS.get(self.kind)
        return found


@dataclass(frozen=True)
class Machine:
    """What trains: the threads that libraries may start."""

    threads: int = 2


def table_seconds(model: str, size: Size, fits: int, machine: Machine) -> float:
    """Returns the seconds of all fits of a model of tables."""
    problems = 1 if size.task.exclusive and size.outputs == 2 else size.outputs
    cells = size.rows * size.columns
    if model == "extra_trees":
        tried = math.sqrt(size.columns) if size.task.probabilities else size.columns / 3
        seconds = PER_SPLIT * size.rows * tried
    elif model == "neighbours":
        seconds = PER_PAIR * size.rows * (size.rows + size.test_rows) * size.columns
    elif model == "ngrams":
        seconds = PER_CHARACTER * size.rows * size.characters * problems
    elif model == "tabular":
        seconds = START[model] + PER_ROW * size.rows
    else:
        seconds = PER_CELL[model] * cells * problems
        if model != "linear" and size.rows > MANY_ROWS:
            seconds *= (size.rows / MANY_ROWS) ** (GROWTH - 1)
    return fits * max(seconds, 0.2) * 2 / machine.threads


def network_seconds(multiply_adds: float, pictures: float, fits: int, machine: Machine) -> float:
    """Returns the seconds of a network's training.

    Args:
        multiply_adds: of one picture, forward; backward costs twice that.
        pictures: that one fit learns from, repeats counted.
        fits: folds times repeats.
        machine: what trains.
    """
    return 3 * multiply_adds * pictures * fits / (PER_CORE * machine.threads)


def plan_of(section: dict[str, Any], size: Size) -> Plan:
    """Returns the plan that a network of this section will make for the rows of one fit."""
    rows = max(1, round(size.rows * TRAINED))
    classes = size.task.exclusive
    target = np.arange(rows) % size.outputs if classes else np.zeros((rows, size.outputs))
    return make_plan(CNNConfig(**section), target)


def learned_pictures(plan: Plan, size: Size) -> int:
    """Returns how many pictures one fit learns from, once per epoch of the whole network."""
    return round(size.rows * TRAINED) * plan.epochs
