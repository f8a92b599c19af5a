"""Imports point down one declared list, and heavy libraries wait until they are used."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    "errors",
    "registry",
    "tasks",
    "progress",
    "clock",
    "foretold",
    "metrics",
    "config",
    "store",
    "context",
    "networks/keras_import",
    "networks/training",
    "data",
    "transforms",
    "inputs",
    "networks",
    "models",
    "validation",
    "ensemble",
    "audit",
    "kaggle",
    "board",
    "run",
    "runners",
    "reports",
    "stages",
    "search",
    "budget",
    "package",
    "api",
    "draft",
    "console",
    "testing",
    "commands",
    "cli",
    "__main__",
]
HEAVY = {
    *("tensorflow", "keras", "sklearn", "lightgbm", "xgboost", "catboost", "pandas", "scipy", "cv2", "PIL"),
    *("albumentations", "optuna", "matplotlib", "skops"),
}


def files():
    return sorted((ROOT / "pipeline").rglob("*.py"))


def layer_of(module):
    """The floor that a module of `pipeline` stands on: where a part of a package has its own, that."""
    path = module.replace(".", "/").removeprefix("pipeline/")
    return LAYERS.index(max((name for name in LAYERS if f"{path}/".startswith(f"{name}/")), key=len))


def imports(path):
    """Yields (module, is it inside TYPE_CHECKING) for all imports, those in functions included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "pipeline":
                yield from (f"pipeline.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    name = str(path.relative_to(ROOT).with_suffix(""))
    own = layer_of("errors" if name == "pipeline/__init__" else name)
    for module in imports(path):
        assert not module.startswith("competitions"), "a competition's module is loaded by name"
        if module.startswith("pipeline."):  # the package itself is empty
            assert layer_of(module) <= own, f"{path.name} imports {module}, which lies below it"


def test_a_part_of_a_package_may_stand_on_a_floor_of_its_own():
    """The loop that trains networks knows neither tables nor pictures; what is beside it may."""
    loop, beside = layer_of("pipeline.networks.training.trainer"), layer_of("pipeline.networks.fitting")
    assert loop < layer_of("pipeline.data.rows") < layer_of("pipeline.inputs.images") < beside


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_are_imported_where_they_are_used(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        assert not HEAVY & {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} is long"


def test_the_page_of_the_house_names_every_floor_in_order():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    named = [name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert named == [layer for layer in LAYERS if layer != "__main__"]
    for layer in named:
        assert (ROOT / "pipeline" / layer).is_dir() or (ROOT / "pipeline" / f"{layer}.py").is_file()


def test_the_picture_of_the_house_shows_every_folder():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = page.partition("```text")[2].partition("```")[0]
    folders = [path.parent.name for path in (ROOT / "pipeline").glob("*/__init__.py")]
    assert len(folders) > 10
    assert [name for name in folders if f"{name}/" not in picture] == []


def test_few_files_stand_directly_in_the_package():
    assert len(list((ROOT / "pipeline").glob("*.py"))) <= 20


def test_help_and_registries_import_nothing_heavy():
    code = (
        "import sys; from pipeline.registry import MODELS, METHODS; MODELS.names(); METHODS.names(); "
        "from pipeline.cli import _parser; _parser(); "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
