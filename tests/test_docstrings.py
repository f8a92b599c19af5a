"""Docstrings: the noun of the field comes first, and examples run and say what they show."""

import ast
import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = ("pipeline.data.folds", "pipeline.registry")  # with examples
ASKING = re.compile(r"(What|Who|Where|How|When|Which|Why|Everything|Those)\b")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0, f"{name} has no example."
    assert results.failed == 0


def test_docstrings_of_modules_and_classes_begin_with_the_noun():
    found = []
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef):
                said = ast.get_docstring(node)
                if said and ASKING.match(said):
                    found.append(f"{path.relative_to(ROOT)}: {said.splitlines()[0]}")
    assert found == []
