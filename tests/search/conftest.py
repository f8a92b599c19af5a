import pytest

from pipeline.config.load import load_config
from pipeline.data.source import open_source
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.search.request import Request
from pipeline.store import Store
from pipeline.testing import write_competition

CONFIG = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
models:
  logit: {kind: logistic, C: 0.001}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder with a small table competition and one bad model; the current folder."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    write_competition(tmp_path / "data" / "toy", rows=120, pictures=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def request_of(toy):
    """Returns a function that makes a search's request: (name, overrides, other attributes)."""

    def make(name="logit", overrides=(), **facts):
        config = load_config(toy / "configs/toy.yaml", overrides)
        plan = Plan(config, open_source(toy / "data/toy", "train.csv"), Store(toy / "runs/toy"), (name,))
        return Request(plan, name, **facts)

    return make


@pytest.fixture
def run_of():
    return lambda request: Run(request.plan, Progress())
