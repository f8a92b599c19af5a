"""Whether three tables fit one another and the configuration: every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config.data_section import DataConfig
from pipeline.data.answer_files import in_files
from pipeline.data.columns import as_numbers
from pipeline.data.parquet import release_memory
from pipeline.data.raw import GAP_WORDS
from pipeline.data.table_file import TableFile
from pipeline.errors import Problems, did_you_mean, listing
from pipeline.registry import TASKS

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.data.tables import Tables


def find_targets(
    files: Mapping[str, TableFile], key: str, config: DataConfig, problems: Problems
) -> tuple[str, ...]:
    """Returns the target columns, once ids and targets are known to be where they must be."""
    train, test, sample = (files[name].names for name in (config.train, config.test, config.sample))
    numbered = config.number_rows and key in sample
    for name, columns in ((config.train, train), (config.test, test), (config.sample, sample)):
        if key not in columns and not (numbered or (config.number_rows and name == config.train)):
            near = did_you_mean(key, columns)
            problems.add(f"{name} has no id column {key!r}.{near} It has: {listing(columns)}.")
    if in_files(config):
        return _target_names(config) or tuple(name for name in sample if name != key)[:1]
    known = {key, config.classes} | set(() if config.test == config.sample else test)
    wanted = _target_names(config)
    if not wanted:
        answer = [name for name in sample[1:] if name in train and name not in known]
        wanted = tuple(answer) or tuple(name for name in train if name not in known)
        if len(wanted) != 1 and not answer:
            problems.add(
                f"`data.target` must say which column is to be predicted: {config.train} has "
                f"{listing(wanted) or 'no column'} that {config.test} lacks."
            )
    for name in wanted:
        if name not in train:
            problems.add(f"{config.train} has no target column {name!r}.{did_you_mean(name, train)}")
    return wanted


def _target_names(config: DataConfig) -> tuple[str, ...]:
    if config.target is None:
        return ()
    return (config.target,) if isinstance(config.target, str) else tuple(config.target)


def check_rows(tables: Tables, config: DataConfig, problems: Problems) -> None:
    train, test, sample, key = tables.train, tables.test, tables.sample, tables.id
    for name, table in ((config.train, train), (config.test, test), (config.sample, sample)):
        if table[key].nunique(dropna=False) < len(table):  # cheaper than to ask which
            doubled = table[key][table[key].duplicated()].unique()
            problems.add(f"{name}: ids that stand twice in {key!r}: {listing(doubled)}.")
        empty = np.flatnonzero(_blank(table[key]))
        if len(empty):
            problems.add(f"{name}: rows without an id: {listing(empty + 2)} (line numbers).")
    without = sorted(set(test[key]) - set(sample[key]))
    if without:
        problems.add(f"{config.sample} lacks ids of {config.test}: {listing(without)}.")
    unasked = sorted(set(sample[key]) - set(test[key]))
    if unasked:
        problems.add(f"{config.sample} asks for ids that {config.test} lacks: {listing(unasked)}.")
    release_memory()
    gaps = without_target(tables, config)
    for target in tables.targets:
        if target in test.columns:
            problems.add(f"{config.test} holds the target column {target!r}: is it the test table?")
        missing = train[key][gaps[target]]
        if len(missing):
            problems.add(
                f"{config.train}: rows without a {target!r}: {listing(missing)}. "
                "`data.missing_targets: leave_out` goes on without them."
            )


def without_target(tables: Tables, config: DataConfig) -> pd.DataFrame:
    """Says of each training row and target whether there is none; "NA" among numbers is none either."""
    import pandas as pd

    found = {}
    for name in tables.targets:
        column, how = tables.train[name], tables.reading.columns[name]
        words = column.str.strip().isin(GAP_WORDS if how.words_are_gaps else ())
        if words.any() and np.isnan(as_numbers(how.form.plain(column[~words]))).all():
            words &= False  # "NA" beside other names is a name
        may_be_empty = config.task in TASKS and TASKS.get(config.task).may_be_empty
        found[name] = (_blank(column) | words) & (not may_be_empty)
    return pd.DataFrame(found)


def _blank(column: pd.Series) -> pd.Series:
    """Says of each row of a column of text whether it holds nothing: Parquet keeps gaps as gaps."""
    return column.isna() | (column.str.strip() == "")
