import json
from threading import Event, Thread

import numpy as np
import pytest
from filelock import FileLock, Timeout

from pipeline.errors import StoreError
from pipeline.store import Store, digest, write_atomically


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


def make(product, text="x"):
    with product.making() as folder:
        (folder / "a.txt").write_text(text)
        (folder / "sub").mkdir()
        np.save(folder / "sub" / "b.npy", np.arange(3))


def test_the_key_follows_from_the_content(store):
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 1.5})
    assert store.product("x", {"a": 1}).key == store.product("x", {"a": 1}).key
    assert store.product("x", {"a": 1}).key != store.product("y", {"a": 1}).key
    assert store.product("x", {"a": 1}).key != store.product("x", {"a": 2}).key


def test_a_product_is_there_whole_or_not_at_all(store):
    product = store.product("thing", {"a": 1})
    assert not product.done()
    with pytest.raises(RuntimeError, match="half way"), product.making() as folder:
        (folder / "a.txt").write_text("x")
        raise RuntimeError("half way")
    assert not product.done()
    assert not list((store.root / "products").iterdir())
    make(product)
    assert product.done()
    assert (product.path / "sub" / "b.npy").is_file()


def test_the_checkpoint_goes_when_the_product_is_safe(store):
    product = store.product("thing", {"a": 1})
    product.checkpoint.mkdir(parents=True)
    make(product)
    assert not product.checkpoint.exists()


@pytest.mark.parametrize("damage", ["shorten", "remove", "manifest"])
def test_a_damaged_product_is_not_done(store, damage):
    product = store.product("thing", {"a": 1})
    make(product, "long text")
    if damage == "shorten":
        (product.path / "a.txt").write_text("long")
    elif damage == "remove":
        (product.path / "sub" / "b.npy").unlink()
    else:
        (product.path / "manifest.json").write_text("{")
    assert not product.done()
    make(product, "new")
    assert product.done()


def test_verify_finds_a_changed_byte(store):
    product = store.product("thing", {"a": 1})
    make(product, "long")
    product.verify()
    (product.path / "a.txt").write_text("lung")
    with pytest.raises(StoreError, match=r"a.txt is damaged.*Delete the folder"):
        product.verify()


def test_the_manifest_names_files_and_hashes(store):
    product = store.product("thing", {"a": 1})
    make(product)
    manifest = json.loads((product.path / "manifest.json").read_text())
    assert set(manifest["files"]) == {"a.txt", "sub/b.npy"}
    assert manifest["key"] == product.key


def test_a_second_run_waits_and_says_so(store):
    """Each step waits for the one before it; the limits are there so that a fault ends the test."""
    order, waiting, entered = [], Event(), Event()

    def second():
        with store.exclusive(lambda text: (order.append(text), waiting.set())):
            order.append("second")
            entered.set()

    thread = Thread(target=second, daemon=True)
    with store.exclusive(order.append):
        thread.start()
        assert waiting.wait(600)
        order.append("first")
        assert not entered.is_set()
    assert entered.wait(600)
    thread.join(600)
    assert [order[0].partition(" works")[0], *order[1:]] == ["Another run", "first", "second"]


def test_only_one_makes_a_product(store):
    """Whoever comes second cannot have the lock meanwhile, waits, and finds the product done."""
    product, found = store.product("thing", {"a": 1}), []

    def second():
        with store.product("thing", {"a": 1}).lock():
            found.append(product.done())

    thread = Thread(target=second, daemon=True)
    with product.lock():
        path = store.root / "locks" / f"thing-{product.key[:16]}.lock"
        with pytest.raises(Timeout, match=path.name):
            FileLock(path).acquire(timeout=0)
        thread.start()
        make(product)
        assert found == []
    thread.join(600)
    assert found == [True]


def test_leavings_of_a_killed_run_are_swept(store):
    leavings = store.root / "products" / ".making-x-123"
    leavings.mkdir(parents=True)
    said = []
    with store.exclusive(said.append):
        assert not leavings.exists()
    assert said == []


def test_write_atomically_leaves_no_temporary(tmp_path):
    write_atomically(tmp_path / "new" / "f.txt", b"abc")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["f.txt"]
