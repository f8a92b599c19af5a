"""Tables as JSON: records, columns, or a record a line."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".json", ".jsonl", ".ndjson")
Record = dict[str, Any]


def is_json(name: str) -> bool:
    """Says whether a file's ending is one of JSON's."""
    return PurePosixPath(name.lower()).suffix in ENDINGS


def read_json_table(where: str, data: bytes, text: tuple[str, ...], encoding: str) -> pd.DataFrame:
    """Reads a list of records, lists by column, or records one a line, which the content tells.

    A list of words becomes a text, "salt, olive oil"; all else that is nested becomes its JSON.

    Args:
        where: what an error calls the file.
        data: its bytes.
        text: columns kept as text. Those that it lacks are ignored.
        encoding: of the file.

    Raises:
        DataError: it is no JSON, or no table; says where.
    """
    import pandas as pd

    if not data.strip():
        raise DataError(f"{where} is empty.")
    try:
        records = _records(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not {encoding} at byte {error.start}: set `data.encoding`.") from error
    except ValueError as error:
        raise DataError(f"{where} cannot be read as JSON: {error}.") from error
    if not records:
        raise DataError(f"{where} holds no rows.")
    names = dict.fromkeys(name for record in records for name in record)
    columns = {name: [_cell(record.get(name)) for record in records] for name in names}
    return pd.DataFrame({name: _column(values, name in text) for name, values in columns.items()})


def _column(values: list[Any], exact: bool) -> pd.Series:
    """Returns a column of one type: of numbers beside words all become words."""
    import pandas as pd

    if exact:  # as a CSV would hold it
        return pd.Series(["" if value is None else str(value) for value in values], dtype="str")
    kinds = {type(value) for value in values if value is not None}
    if str in kinds or (bool in kinds and len(kinds) > 1):
        return pd.Series([None if value is None else str(value) for value in values], dtype="str")
    return pd.Series(values)


def _records(text: str) -> list[Record]:
    """Returns the records in the order of the file.

    Raises:
        ValueError: there are none; says where.
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        if "Extra data" not in error.msg:
            raise
        whole = [_line(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if isinstance(whole, dict):
        whole = _by_column(whole)
    if not isinstance(whole, list) or not all(isinstance(record, dict) for record in whole):
        raise ValueError("it holds neither records (a list, or one a line) nor lists by column")
    return whole


def _line(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: {error.msg} at character {error.pos + 1}") from error


def _by_column(whole: Record) -> list[Record]:
    """Returns the records of {"a": [1, 2]} or of pandas' {"a": {"0": 1, "1": 2}}; one record stays one."""
    if whole and all(isinstance(values, dict) for values in whole.values()):
        rows = list(dict.fromkeys(row for values in whole.values() for row in values))
        return [{name: values.get(row) for name, values in whole.items()} for row in rows]
    if whole and all(isinstance(values, list) for values in whole.values()):
        lengths = {name: len(values) for name, values in whole.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"its columns differ in length: {lengths}")
        return [dict(zip(whole, values, strict=True)) for values in zip(*whole.values(), strict=True)]
    return [whole]


def _cell(value: Any) -> Any:
    """Returns a value that a table can hold."""
    if isinstance(value, list):
        if all(isinstance(part, str) for part in value):
            return ", ".join(value)
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
