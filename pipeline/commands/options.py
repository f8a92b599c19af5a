"""What the options of the command line stand for."""

from __future__ import annotations

import argparse

from pipeline.config.load import find_config, load_config
from pipeline.config.schema import Config
from pipeline.plan import RUNS, Plan
from pipeline.progress import Progress
from pipeline.stages import open_data
from pipeline.store import Store


def make_plan(options: argparse.Namespace, progress: Progress) -> Plan:
    """Checks the configuration and the data's place, and works out the keys; nothing is made."""
    config = load_config(find_config(options.name), options.set)
    source = open_data(config, options.data, progress)
    only = tuple(name.strip() for name in options.only.split(",")) if options.only else None
    return Plan(config, source, Store(RUNS / options.name), only, getattr(options, "fold", None))


def slug_of(name: str, config: Config | None) -> str:
    """Returns a competition's name in Kaggle's address."""
    stated = config.data.kaggle if config else None
    return stated or name.replace("_", "-")
