"""YAML 1.2 read strictly: no key twice, `1e-3` is a number, `on` and `no` are text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError

Places = dict[tuple[Any, ...], str]  # key path -> where it stands: `configs/x.yaml:12`, lines from 1


def read_yaml(path: Path) -> tuple[dict[str, Any], Places]:
    """Returns the file's mapping as plain Python and the place of every key.

    Raises:
        ConfigError: no such file, no mapping, a syntax error or a key given twice, with its line.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file.") from None
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.") from error
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1
        raise ConfigError(f"{path}:{line}: {str(error.problem).splitlines()[0]}; keep one.") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}.") from None
    except YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}.") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: must hold `key: value` lines. Received: {type(tree).__name__}.")
    lines: dict[tuple[Any, ...], int] = {}
    plain = _plain(tree, (), lines)
    return plain, {key: f"{path}:{line}" for key, line in lines.items()}


def parse_value(text: str) -> Any:
    """Returns the text of an override as YAML reads it: `160` a number, `[a, b]` a list."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return _plain(YAML(typ="rt", pure=True).load(text), (), {})
    except YAMLError as error:
        raise ConfigError(f"--set: {text!r} is not a YAML value: {error}.") from None


def _plain(node: Any, path: tuple[Any, ...], lines: dict[tuple[Any, ...], int]) -> Any:
    """Turns ruamel's types, which remember comments and anchors, into Python's own."""
    if isinstance(node, dict):
        marks = getattr(node, "lc", None)  # ruamel's line and column of every key
        for key in node:
            if marks and marks.data and key in marks.data:
                lines[(*path, key)] = marks.key(key)[0] + 1
        return {str(key): _plain(value, (*path, key), lines) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, (*path, index), lines) for index, value in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind) or (kind is bool and type(node).__name__ == "ScalarBoolean"):
            return kind(node)
    return node
