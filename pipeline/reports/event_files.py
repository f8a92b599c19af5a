"""Event files: learning curves that fits noted, as TensorBoard reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.networks.keras_import import load_keras
from pipeline.reports.trained import Trained

FILE = "events.out.tfevents.0.curves"  # TensorBoard looks for the middle of the name
VERSION = "brain.Event:2"  # of the format, which stands in a file's first event
TAGS = {"losses": "loss", "scores": "score of inner rows", "rates": "rate"}


def has_curves(model: Trained) -> bool:
    """Says whether any fit of a model noted how it learned: networks and boosted models do."""
    return any(facts["notes"].get("history") for facts in model.facts.values())


def write_event_files(models: Iterable[Trained], folder: Path) -> None:
    """Writes the curves of every fit, as far as the models are trained, `MODEL/FIT/`.

    Args:
        models: that have curves.
        folder: of TensorBoard's logs.
    """
    for model in models:
        for label, facts in model.facts.items():
            if history := facts["notes"].get("history"):
                _write(folder / model.name / label / FILE, _values(history))


def _values(history: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, float]]:
    """Yields tag, epoch or round, and value of what `pipeline.networks.training.phase.curve` made."""
    for phase in history:
        for key, name in TAGS.items():
            for at, value in zip(phase["at"], phase.get(key, ()), strict=False):
                yield f"{phase['phase']}/{name}", at, value


def _write(path: Path, values: Iterable[tuple[str, int, float]]) -> None:
    """Writes one file; TensorFlow has the format, and is there without TensorBoard."""
    load_keras()  # it knows how to start TensorFlow without a greeting
    import tensorflow as tf

    event, summary = tf.compat.v1.Event, tf.compat.v1.Summary
    path.parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(path)) as file:
        file.write(event(file_version=VERSION).SerializeToString())
        for tag, step, value in values:
            said = summary(value=[summary.Value(tag=tag, simple_value=value)])
            file.write(event(step=step, summary=said).SerializeToString())
