"""Statistics of sound or arrays beside the table: which models of tables read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.draft.choice import Chosen
from pipeline.registry import MODELS

DEAR = ("xgboost", "tabular")  # on hundreds of statistics; one boosting is enough
MANY = 100  # statistics from which these are too dear


def reading(chosen: Sequence[Chosen], entry: str, columns: int, table: bool) -> list[Chosen]:
    """Returns models of tables that read statistics too, beside the table where there is one.

    Those that would take from a network's time what they do not bring are left out.

    Args:
        chosen: models.
        entry: the input.
        columns: how many statistics there are.
        table: whether there is a table.
    """
    inputs = ["auto", entry] if table else [entry]
    return [
        replace(one, section={**one.section, "inputs": inputs})
        if "table" in MODELS.get(one.section["kind"]).sees
        else one
        for one in chosen
        if columns < MANY or one.section["kind"] not in DEAR
    ]
