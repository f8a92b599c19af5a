"""Every target, command, key and registered name appears in the documentation."""

import importlib.util
import re
from pathlib import Path

import pytest

from pipeline.cli import _parser
from pipeline.metrics import FAMILIES, METRICS
from pipeline.networks.backbones import BACKBONES
from pipeline.registry import FEATURES, INPUTS, METHODS, MODELS, SECTIONS

ROOT = Path(__file__).parents[1]
REGISTRIES = (MODELS, METRICS, FAMILIES, METHODS, FEATURES, INPUTS, SECTIONS)
DOCS = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")])


def test_the_page_of_keys_is_that_of_the_schema():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run make docs"


def test_every_make_target_is_documented():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) > 8
    for target in targets:
        assert f"make {target}" in DOCS or target == "help", target


def test_every_command_is_documented():
    commands = [shown.dest for shown in _parser()._subparsers._group_actions[0]._choices_actions]
    assert {"train", "list", "folds", "predict", "ensemble", "submission", "clean", "tune"} <= set(commands)
    for command in commands:
        assert f"make {command}" in DOCS, command


@pytest.mark.parametrize("names", [*(known.names() for known in REGISTRIES), sorted(BACKBONES)], ids=len)
def test_every_registered_name_is_documented(names):
    missing = [name for name in names if f"`{name}`" not in DOCS]
    assert not missing


def test_every_dependency_says_why_it_is_there():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    optional = [f"requirements-{name}.txt" for name in ("catboost", "text", "medical", "dashboard")]
    for name in ("requirements.txt", "requirements-dev.txt", *optional):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith("#"):
                assert re.split(r"[=<>;\[ ]", line)[0] in page, line


def test_no_example_in_the_documentation_is_missing():
    """The YAML of the README is valid; what it links to is there."""
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert (ROOT / link).exists() or link.startswith("http"), link
