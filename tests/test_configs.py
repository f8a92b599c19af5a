"""Every configuration that comes with the project is valid, on a machine without its data."""

from pathlib import Path

import pytest

from pipeline.config.load import load_config

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_is_valid(path, monkeypatch):
    monkeypatch.chdir(path.parents[1])
    config = load_config(path)
    assert config.competition == path.stem
    assert config.models


def test_the_promised_ones_are_there():
    promised = {"digits", "leaves", "mnist", "titanic", "house_prices", "otto", "whales", "whale_heads"}
    promised |= {"whale_masks"}
    assert promised <= {path.stem for path in CONFIGS}
