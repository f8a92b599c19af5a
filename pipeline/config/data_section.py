"""The section `data`: where a competition's files are, how they are written and what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from pipeline.config.arrays_section import ArraysConfig
from pipeline.config.section import Section
from pipeline.config.sound_section import SoundConfig
from pipeline.tasks.telling import all_kinds

if TYPE_CHECKING:
    TaskName = str
else:
    TaskName = Literal[("auto", *sorted(kind.kind for kind in all_kinds()))]
CLASSES = r"[^{}]*(\{id\}[^{}]+\{class\}|\{class\}[^{}]+\{id\})[^{}]*"
ColumnKind = Literal["numeric", "category", "code", "text", "date", "season", "boolean", "drop"]


class SideTableConfig(Section):
    """A table beside training and test table, whose columns are joined to their rows."""

    file: str = Field(description="the table")
    by: str | list[str] = Field(
        min_length=1, description="column that all three tables have, or several: equal values are joined"
    )

    @property
    def key(self) -> list[str]:
        """The columns of the key."""
        return [self.by] if isinstance(self.by, str) else self.by


class DataConfig(Section):
    """Data: the competition's files, and what is in them."""

    root: str | None = Field(
        default=None,
        description="folder or zip; default `data/NAME`. Zips in it are read as if they were unpacked: "
        "`train.zip` as the folder `train`, `train.csv.zip` as `train.csv`",
    )
    train: str = Field(
        default="train.csv",
        description="training table: CSV, gzipped CSV, Parquet or JSON (records, columns, or a record a "
        "line); or the files that take its place, "
        'a folder per class: "train/{species}/{id}.jpg" (columns `species`, `id` and `file`); '
        '"{species:not Test}/{id}.jpg" leaves a folder out',
    )
    test: str = Field(
        default="test.csv", description="test table; the sample submission where there is no other"
    )
    sample: str = Field(
        default="sample_submission.csv",
        description="the sample submission; columns that are neither id nor answer are handed in as they are",
    )
    id: str | None = Field(default=None, description="id column; default: the sample's first")
    see_id: bool = Field(
        default=False,
        description="models see the id too, as a column of the table: where it is a time, or a code with "
        "parts",
    )
    rows: int | None = Field(
        default=None,
        ge=100,
        description="training rows, of more in the file: as many, drawn at random, are read. A CSV is read "
        "in parts, so that it may be larger than memory",
    )
    number_rows: bool = Field(
        default=False,
        description="tables without the id column get one: training rows are numbered, test rows take "
        "the sample's ids in its order",
    )
    target: str | list[str] | None = Field(
        default=None, description="target column(s); default: the columns that the test table lacks"
    )
    task: TaskName = Field(
        default="auto",
        description="kind of task; default: what metric, targets and sample imply. `onehot`: a 0/1 column "
        "per class, exactly one of which is 1 in every row; `labelset`: several labels in one cell; "
        "`mask`: run lengths of a mask per picture; `objects`: of any number of objects, a row each; "
        "`class_masks`: of a mask per picture and class, a row each (`classes`); "
        "`image`: a picture, a row for each pixel; `span`: a part of a text of the row; `boxes`: any number "
        "of boxes of a picture",
    )
    span_of: str | None = Field(
        default=None,
        description="the text column that answers of `task: span` are parts of; default: the one that holds "
        "most of them",
    )
    positive: str | None = Field(
        default=None, description="of two classes, the one whose probability is asked for; default: the last"
    )
    images: str | None = Field(
        default=None,
        description='picture of a row, by columns of the tables: "images/{id}.jpg"; `*` stands for any '
        "text, `**/` for any folders",
    )
    test_images: str | None = Field(
        default=None, description="picture of a test row, where they lie elsewhere; default: as `images`"
    )
    masks: str | None = Field(
        default=None,
        description="files of masks in the place of run lengths, by columns of the training table: "
        '"masks/{id}.png", or one for each object: "train/{id}/masks/*.png"; they become the target column',
    )
    classes: str | None = Field(
        default=None,
        description="what names the class of a mask, where tables have a row for each picture and class: a "
        "column, or a pattern of the ids, `{id}_{class}` (the shortest class that fits is taken): the id "
        "column then holds the pictures alone",
    )
    grid: int = Field(
        default=256,
        ge=32,
        description="of masks: pixels of the longer side of what predictions are kept on, at most; more for "
        "networks that see more, with `tiles` or a larger `size` (2 bytes a pixel, class, picture and model)",
    )
    answers: str | None = Field(
        default=None,
        description="pictures that are the answers of `task: image`, each of the size of its row's picture, "
        'by columns of the training table: "train_cleaned/{id}.png"',
    )
    intensity: list[float] | None = Field(
        default=None,
        description="of pictures of more than 8 bits, the values that become black and white: "
        "`[low, high]`; default: the range of the training pictures",
    )
    sound: SoundConfig | None = Field(
        default=None, description="sound of a row: where its clip lies, and what is made of it"
    )
    arrays: ArraysConfig | None = Field(
        default=None, description="arrays or series of a row: where they lie, and what shape they get"
    )
    tables: dict[str, SideTableConfig] = Field(
        default={},
        description="name -> side table, whose columns are joined to the rows; of several rows with one key "
        "the number, mean, least and greatest, or most frequent value: "
        "`{stores: {file: stores.csv, by: store}}`",
    )
    drop: list[str] = Field(default=[], description="columns that no model may see")
    columns: dict[str, ColumnKind] = Field(
        default={},
        description="column -> kind, where the guess is wrong; `season`: a date of which only what comes "
        "round again is seen (month, weekday, hour), for test rows that lie after the training rows",
    )
    encoding: str = Field(
        default="auto",
        description="text encoding of the CSV and JSON files; `auto`: UTF-8 or UTF-16, else cp1252 "
        "(Western Europe)",
    )
    separator: str = Field(
        default="auto",
        pattern=r"^(auto)?(tab)?[^\r\n]?$",
        min_length=1,
        description="between the fields of the CSV files, one character or `tab`; `auto`: found in each file",
    )
    quote: str = Field(
        default="auto",
        pattern=r"^(auto)?(none)?[^\r\n]?$",
        min_length=1,
        description="around fields, one character or `none`; `auto`: found in each file",
    )
    decimal: Literal["auto", ".", ","] = Field(
        default="auto",
        description="mark before a fraction; `auto`: as the columns of the training table show",
    )
    thousands: Literal["auto", "none", ",", ".", " ", "'"] = Field(
        default="auto", description="mark between thousands; `auto`: as each column shows"
    )
    missing_targets: Literal["refuse", "leave_out"] = Field(
        default="refuse", description="training rows without a target: an error, or left out and counted"
    )
    broken_pictures: Literal["refuse", "leave_out"] = Field(
        default="refuse",
        description="pictures that are not there or cannot be decoded: an error; or their training rows are "
        "left out, their test rows get the mean answer of the training rows, and both are counted",
    )
    unescape: bool = Field(
        default=True,
        description="words lose their escapes: `&amp;` is `&`, and a written-out `\\xa0` or `\\u2019` its "
        "character; false: as they are",
    )
    kaggle: str | None = Field(
        default=None,
        description="the contest's name in Kaggle's address; default: the competition's, with hyphens",
    )

    @field_validator("classes")
    @classmethod
    def _names_both(cls, value: str | None) -> str | None:
        if value is not None and "{" in value and not re.fullmatch(CLASSES, value):
            raise ValueError("a column, or a pattern with {id} and {class}, something between them")
        return value

    @field_validator("intensity")
    @classmethod
    def _rising(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and not (len(value) == 2 and value[0] < value[1]):
            raise ValueError("two numbers, the smaller one first")
        return value
