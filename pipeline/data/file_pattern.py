"""Names of files with columns in braces: "images/{id}.jpg", "train/{species}/{id}.*"."""

from __future__ import annotations

import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipeline.errors import DataError

NOT = "not "


class FilePattern:
    """A file's relative POSIX name in which `{column}` stands for the row's value.

    `*` stands for any text without a slash (an ending that differs), `**/` for any folders.
    `{species:not Test,Other}` stands for any value but these: what lies there is not of this table.

    Attributes:
        text: as in the YAML.
        fields: the columns that it names, each once.
        wild: whether it holds a star, so that the files must be looked through.

    Raises:
        DataError: the braces are not closed, or hold more than a column and what it is not.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError as error:
            raise DataError(f"{text!r} is no pattern of file names: {error}.") from error
        self._parts = [part[:2] for part in parts]
        self._others = {field: _others(text, limits) for _, field, limits, _ in parts if field and limits}
        self.fields = list(dict.fromkeys(field for _, field in self._parts if field))
        self.wild = any("*" in literal for literal, _ in self._parts)

    def name(self, values: tuple[str, ...]) -> str:
        """Returns the name for values in the order of `fields`; stars stay."""
        of = dict(zip(self.fields, values, strict=True))
        return "".join(literal + (of[field] if field else "") for literal, field in self._parts)

    def matches(self, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yields each of the names that fits, with its values in the order of `fields`."""
        expression = re.compile(self._expression())
        for name in names:
            match = expression.fullmatch(name)
            if match:
                yield name, tuple(match[f"f{number}"] for number in range(len(self.fields)))

    def renamed(self, name: str, field: str, value: str) -> str:
        """Returns the name of a file that fits, with another value wherever a field stands."""
        match = re.fullmatch(self._expression(), name)
        if match is None or field not in self.fields:
            return name
        number, pieces, last = self.fields.index(field), [], 0
        for group in match.re.groupindex:  # in their order
            if group == f"f{number}" or group.startswith(f"r{number}_"):
                start, end = match.span(group)
                pieces += [name[last:start], value]
                last = end
        return "".join([*pieces, name[last:]])

    def index(self, names: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
        """Returns values -> the names that fit them."""
        found: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name, values in self.matches(names):
            found[values].append(name)
        return dict(found)

    def _expression(self) -> str:
        """Returns a regular expression: group `f0` is the first field, `r0_2` where it stands again."""
        seen: list[str] = []
        pieces = []
        for place, (literal, field) in enumerate(self._parts):
            escaped = re.escape(literal).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            pieces.append(escaped)
            if field and field in seen:
                pieces.append(f"(?P<r{seen.index(field)}_{place}>(?P=f{seen.index(field)}))")
            elif field:
                seen.append(field)
                others = "|".join(map(re.escape, self._others.get(field, ())))
                value = f"(?P<f{len(seen) - 1}>[^/]+)"
                pieces.append(f"(?!(?:{others})(?:/|$)){value}" if others else value)
        return "".join(pieces)


def _others(text: str, limits: str) -> list[str]:
    """Returns the values that a field does not stand for."""
    if not limits.startswith(NOT):
        raise DataError(
            f"{text!r} is no pattern of file names: after a colon stands `not` and the values that are left "
            f"out, as in {{species:not Test}}. Received: {limits!r}."
        )
    return [name.strip() for name in limits.removeprefix(NOT).split(",")]
