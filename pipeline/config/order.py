"""Order of the models: each comes after those that it reads; a circle is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.config.reads import reads_of
from pipeline.config.schema import ModelConfig
from pipeline.errors import ConfigError


def model_order(models: Mapping[str, ModelConfig]) -> list[str]:
    """Returns the models' names so that each comes after those that it reads.

    Raises:
        ConfigError: some read one another in a circle.
    """
    from graphlib import CycleError, TopologicalSorter

    graph = {name: models_read(section, models) for name, section in models.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ConfigError(f"`models` read one another in a circle: {circle}.") from None


def models_read(section: ModelConfig, names: Iterable[str]) -> list[str]:
    """Returns the models whose out-of-fold output, views or weights a model uses."""
    return list(dict.fromkeys(read.name for read in reads_of(section, names)))
