"""Metrics by name, each with its direction and the kind of prediction that it wants."""

from pipeline.metrics.base import FAMILIES, METRICS, SMALLEST_PROBABILITY, Metric, RowMeans, labels
from pipeline.metrics.find import find_metric, metric_names

__all__ = [
    "FAMILIES",
    "METRICS",
    "SMALLEST_PROBABILITY",
    "Metric",
    "RowMeans",
    "find_metric",
    "labels",
    "metric_names",
]
