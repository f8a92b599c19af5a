"""Wanted pictures on the page: drawn once, by one fold's network, and judged by another's too."""

from types import SimpleNamespace as Stub

import numpy as np

from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.inputs.images.part import Pictures
from pipeline.registry import MODELS
from pipeline.reports import wanted
from pipeline.reports.sections.wanted import Wanted
from pipeline.store import Store
from pipeline.tasks.base import make_task

TWO = make_task("classification", ("dark", "<light>"))
FOLDS = [Fold(0, number, np.arange(number * 4, number * 4 + 4), np.arange(4)) for number in range(2)]


class Net:
    """A network of a fold that draws what it is asked for, and is as sure as its fold's number says."""

    def __init__(self, fold, asked):
        self.fold, self.asked = fold, asked

    def wanted(self, most, operations, colour, seed, context):
        self.asked.append((self.fold.number, colour.tolist()))
        return np.arange(2 * 36, dtype=np.uint8).reshape(2, 6, 6, 1)

    def predict(self, rows, context):
        sure = 0.9 - 0.5 * self.fold.number
        assert rows.dataset.part("images").take(rows.positions).shape == (2, 6, 6, 1)
        return np.array([[sure, 1 - sure], [1 - sure, sure]], np.float32)


def material_with(tmp_path, asked):
    def made(product):
        if not product.done():
            with product.making() as folder:
                product.make(folder)

    section = MODELS.get("cnn").Config.model_validate({"kind": "cnn", "backbone": "FC3"})
    pixels = np.repeat(np.arange(8, dtype=np.uint8), 36).reshape(8, 6, 6, 1)
    store = Store(tmp_path)
    empty = store.product("data", {})
    run = Stub(
        config=Stub(seed=0, threads=1),
        folds=Stub(with_rows=lambda fold: fold),
        sides=lambda name: Stub(train=Dataset(np.arange(8).astype(str), {"images": Pictures(pixels)})),
        competition_product=empty,
        folds_product=empty,
        input_products=lambda name: {},
        plan=Stub(store=store),
        made=made,
    )
    trained = Stub(
        name="net",
        section=section,
        run=run,
        done=FOLDS,
        model=lambda fold: Net(fold, asked),
        product=lambda fold: store.product(f"fit{fold.number}", {}),
    )
    return Stub(run=run, task=TWO, ranked=["net"], trained={"net": trained})


def test_they_are_drawn_once_from_training_rows_and_judged_by_another_fold(tmp_path):
    asked = []
    material = material_with(tmp_path, asked)
    assert not Wanted(material).applies()
    for _ in range(2):
        wanted.draw_wanted(material)
    assert asked == [(0, [FOLDS[0].train.mean()])]
    section = Wanted(material)
    assert section.applies()
    tiles = section.blocks()[0].tiles
    assert [tile.title for tile in tiles] == ["dark", "<light>"]
    assert tiles[1].facts == [("its own network", "90.0%"), ("another fold's", "40.0%")]
    assert tiles[0].shown[0].crisp


def test_a_network_that_cannot_be_asked_costs_a_warning(tmp_path, monkeypatch):
    warnings = []
    material = material_with(tmp_path, [])
    material.run.progress = Stub(warning=warnings.append)
    monkeypatch.setattr(Net, "wanted", lambda *said: 1 / 0)
    wanted.draw_wanted(material)
    assert "What net wants to see is not known" in warnings[0]
    assert not Wanted(material).applies()


def test_one_fold_is_not_enough_and_values_want_nothing(tmp_path):
    material = material_with(tmp_path, [])
    assert wanted.wanting(material) is not None
    material.trained["net"].done = FOLDS[:1]
    assert wanted.wanting(material) is None
    material.trained["net"].done = FOLDS
    material.task = make_task("regression", ("y",))
    assert wanted.wanting(material) is None
