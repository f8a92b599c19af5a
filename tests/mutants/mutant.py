"""The list of mutants: faults that the tests must see, each with the test that sees it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KEYS = ("name", "file", "text", "becomes", "tests")


class MutantError(Exception):
    """A list of mutants, or a choice from it, is not what it should be; says where and what."""


@dataclass(frozen=True)
class Mutant:
    """One fault that is put into the code on purpose.

    Attributes:
        name: what would be wrong then, in a few words.
        file: that is changed, from the root of the repository.
        text: what is replaced; the file holds it exactly once.
        becomes: what stands there instead.
        tests: pytest node ids; each must fail by an assertion then.
    """

    name: str
    file: str
    text: str
    becomes: str
    tests: tuple[str, ...]

    def applied(self, content: str) -> str:
        """Returns the file's content with the fault in it."""
        return content.replace(self.text, self.becomes)

    def stale(self, root: Path) -> str | None:
        """Returns why the mutant no longer fits the tree under `root`, or None where it does."""
        path = root / self.file
        if not path.is_file():
            return f"{self.file} is not there"
        content = path.read_text(encoding="utf-8")
        if (count := content.count(self.text)) != 1:
            return f"{self.file} holds its text {count} times, not once"
        if self.text == self.becomes:
            return "it changes nothing"
        if path.suffix == ".py" and not _parses(self.applied(content)):
            return f"{self.file} is no Python then"
        missing = [test for test in self.tests if not _defined(root, test)]
        return f"no such test: {', '.join(missing)}" if missing else None


def read_mutants(paths: Iterable[Path]) -> list[Mutant]:
    """Returns the mutants of TOML files, in their order.

    Raises:
        MutantError: a key is missing or unknown, there is no test, or two have the same name.
    """
    found: dict[str, Mutant] = {}
    for path in paths:
        for number, facts in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["mutant"], start=1):
            if set(facts) != set(KEYS) or not facts["tests"]:
                raise MutantError(
                    f"{path.name}, mutant {number}: the keys are {', '.join(KEYS)}, with one test at least. "
                    f"Received: {', '.join(facts)}."
                )
            if facts["name"] in found:
                raise MutantError(f"{path.name}, mutant {number}: a second one named {facts['name']!r}.")
            found[facts["name"]] = Mutant(**facts | {"tests": tuple(facts["tests"])})
    return list(found.values())


def _parses(content: str) -> bool:
    try:
        ast.parse(content)
    except SyntaxError:
        return False
    return True


def _defined(root: Path, test: str) -> bool:
    """Says whether a test's function stands in its file; the values of parameters are not looked at."""
    file, *names = test.partition("[")[0].split("::")
    if not names or not (root / file).is_file():
        return False
    body: list[ast.stmt] = ast.parse((root / file).read_text(encoding="utf-8")).body
    for name in names:
        found = [
            node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
        ]
        if not found:
            return False
        body = found[0].body
    return True
