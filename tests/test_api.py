"""The public API: the page that shows it runs as it stands, and every name has help worth reading."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import pipeline
from pipeline import api
from pipeline.errors import ConfigError, DataError
from pipeline.registry import MODELS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "api.md"


@pytest.mark.slow
def test_the_page_runs_as_it_stands(digits_workplace, pages):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    names: dict[str, object] = {}
    try:
        for number, block in enumerate(blocks):
            exec(compile(block, f"{PAGE}, block {number}", "exec"), names)
    finally:
        MODELS._things.pop("nearest_mean", None)
    assert "accuracy" in repr(names["result"])
    oof = names["result"].oof
    assert oof.shape == names["trees"].oof.shape


@pytest.mark.parametrize("name", api.__all__)
def test_every_name_is_there_and_says_what_it_is(name):
    thing = getattr(pipeline, name)
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        thing = type(thing)
    assert len(inspect.getdoc(thing)) > 20
    assert name in dir(pipeline)


@pytest.mark.parametrize("name", ["load_config", "open_run", "train", "cross_validate", "predict", "report"])
def test_functions_say_what_they_take_and_raise(name):
    said = inspect.getdoc(getattr(pipeline, name))
    for part in ("Args:", "Raises:"):
        assert part in said
    for parameter in inspect.signature(getattr(pipeline, name)).parameters:
        assert f"{parameter}:" in said, parameter


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        pipeline.trian  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, pipeline; pipeline.train; "
        "print(sorted({'tensorflow', 'keras', 'sklearn', 'pandas', 'lightgbm', 'optuna'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_one_process_cannot_do_is_refused(digits_workplace):
    with pytest.raises(ConfigError, match="`workers` and `runner` are for make train"):
        pipeline.train(pipeline.load_config("digits", ["workers=2"]))
    with pytest.raises(ConfigError, match=r"No model .tree. answers\. Did you mean .trees."):
        pipeline.cross_validate("digits", "tree")
    with pytest.raises(ConfigError, match="One fold makes no submission"):
        pipeline.train("digits", fold=0)


def test_a_score_that_would_be_a_lie_is_refused_here_too(workplace):
    for name in ("train", "test"):
        file = workplace / f"data/toy/{name}.csv"
        table = pd.read_csv(file, dtype=str)
        table["told"] = table["species"] if name == "train" else "?"
        table.to_csv(file, index=False)
    with pytest.raises(DataError, match="told"):
        pipeline.cross_validate("toy", "logit")
