"""Gains of splits by column, model beside model: what the trees of each lean on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from pipeline.reports.contributions import column_of
from pipeline.reports.trained import Trained

SECONDS = 3.0  # of CPU, in which models are read back; the first is in any case


def gains_by_model(models: Iterable[Trained], columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """Returns by model and column the share of all that the splits of its first fold's model gained.

    What is made of a column counts as the column. Models whose library does not say are left out.

    Args:
        models: of the table, the best first; those for which there is no time are left out.
        columns: of the table.
    """
    found: dict[str, dict[str, float]] = {}
    begun = time.process_time()  # of this process: a busy machine changes nothing
    for model in models:
        if found and time.process_time() - begun > SECONDS:
            break
        sums: dict[str, float] = {}
        for feature, share in model.first[1].gains().items():
            name = column_of(feature, columns)
            sums[name] = sums.get(name, 0.0) + share
        if sums:
            found[model.name] = sums
    return found
