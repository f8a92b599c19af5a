"""Writes docs/configuration.md from the schema: `make docs`. A test compares the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config.schema import Config, ModelConfig
from pipeline.registry import FEATURES, METHODS, MODELS

PAGE = Path(__file__).parent / "configuration.md"
FEATURES_HEAD = """## `features.NAME`

A name, then one word for what it is: `each: {ratio: [fare, size]}`; with other keys than `of`:
`size: {bins: {of: fare, n: 5}}`. What each word makes: [features](features.md).
"""
METHODS_HEAD = """## `ensemble.method` with parameters

`method: greedy` is the method with its defaults; `method: {kind: greedy, rounds: 100}` sets them. Methods
without a table have none, and the methods that `auto` tries have their defaults.
"""
SECTIONS = {"data", "folds", "features", "models", "ensemble", "submission"}  # with a table of their own
HEAD = """# Configuration

Every key of `configs/NAME.yaml`, its default and what it accepts. Written from the schema by
`make docs`; a test holds it. On the command line any key can be set: `--set folds.n=10`.

Numbers and words are those of YAML 1.2: `1e-3` is a number, `on` and `no` are text. Unknown keys,
doubled keys and wrong types are refused, all at once, before anything starts.
"""


def page() -> str:
    """Returns the whole page."""
    parts = [HEAD, _section("The top", Config, skip=SECTIONS)]
    for name, field in Config.model_fields.items():
        kind = _schema_of(field)
        if kind is not None and name not in ("features", "models"):
            parts.append(_section(f"`{name}`", kind))
            parts += _inner_sections(name, kind)
        if name == "ensemble":
            parts += [METHODS_HEAD, *_methods()]
    parts.append(FEATURES_HEAD)
    for word in FEATURES.names():
        parts.append(_section(f"`features.NAME.{word}`", FEATURES.get(word), skip={"kind"}))
    parts.append(_section("`models.NAME`: every kind", ModelConfig))
    common = set(ModelConfig.model_fields)
    done: dict[type, list[str]] = {}
    for kind in MODELS.names():
        done.setdefault(MODELS.get(kind).Config, []).append(kind)
    for schema, kinds in done.items():
        title = ", ".join(f"`kind: {kind}`" for kind in kinds)
        if set(schema.model_fields) - common:
            parts.append(_section(title, schema, skip=common))
        else:
            parts.append(f"## {title}\n\nNo keys of its own.\n")
        for name, field in schema.model_fields.items():
            inner = _schema_of(field)
            if inner is not None and name not in common:
                parts.append(_section(f"`{name}` of {title}", inner))
    return "\n".join(parts)


def _inner_sections(name: str, schema: type[BaseModel]) -> Iterator[str]:
    """Yields a table for every key of a section that may be left out and is a section itself."""
    for key, field in schema.model_fields.items():
        inner = _schema_of(field)
        if inner is not None and type(None) in get_args(field.annotation):
            yield _section(f"`{name}.{key}`", inner)


def _methods() -> Iterator[str]:
    """Yields a table for every ensemble method that has parameters."""
    for name in METHODS.names():
        schema = METHODS.get(name).Config
        if len(schema.model_fields) > 1:
            yield _section(f"`ensemble.method: {{kind: {name}}}`", schema, skip={"kind"})


def _section(title: str, schema: type[BaseModel], skip: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    rows = [
        f"| `{name}` | {_accepts(field)} | {_default(field)} | {field.description or ''} |"
        for name, field in schema.model_fields.items()
        if name not in skip
    ]
    return "\n".join([f"## {title}\n", "| key | accepts | default | |", "|---|---|---|---|", *rows, ""])


def _schema_of(field: FieldInfo) -> type[BaseModel] | None:
    kinds = [field.annotation, *get_args(field.annotation)]
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _accepts(field: FieldInfo) -> str:
    return _limited(field.annotation, field.metadata).replace("|", "or")


def _limited(kind: Any, rules: Sequence[Any]) -> str:
    """Returns a type's name and its limits; those of a list's items stand in the rules of their own type."""
    within = [part for rule in rules for part in getattr(rule, "metadata", [rule])]
    return " ".join([_name(kind), *(text for text in map(_limit, within) if text)])


def _limit(rule: Any) -> str:
    for word, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if hasattr(rule, word):
            return f"{sign} {getattr(rule, word)}"
    return f"like `{rule.pattern}`" if hasattr(rule, "pattern") else ""


def _name(kind: Any) -> str:
    words = {
        int: "integer",
        float: "number",
        str: "text",
        bool: "true, false",
        type(None): "",
        Any: "anything",
    }
    if kind in words:
        return words[kind]
    arguments = get_args(kind)
    origin = get_origin(kind)
    if str(origin) == "typing.Literal":
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is Annotated:
        return _limited(arguments[0], arguments[1:])
    if origin is list:
        return f"list of {_name(arguments[0])}"
    if origin is dict:
        return f"{_name(arguments[0])}: {_name(arguments[1])}"
    if arguments:
        return " or ".join(name for name in map(_name, arguments) if name)
    return "section" if isinstance(kind, type) and issubclass(kind, BaseModel) else str(kind)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value is None or isinstance(value, BaseModel) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
