"""A cluster changes where folds are fitted, and nothing else."""

import subprocess
import sys

import pytest

from pipeline.cli import main
from pipeline.runners import pool
from pipeline.runners import ray as ray_runner

RAY = ["--set", "runner=ray", "--set", "workers=2"]
TABLES = ["--only", "logit,top", "--set", "models.top={kind: logistic, inputs: [logit.prediction]}"]


@pytest.fixture(scope="module")
def local_cluster():
    """Skips where Ray is not there, or cannot start at all (no /dev/shm, no local ports)."""
    pytest.importorskip("ray", reason="Ray is not installed (make setup RAY=1)")
    start = [sys.executable, "-c", "import ray; ray.init(include_dashboard=False)"]
    try:
        tried = subprocess.run(start, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("Ray does not start here within 90 seconds")
    if tried.returncode:
        pytest.skip(f"Ray does not start here: {tried.stderr[-300:]}")


@pytest.mark.slow
@pytest.mark.usefixtures("local_cluster")
@pytest.mark.parametrize("shared", [True, False])
def test_a_cluster_gives_what_one_process_gives(
    workplace, as_one_process, monkeypatch, capsys, tmp_path_factory, shared
):
    """Once with a store that both sides see, once as on a machine that has nothing of it."""
    monkeypatch.setattr(pool, "SHORT", 0.0)  # these fits are too short to be worth a task
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("TMPDIR", str(elsewhere))  # where such a machine keeps what it was sent
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")  # its sockets want short paths
    if not shared:
        monkeypatch.setattr(ray_runner, "mark", lambda store: store.root / "not-there")
    assert main(["train", "toy", *TABLES, *RAY]) == 0
    assert "2 folds by 2 workers" in capsys.readouterr().out
    assert bool(list(elsewhere.rglob("logit-fold1*"))) is not shared
    assert not list((workplace / "runs/toy").glob(".shared-*"))
    as_one_process(*TABLES)


def test_without_ray_the_run_says_how_to_get_it(workplace, monkeypatch, capsys):
    monkeypatch.setattr(ray_runner, "find_spec", lambda name: None)
    assert main(["train", "toy", *TABLES, *RAY]) == 1
    assert "make setup RAY=1" in capsys.readouterr().err


def test_a_product_arrives_as_it_was_sent(tmp_path):
    from pipeline.store import Store

    store, other = Store(tmp_path / "a"), Store(tmp_path / "b")
    product = store.product("thing", {"x": 1})
    with product.making() as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("text")
    packed = ray_runner.pack(product.path)
    for _ in range(2):  # the second one finds it there
        ray_runner.unpack(packed, other, product.path.name)
    there = other.product("thing", {"x": 1})
    assert there.done()
    there.verify()
    assert [path.name for path in other.products.iterdir()] == [product.path.name]


def test_another_machine_names_side_tables_as_this_one_does(workplace):
    """A fold's product is found by its key, which names all tables that are read."""
    from pipeline.config.load import load_config
    from pipeline.data.source import FolderSource
    from pipeline.progress import Progress
    from pipeline.run.plan import Plan
    from pipeline.run.run import Run
    from pipeline.store import Store

    root = workplace / "data" / "toy"
    (root / "kinds.csv").write_text("species,size\noak,3\n", encoding="utf-8")
    path = workplace / "configs" / "toy.yaml"
    said = path.read_text(encoding="utf-8").replace(
        "data: {", "data: {tables: {kinds: {file: kinds.csv, by: species}}, "
    )
    assert "kinds.csv" in said
    path.write_text(said, encoding="utf-8")
    plan = Plan(load_config(path), FolderSource(root), Store(workplace / "runs" / "toy"))
    assert "kinds.csv" in plan.tables
    there = ray_runner.FilesElsewhere(plan).fingerprint(plan.tables)
    assert there == Run(plan, Progress()).fingerprint == FolderSource(root).fingerprint(plan.tables)
    (root / "kinds.csv").write_text("species,size\noak,4\n", encoding="utf-8")
    assert FolderSource(root).fingerprint(plan.tables) != there
