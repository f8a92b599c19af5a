"""Trial of a long table: whether statistics of its series are worth their columns, told by folds."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.data.source import Source
from pipeline.draft.trial import MOST_ROWS, MOST_SECONDS, TableReading, Trials
from pipeline.inputs.arrays.reading import Reader
from pipeline.inputs.arrays.statistics import statistics
from pipeline.inputs.outputs import Values
from pipeline.models.size import Size

ENTRY = "array_statistics"
TIMED = 20  # series, by whose time that of all is told


def series_gain(
    trials: Trials, reading: TableReading, size: Size, source: Source, data: DataConfig
) -> str | None:
    """Returns what statistics of the series gain beside the table, in words; "" where nothing is sure.

    None where it is not tried, for the time that it would take.

    Args:
        trials: of the table, aggregates of side tables among its columns.
        reading: how the table is read best.
        size: of the data, the statistics among the columns.
        source: the competition's files.
        data: the section of the configuration, which says where the series lie.
    """
    names = trials.competition.arrays
    if len(names) > MOST_ROWS or not trials.affordable(size, size.columns):
        return None
    read = Reader(source, data.model_copy(update={"id": trials.competition.id}))
    found, began = [], time.perf_counter()
    for count, name in enumerate(names, start=1):
        found.append(statistics(read(name)))
        if count == TIMED and (time.perf_counter() - began) * len(names) / TIMED > MOST_SECONDS:
            return None
    beside = replace(trials, beside={ENTRY: Values(np.array(found))})
    return beside.gain(reading, replace(reading, inputs=(ENTRY,)))
