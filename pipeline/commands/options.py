"""Options of the command line, turned into the run that they ask for."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.api import open_run
from pipeline.config.found_features import features_path, read_features
from pipeline.config.load import find_config, load_config
from pipeline.config.schema import Config
from pipeline.config.tuned import read_tuned, tuned_path
from pipeline.errors import listing
from pipeline.progress import Progress
from pipeline.run.plan import RUNS
from pipeline.run.run import Run


def asked_run(
    options: argparse.Namespace, progress: Progress, untuned: str | None = None, features: bool = True
) -> Run:
    """Checks the configuration and the data's place, and works out the keys; nothing is made.

    Args:
        options: of the command line.
        progress: told which models a search has tuned.
        untuned: the model that is searched now: it stays as the YAML has it.
        features: whether those that an earlier search found are used; not where they are searched now.
    """
    path = find_config(options.name)
    features = features and not options.no_features
    config = load_config(path, options.set, not options.no_tuned, untuned, features)
    if not options.no_tuned:
        _say_tuned(tuned_path(path), progress, untuned)
    if features and (found := read_features(features_path(path))[0]):
        progress.message(
            f"features: {listing(found)} from {features_path(path)}; --no-features leaves them out"
        )
    only = [name.strip() for name in options.only.split(",")] if options.only else None
    fold, store = getattr(options, "fold", None), RUNS / options.name
    return open_run(config, options.data, only, fold, store, progress)


def worker_options(options: argparse.Namespace) -> list[str]:
    """Returns the arguments by which another process sees the same configuration and data."""
    found = [options.name]
    for override in options.set:
        found += ["--set", override]
    if options.data is not None:
        found += ["--data", options.data]
    if options.only is not None:
        found += ["--only", options.only]
    found += ["--no-tuned"] if options.no_tuned else []
    return found + (["--no-features"] if options.no_features else [])


def _say_tuned(path: Path, progress: Progress, untuned: str | None) -> None:
    """Says which keys do not come from the YAML itself."""
    for name, keys in read_tuned(path)[0].items():
        if keys and name != untuned:
            progress.message(f"{name}: {', '.join(keys)} from {path}; --no-tuned leaves them out")


def slug_of(name: str, config: Config | None) -> str:
    """Returns a competition's name in Kaggle's address."""
    stated = config.data.kaggle if config else None
    return stated or name.replace("_", "-")
