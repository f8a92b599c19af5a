"""Metrics by name, each with its direction and the kind of prediction that it wants."""

from pipeline.metrics.base import METRICS, SMALLEST_PROBABILITY, Metric, Pooled, RowMeans, labels
from pipeline.metrics.find import find_metric, metric_names
from pipeline.metrics.register import FAMILIES
from pipeline.metrics.truth import RowFacts, facts_of, like, with_facts

__all__ = [
    "FAMILIES",
    "METRICS",
    "SMALLEST_PROBABILITY",
    "Metric",
    "Pooled",
    "RowFacts",
    "RowMeans",
    "facts_of",
    "find_metric",
    "labels",
    "like",
    "metric_names",
    "with_facts",
]
