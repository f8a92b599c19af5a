"""Examples in docstrings run and say what they show."""

import doctest
import importlib

import pytest

MODULES = ("pipeline.data.folds", "pipeline.registry")  # with examples


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0, f"{name} has no example."
    assert results.failed == 0
