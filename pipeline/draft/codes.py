"""Codes: integers that are names, and pairs of categories that say more together than each alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.columns import guess_kind
from pipeline.data.encoders.categories import MANY_LEVELS, MOST_TARGETS
from pipeline.data.features.pairs import MOST
from pipeline.draft.trial import TableReading, Trials
from pipeline.errors import listing
from pipeline.models.size import Size

if TYPE_CHECKING:
    import pandas as pd

ROWS_PER_LEVEL = 2.0
WIDE = 10.0  # span of the values over how many there are: amounts seldom leave so much out
SMOOTH = 0.8  # correlation of a value's frequency with its neighbours' above which it is an amount
ROUGH = 0.3  # below which it is none
NEIGHBOURS = 3  # on each side
FEWEST_TO_SMOOTH = 20  # levels


@dataclass(frozen=True)
class Codes:
    """Columns of codes, and the features that are made of categories.

    Attributes:
        kinds: column -> "category", where its values alone look like numbers.
        features: name -> section of the YAML.
        reasons: key of the YAML -> what the trial says for it.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


NOTHING_FOUND = Codes()


def find_codes(
    trials: Trials, size: Size, read: Codes = NOTHING_FOUND, series: tuple[str, ...] = ()
) -> Codes:
    """Returns what proves better on folds: integers as categories, and pairs of categories.

    Args:
        trials: compares ways to read the table.
        size: of the data.
        read: what is known already of how to read the table; it stands in the result too.
        series: columns that name the rows' series: categories, however few they are.
    """
    if size.task.dense or size.outputs > MOST_TARGETS:
        return read
    table, kinds, reasons = trials.table, dict(read.kinds), dict(read.reasons)
    known = {**trials.competition.kinds, **kinds}
    numbers = [str(name) for name in table if known.get(str(name), "numeric") == "numeric"]
    codes = [name for name in numbers if name not in kinds and looks_like_codes(table[name])]
    if codes and trials.affordable(size, size.columns):
        wanted = kinds | dict.fromkeys(codes, "category")
        if gain := trials.gain(TableReading(kinds), TableReading(wanted)):
            said = [reasons["columns"]] if "columns" in reasons else []
            reasons["columns"] = "; ".join([*said, _said(f"{listing(codes)} hold codes, not amounts", gain)])
            kinds = wanted
    features = dict(read.features)
    crossed = _many_leveled(table, {**known, **kinds}, series)
    if len(crossed) > 1 and trials.affordable(size, size.columns + len(crossed) * (len(crossed) - 1)):
        name = next(name for name in ("pairs", "pairs_of_categories", "all_pairs") if name not in table)
        wanted_features = features | {name: {"pairs": crossed}}
        if gain := trials.gain(TableReading(kinds, features), TableReading(kinds, wanted_features)):
            features = wanted_features
            reasons[name] = _said("each two of these categories together", gain)
    return Codes(kinds, features, reasons)


def looks_like_codes(column: pd.Series) -> bool:
    """Says whether integers come again and lie as names would: far apart, their frequencies at random.

    The frequencies of an amount rise and fall with it; those of a code say nothing of the next one's.
    """
    from pandas.api import types

    if not types.is_numeric_dtype(column.dtype) or types.is_bool_dtype(column.dtype):
        return False
    values = column.dropna()
    if not len(values) or (values % 1 != 0).any():
        return False
    counts = values.value_counts().sort_index()
    levels = len(counts)
    if levels < MANY_LEVELS or len(values) < ROWS_PER_LEVEL * levels:
        return False
    wide = (counts.index[-1] - counts.index[0] + 1) / levels >= WIDE
    smoothness = _smoothness(np.log(counts.to_numpy(np.float64)))
    return bool(smoothness < SMOOTH if wide else smoothness < ROUGH)


def _smoothness(logs: np.ndarray) -> float:
    """Returns how the logarithm of a level's frequency goes with the mean of its neighbours'.

    Of few levels nothing can be said: a value between rough and smooth.
    """
    if len(logs) <= FEWEST_TO_SMOOTH or np.ptp(logs) == 0:
        return (ROUGH + SMOOTH) / 2
    window = np.ones(2 * NEIGHBOURS + 1)
    window[NEIGHBOURS] = 0
    around = np.convolve(logs, window / window.sum(), "valid")
    own = logs[NEIGHBOURS:-NEIGHBOURS]
    if np.ptp(around) == 0 or np.ptp(own) == 0:
        return 0.0
    return float(np.corrcoef(own, around)[0, 1])


def _many_leveled(table: pd.DataFrame, kinds: Mapping[str, str], series: tuple[str, ...]) -> list[str]:
    """Returns the categories with many levels, those with the fewest first to go where there are too many."""
    levels = {}
    for name in map(str, table):
        kind = kinds.get(name) or guess_kind(table[name])
        count = table[name].nunique()
        many = MANY_LEVELS <= count <= len(table) / ROWS_PER_LEVEL
        if name in series or (kind in ("category", "code") and many):
            levels[name] = count
    chosen = sorted(levels, key=lambda name: -levels[name])[:MOST]
    return [name for name in levels if name in chosen]


def _said(what: str, gain: str) -> str:
    return f"{what}: short boosting on other folds is better by {gain}"
