"""Docstrings: the noun of the field comes first, and examples run and say what they show."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

from pipeline import api
from pipeline.data.features.base import Feature
from pipeline.ensemble.method import Method
from pipeline.inputs.base import Input
from pipeline.metrics import Metric, find_metric
from pipeline.models.base import Model
from pipeline.registry import Registry
from pipeline.reports.section import Section
from pipeline.tasks.base import Task

ROOT = Path(__file__).parents[1]
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "pipeline").rglob("*.py"))}
SHOWN = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES if ">>>" in SOURCES[path]]
BASES = (Registry, Model, Method, Feature, Task, Input, Metric, Section, find_metric)
FUNCTIONS = [thing for thing in (getattr(api, name) for name in api.__all__) if inspect.isfunction(thing)]
ASKING = re.compile(r"(What|Who|Where|How|When|Which|Why|Everything|Those)\b")


@pytest.mark.parametrize("name", SHOWN)
def test_the_examples_of_a_module_run(name, digits_workplace):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0, f"{name} has no example that doctest finds."
    assert results.failed == 0


@pytest.mark.parametrize("thing", [*BASES, *FUNCTIONS], ids=lambda thing: thing.__name__)
def test_what_others_build_on_shows_an_example(thing):
    _, _, example = inspect.getdoc(thing).partition("Example:\n")
    assert ">>>" in example, f"{thing.__name__} has no example."


def test_docstrings_begin_with_the_noun():
    found = []
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                said = ast.get_docstring(node)
                if said and ASKING.match(said):
                    found.append(f"{path.relative_to(ROOT)}: {said.splitlines()[0]}")
    assert found == []
