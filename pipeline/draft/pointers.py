"""The models for answers that are parts of texts: a linear one, and a network."""

from __future__ import annotations

from typing import Any

from pipeline.draft.choice import Chosen
from pipeline.draft.cost import TRAINED, Machine, table_seconds
from pipeline.models.size import Size
from pipeline.networks.tokens.config import TextNetConfig

PER_WORD = 1.4e-4  # seconds of a step of the network, on two cores
CHARACTERS = 6.0  # of a word and the space behind it
BUDGET = 1800  # seconds for all fits of a network
FEWEST_EPOCHS = 3
START = 20.0  # seconds before the first step


def choose_pointers(size: Size, fits: int, machine: Machine) -> list[Chosen]:
    """Returns the models for spans, the quick one first.

    Args:
        size: of the data.
        fits: folds times repeats.
        machine: what trains.
    """
    words = size.rows * TRAINED * max(size.characters, 1.0) / CHARACTERS
    section: dict[str, Any] = {"kind": "text_net"}
    usual = TextNetConfig(kind="text_net").epochs
    start, each = START * 2 / machine.threads, fits * words * PER_WORD * 2 / machine.threads
    epochs = min(usual, max(FEWEST_EPOCHS, round((BUDGET - start) / max(each, 1e-9))))
    if epochs < usual:
        section["epochs"] = epochs
    minutes = max(1, round((start + epochs * each) / 60))
    linear = table_seconds("span_linear", size, fits, machine)
    return [
        Chosen(
            "linear",
            {"kind": "span_linear"},
            f"points at first and last word by their neighbours; about {linear:.0f} s for all its fits",
        ),
        Chosen("net", section, f"the same by a network; about {minutes} min for all its fits"),
    ]
