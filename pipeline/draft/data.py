"""The section `data` of a draft, and the tables read by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.config.schema import DataConfig
from pipeline.data.source import Source
from pipeline.data.tables import Tables, read_tables
from pipeline.draft.files import Asked, Files, side_name
from pipeline.draft.target import told_task
from pipeline.errors import DataError


def read_as_drafted(source: Source, data: dict[str, Any]) -> Tables:
    """Reads the tables as the pipeline will."""
    try:
        return read_tables(source, DataConfig(**data))
    except DataError as error:
        if "`data.missing_targets" in str(error):
            raise DataError(f"{error}\nFor a draft: ARGS='--missing-targets leave_out'.") from error
        raise


def data_section(
    files: Files, targets: list[str], located: Mapping[str, Any], drop: list[str], asked: Asked
) -> dict[str, Any]:
    """Returns the `data` section: what differs from the defaults, and id and target always."""
    default = DataConfig()
    data: dict[str, Any] = {
        "train": files.train.value,
        "test": files.test.value,
        "sample": files.sample.value,
        "id": files.id,
        "target": targets[0] if len(targets) == 1 else targets,
    }
    if task := told_task(files, targets, asked.metric):
        data["task"] = task.kind
    data |= located
    data |= {"masks": files.masks or None, "answers": files.answers or None}
    data["classes"] = files.classes.value if files.classes else None
    data["tables"] = {side_name(name): choice.value for name, choice in files.sides.items()}
    data |= {"drop": drop, "encoding": asked.encoding, "number_rows": files.numbered}
    data["missing_targets"] = asked.missing_targets
    kept = {key: value for key, value in data.items() if value != getattr(default, key)}
    return kept
