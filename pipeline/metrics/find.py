"""From a metric's name to the metric."""

from __future__ import annotations

import importlib

from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.metrics.base import METRICS, Metric
from pipeline.metrics.register import FAMILIES
from pipeline.metrics.words import meant


def metric_names() -> list[str]:
    """Returns every registered name, those that end with a number by their form (`map@K`)."""
    return sorted([*METRICS.names(), *FAMILIES.names()])


def find_metric(name: str) -> Metric:
    """Returns the metric of that name: a registered one, one of a family (`map@5`), or `module.attribute`.

    Raises:
        ConfigError: there is none; the message names what is known.

    Example:
        >>> find_metric("rmse").greater_is_better
        False
        >>> find_metric("map@5").depth
        5
    """
    if name in METRICS:
        return METRICS.get(name)
    stem, at, _ = name.partition("@")
    for form in FAMILIES:
        if at and form.partition("@")[0] == stem:
            return _of_family(form, name)
    if "." in name and not at:
        return _imported(name)
    known = metric_names()
    same = meant(name)
    near = f" Did you mean {same!r}?" if same else did_you_mean(name, known)
    raise ConfigError(f"Unknown metric {name!r}.{near} Known: {listing(known, most=80)}.")


def _of_family(form: str, name: str) -> Metric:
    family = FAMILIES.get(form)
    number = family.number(name.partition("@")[2])
    if number is None or family.name(number) != name:
        written = "" if number is None else f", written as `{family.name(number)}`"
        raise ConfigError(
            f"The {form[-1]} of the metric `{form}` must be {family.rule()}{written}. Received: {name!r}."
        )
    return family.make(number)


def _imported(name: str) -> Metric:
    module, _, attribute = name.rpartition(".")
    try:
        metric = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"metric: {name!r} cannot be imported: {error}.") from error
    if not isinstance(metric, Metric):
        raise ConfigError(
            f"metric: {name!r} must be a pipeline.metrics.Metric. Received: {type(metric).__name__}."
        )
    return metric
