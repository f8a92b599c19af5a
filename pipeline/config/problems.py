"""Turns what pydantic says of a value into what a competitor needs to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipeline.config.words import nearest
from pipeline.errors import did_you_mean, listing


def explain(error: ValidationError, schema: type[BaseModel], prefix: str = "") -> list[tuple[tuple, str]]:
    """Returns (key path, sentence) for every mistake of one validation."""
    return [_sentence(item, schema, prefix) for item in error.errors(include_url=False)]


def _sentence(item: Any, schema: type[BaseModel], prefix: str) -> tuple[tuple, str]:
    unknown = (
        item["type"] == "extra_forbidden"
    )  # then the last part is what was typed, whatever it looks like
    last = item["loc"][-1:] if unknown else ()
    location = (
        *(part for part in item["loc"][: -1 if unknown else None] if not _is_union_branch(part)),
        *last,
    )
    path = ".".join([*([prefix] if prefix else []), *map(str, location)])
    received = f"Received: {_short(item['input'])}."
    if unknown:
        section, name = _section_at(schema, location[:-1]), str(location[-1])
        known = list(section.model_fields) if section else []
        near = section.hint(name) if hasattr(section, "hint") else nearest(name, known)
        return location, f"`{path}`: unknown key.{near} Known: {listing(known, most=60)}."
    if item["type"] == "missing":
        return location, f"`{path}`: is required."
    rule = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    rule = rule.replace("a valid integer", "an integer").replace("a valid ", "a ")
    near = ""
    if item["type"] == "literal_error":
        near = did_you_mean(str(item["input"]), item["ctx"]["expected"].replace("'", "").split(", "))
    return location, f"`{path}` must be {rule}. {received}{near}"


def _section_at(schema: Any, location: Iterable[Any]) -> Any:
    """Returns the schema of the section at that place of a schema, or None where there is none."""
    for part in location:
        field = schema.model_fields.get(part) if hasattr(schema, "model_fields") else None
        if field is None:
            return None
        kinds = [field.annotation, *get_args(field.annotation)]
        schema = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
    return schema


def _is_union_branch(part: Any) -> bool:
    """Says whether a part of pydantic's location names a type tried, not a key of the file."""
    return isinstance(part, str) and (
        part in {"str", "int", "float", "bool", "list", "none"} or "[" in part or "-" in part
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
