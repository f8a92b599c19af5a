"""The section `data.arrays`: where a row's array or series lies, and what shape it gets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from pipeline.config.section import Section

Axes = Literal["T", "TC", "CT", "HW", "HWC", "CHW", "DHW", "HWD"]
READING = {"step", "channels", "array", "axes", "missing"}  # how an array is read
SHAPING = {"length", "fit", "size", "slices", "range", "dtype"}  # what is made of it
OF_TABLES = ("test_table", "by", "step")
OF_FILES = ("test_path", "array", "axes")


class ArraysConfig(Section):
    """Arrays of a row, series, pictures of any values or volumes: a file each, or one table for all."""

    path: str | None = Field(
        default=None,
        description='array of a row, by columns of the tables: "train/{id}.npy"; NumPy (.npy, .npz) or a '
        "table of numbers (.csv, .parquet)",
    )
    test_path: str | None = Field(
        default=None, description="array of a test row, where they lie elsewhere; default: as `path`"
    )
    table: str | None = Field(
        default=None, description="in the place of `path`: one table with many rows for each row, a step each"
    )
    test_table: str | None = Field(
        default=None, description="the same of the test rows, where it is another; default: as `table`"
    )
    by: str | None = Field(
        default=None, description="column of `table` that holds the ids; default: that of the rows"
    )
    step: str | None = Field(
        default=None, description="column of `table` that orders a row's steps; default: as they stand"
    )
    channels: list[str] = Field(
        default=[], description="columns of a table that are channels; default: all numbers"
    )
    array: str | None = Field(default=None, description="name of the array in an .npz; default: its only one")
    axes: Axes | None = Field(
        default=None,
        description="what the axes of an array are: T steps, C channels, H and W of a picture, D slices of a "
        "volume; default: T, HW or DHW by their number, TC for tables, HWD for NIfTI",
    )
    length: int | None = Field(
        default=None, ge=1, le=10_000_000, description="steps of a series; default: they all have as many"
    )
    fit: Literal["start", "end", "resize"] = Field(
        default="start",
        description="a series of another length: its first steps or its last ones, zeros in the place of "
        "those that it lacks; or all of it, resized",
    )
    size: list[int] | None = Field(
        default=None, description="[height, width] to which pictures and slices are resized"
    )
    slices: int | None = Field(
        default=None, ge=1, le=4096, description="slices to which a volume is resized; each is a channel"
    )
    range: list[float] | None = Field(
        default=None,
        description="[low, high]: values that become black and white in pictures of 8 bits, which pretrained "
        "networks and augmentations need; default: numbers as they are, normalised by the training rows of a "
        "fold",
    )
    missing: Literal["refuse", "fill"] = Field(
        default="refuse",
        description="values that are no finite numbers: an error; or filled in, along a series between their "
        "neighbours, elsewhere with the array's mean",
    )
    dtype: Literal["float32", "float16"] = Field(
        default="float32", description="in which numbers are kept: float16 takes half the room"
    )
    broken: Literal["refuse", "leave_out"] = Field(
        default="refuse",
        description="arrays that are not there or cannot be read: an error; or their training rows are left "
        "out, their test rows get the mean answer of the training rows, and both are counted",
    )

    def deciding_rows(self) -> dict[str, Any]:
        """Returns what decides which rows there are: how arrays are read where broken are left out."""
        return self.model_dump(exclude=SHAPING if self.broken == "leave_out" else SHAPING | READING)

    @model_validator(mode="after")
    def _fits(self) -> ArraysConfig:
        if (self.path is None) == (self.table is None):
            said = "neither" if self.path is None else "both"
            raise ValueError(
                f"arrays with either `path` (a file for each row) or `table` (one for all), not {said}"
            )
        for key in OF_TABLES if self.table is None else OF_FILES:
            if getattr(self, key) is not None:
                raise ValueError(
                    f"arrays without `{key}`, which goes with `{'table' if self.table is None else 'path'}`"
                )
        if self.size is not None and not (len(self.size) == 2 and min(self.size) >= 1):
            raise ValueError(f"arrays whose size is [height, width] of at least 1 (not {self.size})")
        if self.range is not None and not (len(self.range) == 2 and self.range[0] < self.range[1]):
            raise ValueError(f"arrays whose range is [low, high], the smaller one first (not {self.range})")
        return self
