"""The key `metric`: a name, or a name and what the metric sees of the rows."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from pipeline.config.section import Section
from pipeline.metrics import Metric, find_metric


class MetricConfig(Section):
    """A metric that sees columns of the training table beside target and prediction."""

    kind: str = Field(description="the metric's name")
    weights: str | dict[str, dict[str, float]] | None = Field(
        default=None,
        description="a column of weights, or a weight per value of a column: `{holiday: {yes: 5, no: 1}}`; "
        "for metrics that are means over rows. Models of tables learn with them",
    )
    rows: dict[str, str | list[str]] | None = Field(
        default=None,
        description="only rows with this value, or one of these, count: `{phase: in}`; models learn from all",
    )
    groups: str | None = Field(default=None, description="a column: the metric is its mean over the groups")
    subgroups: list[str] | None = Field(
        default=None,
        min_length=1,
        description="columns, from 0.5 on a row belongs to them: the metric of two classes is scored within "
        "and across each",
    )

    @field_validator("weights", mode="before")
    @classmethod
    def _values_of_one_column(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        if len(said) != 1:
            raise ValueError("one column: `{COLUMN: {VALUE: WEIGHT}}`")
        return {
            as_cell(column): {as_cell(value): weight for value, weight in values.items()}
            if isinstance(values, dict)
            else values
            for column, values in said.items()
        }

    @field_validator("rows", mode="before")
    @classmethod
    def _cells(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        return {
            as_cell(column): [as_cell(one) for one in values] if isinstance(values, list) else as_cell(values)
            for column, values in said.items()
        }

    @property
    def sees(self) -> tuple[str, ...]:
        """Columns that the metric sees of the rows, as `Metric.sees` says it."""
        return tuple(word for word in ("weights", "groups", "rows", "subgroups") if getattr(self, word))

    def metric(self) -> Metric:
        """Returns the metric.

        Raises:
            ConfigError: there is none of that name, or rows cannot be weighted for it.
        """
        return find_metric(self.kind).seeing(*self.sees)


def as_cell(value: Any) -> Any:
    """Returns a plain value of the YAML as a table may hold it: in YAML, 1 and true are no text."""
    if isinstance(value, bool):
        return str(value)
    return f"{value:g}" if isinstance(value, (int, float)) else value


def metric_of(said: str | MetricConfig) -> Metric:
    """Returns the metric that the key asks for; raises ConfigError where there is none."""
    return said.metric() if isinstance(said, MetricConfig) else find_metric(said)


def metric_name(said: str | MetricConfig) -> str:
    """Returns what a person reads."""
    return said.metric().name if isinstance(said, MetricConfig) else said


def metric_key(said: str | MetricConfig) -> Any:
    """Returns what the keys of products know it by."""
    return said.model_dump(exclude_none=True) if isinstance(said, MetricConfig) else said
