"""Whether the features by name fit a table: every mistake at once, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config.feature_section import FeatureConfig, origin_of
from pipeline.data.columns import DATES, column_kinds
from pipeline.data.encoders.parts import PartsMaker
from pipeline.data.features.base import Feature
from pipeline.data.features.maker import feature_columns
from pipeline.errors import DataError, Problems, did_you_mean, listing

if TYPE_CHECKING:
    import pandas as pd

NEVER_SEEN = "Models never see ids, targets, and the columns of `data.drop` and `folds.group`."


def check_features(
    features: Mapping[str, FeatureConfig], table: pd.DataFrame | None, declared: Mapping[str, str]
) -> None:
    """Checks that every feature finds its columns, and that they are of a kind that it can read.

    Args:
        features: name -> the feature's section.
        table: the training rows' usable columns, or None where there are none.
        declared: kinds that the configuration states, by column.

    Raises:
        DataError: names each feature that does not fit, and the nearest column.
    """
    if not features:
        return
    if table is None:
        raise DataError("`features` are made of columns, and the training table has none for models.")
    kinds = _kinds(features, table, declared)
    problems = Problems()
    for name, feature in features.items():
        origin = origin_of(feature)
        place = f"`features.{name}`" + (f" of {origin.file}" if origin else "")
        if not isinstance(feature, Feature):
            raise TypeError(f"{place} is a {type(feature).__name__}, which is not registered.")
        for column in feature_columns(name, feature):
            if column in kinds or column in table.columns:
                problems.add(f"{place}: there is a column {column!r} already; take another name.")
        for column in [*feature.amounts(), *feature.alike(), *feature.moments(), *feature.texts()]:
            if column not in kinds:
                near = did_you_mean(column, kinds)
                problems.add(f"{place}: models see no column {column!r}.{near} {NEVER_SEEN}")
        for message in _wrong_kinds(feature, kinds):
            problems.add(f"{place}: {message}")
        kinds |= dict.fromkeys(feature_columns(name, feature), "category" if feature.category else "numeric")
    stale = any(origin_of(feature) for feature in features.values())
    again = " Those that `make features` found: search again, or leave the file out with --no-features."
    heading = f"The features do not fit the training table.{again if stale else ''}"
    problems.raise_if_any(DataError, heading)


def _kinds(features: Mapping[str, Any], table: pd.DataFrame, declared: Mapping[str, str]) -> dict[str, str]:
    """Returns the kind of every column that a feature may read: the table's, and parts of those read."""
    read = {c for f in features.values() for c in (*f.amounts(), *f.alike(), *f.moments(), *f.texts())}
    bases = [name for name in table.columns if any(c == name or c.startswith(f"{name}.") for c in read)]
    known = {name: kind for name, kind in declared.items() if name in bases}
    found: dict[str, str] = dict(column_kinds(table[bases], known))
    parts = PartsMaker(found).fit(table).transform(table)
    kinds: dict[str, str] = {name: "unread" for name in table.columns if declared.get(name) != "drop"}
    kinds |= dict.fromkeys(parts.numbers, "numeric") | dict.fromkeys(parts.categories, "category")
    return kinds | found


def _wrong_kinds(feature: Feature, kinds: Mapping[str, str]) -> list[str]:
    messages = []
    for name in feature.amounts():
        if kinds.get(name) in ("category", "code", "text"):
            parts = [other for other in kinds if other.startswith(f"{name}.") and kinds[other] == "numeric"]
            others = f" Numbers that it holds: {listing(parts)}." if parts else ""
            messages.append(f"needs numbers; {name!r} is read as {kinds[name]}.{others}")
    for name in feature.alike():
        if kinds.get(name) == "text":
            messages.append(f"needs values that come again; {name!r} is read as text.")
    for name in feature.texts():
        if kinds.get(name, "text") not in ("category", "code", "text"):
            messages.append(f"needs words; {name!r} is read as {kinds[name]}.")
    for name, form in feature.moments().items():
        if name in kinds and kinds[name] not in DATES and form is None:
            messages.append(
                f"needs a date; {name!r} is read as {kinds[name]}. Say how to read it: `format`, or "
                f"`data.columns: {{{name}: date}}`."
            )
    return messages
