"""The `folds` section: how rows are set apart to be scored."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.section import Section


class FoldsConfig(Section):
    """Folds: drawn once, saved, and shared by every model."""

    kind: Literal["auto", "stratified", "plain", "group", "stratified_group", "time", "column"] = Field(
        default="auto",
        description="`auto`: time, group or stratified, whichever the keys below ask for",
    )
    n: int = Field(default=5, ge=2, le=100, description="number of folds")
    repeats: int = Field(default=1, ge=1, le=20, description="iterated k-fold: draw the folds this often")
    seed: int = Field(default=0, ge=0, description="seed of the draw")
    group: str | None = Field(default=None, description="column whose equal values stay in one fold")
    group_pattern: str | None = Field(
        default=None,
        description="the part of `group`'s text that is the group, a regular expression with one pair of "
        'parentheses: of ids as "p07_rec2", `"^([^_]+)_"`',
    )
    group_table: str | None = Field(
        default=None,
        description="table with many rows for each id that holds `group`, the same in all rows of an id; "
        "default: the training table",
    )
    time: str | None = Field(
        default=None,
        description="column that orders the rows: train on the past; one more fit, on all rows, answers "
        "for the test",
    )
    ahead: int | None = Field(
        default=None,
        ge=1,
        description="moments that each fold in time holds, the last `n` times so many: how far ahead the "
        "test looks; default: all moments are cut into `n` + 1 equal blocks",
    )
    column: str | None = Field(default=None, description="column that holds the fold of every row")

    @field_validator("group_pattern")
    @classmethod
    def _with_one_part(cls, value: str | None) -> str | None:
        try:
            parts = 1 if value is None else re.compile(value).groups
        except re.error as error:
            raise ValueError(f"a regular expression ({error})") from error
        if parts != 1:
            raise ValueError("a regular expression with one pair of parentheses, which hold the group")
        return value

    @model_validator(mode="after")
    def _of_a_group(self) -> FoldsConfig:
        if self.group_table is not None and self.group is None:
            raise ValueError("folds with `group`, a column of the table that `group_table` names")
        return self

    @property
    def split_by(self) -> list[str | None]:
        """Keys that decide which rows belong together, as the key of the data's products holds them."""
        found = [self.group, self.time, self.column]
        if self.group_table:
            return [*found, self.group_pattern, self.group_table]
        return [*found, self.group_pattern] if self.group_pattern else found
