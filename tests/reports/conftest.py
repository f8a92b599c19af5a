"""Trained contests of the report's tests, and their pages: each made once."""

import contextlib
import shutil

import pytest

from pipeline import api
from pipeline.stages.page import material_of
from tests.reports.page_reader import drawn
from tests.reports.runs import make


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Returns a function: the folder in which a contest of that name was trained, made once."""
    made = {}

    def train(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name) / "place"
            make(name, folder)
            made[name] = folder
        return made[name]

    return train


@pytest.fixture
def run_of(trained, tmp_path, monkeypatch):
    """Returns a function: the run of a contest, in a copy of its folder that a test may spoil."""

    def open_copy(name):
        shutil.copytree(trained(name), tmp_path / name)
        monkeypatch.chdir(tmp_path / name)
        return api.open_run(name)

    return open_copy


@pytest.fixture(scope="session")
def page_of(trained):
    """Returns a function: a contest's page as HTML and as a parser sees it, and its material; made once."""
    known = {}

    def page(name):
        if name not in known:
            with contextlib.chdir(trained(name)):
                run = api.open_run(name, store=trained(name) / "runs" / name)
                known[name] = (*drawn(run), material_of(run))
        return known[name]

    return page
