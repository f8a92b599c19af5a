"""Disturbed pictures: each asked of a network that was not trained on it, scored beside undisturbed ones."""

import itertools
from types import SimpleNamespace as Stub

import numpy as np
import pandas as pd
import pytest

from pipeline.data.folds import Fold
from pipeline.data.rows import Dataset
from pipeline.inputs.images.part import Pictures
from pipeline.metrics import find_metric
from pipeline.registry import MODELS
from pipeline.reports import robustness_products
from pipeline.reports.disturbances import DISTURBANCES
from pipeline.reports.disturbed_tables import TABLE_DISTURBANCES, deviations
from pipeline.reports.robustness import WAYS, Disturbed, Robustness, models_of, robustness
from pipeline.reports.sections.robustness import RobustnessSection
from pipeline.stages.page import material_of
from pipeline.store import Store
from pipeline.tasks.base import make_task

PICTURES = np.random.default_rng(0).integers(60, 190, (8, 36, 48, 3)).astype(np.uint8)
SLOPES = np.ones(PICTURES.shape, np.int8)
TWO = make_task("classification", ("dark", "light"))


def disturbed(kind, strength, pictures=PICTURES):
    return kind.change(pictures, strength, np.random.default_rng(1), SLOPES[: len(pictures)])


@pytest.mark.parametrize("kind", DISTURBANCES, ids=lambda kind: kind.name)
def test_a_stronger_disturbance_moves_pictures_further(kind):
    far = []
    for strength in kind.strengths:
        found = disturbed(kind, strength)
        assert (found.shape, found.dtype) == (PICTURES.shape, np.uint8)
        far.append(np.abs(found.astype(float) - PICTURES).mean())
    assert 0 < far[0] < far[1] < far[2]
    assert str(kind.strengths[0]) in kind.said(kind.strengths[0])


def test_strengths_are_what_they_are_called():
    noise, blur, turns, flat, attack = DISTURBANCES
    assert np.std(disturbed(noise, 5) - PICTURES.astype(float)) == pytest.approx(0.05 * 255, rel=0.05)
    assert disturbed(flat, 50).std() == pytest.approx(PICTURES.std() / 2, rel=0.05)
    assert set(np.unique(disturbed(attack, 4) - PICTURES.astype(int))) == {4}
    step = np.zeros((1, 60, 60, 1), np.uint8)
    step[:, :, 30:] = 255
    edge = np.gradient(disturbed(blur, 4, step)[0, 30, :, 0].astype(float))
    places = np.arange(60)
    spread = np.sqrt(np.average((places - np.average(places, weights=edge)) ** 2, weights=edge))
    assert spread == pytest.approx(0.04 * 60, rel=0.1)
    bar = np.zeros((1, 61, 61, 1), np.uint8)
    bar[:, 29:32] = 255
    down, across = np.nonzero(disturbed(turns, 20, bar)[0, 10:50, 10:50, 0] > 128)
    assert abs(np.degrees(np.arctan(np.polyfit(across, down, 1)[0]))) == pytest.approx(20, abs=1.5)


def test_numbers_are_off_by_what_they_are_called_and_codes_stay():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(5, 3, 900), "code": np.arange(900) % 3, "n": np.arange(900)})
    frame = frame.assign(word="x", yes=True)
    spread = deviations(frame, np.arange(450))
    assert set(spread) == {"size", "n"}
    assert spread["n"] == pytest.approx(np.arange(450).std())
    numbers, empty = TABLE_DISTURBANCES
    found = numbers.change(frame, 30, rng, spread)
    assert np.std(found["size"] - frame["size"]) == pytest.approx(0.3 * spread["size"], rel=0.1)
    assert (found["n"] == found["n"].round()).all()
    pd.testing.assert_frame_equal(found[["code", "word", "yes"]], frame[["code", "word", "yes"]])
    lost = empty.change(frame, 20, rng, spread).isna().mean()
    assert lost[["size", "code", "n", "word"]].between(0.15, 0.25).all()
    assert lost["yes"] == 0.0


@pytest.mark.slow
def test_rows_of_a_table_are_asked_of_the_model_of_their_own_fold(run_of, monkeypatch):
    material, seen = material_of(run_of("sales")), []
    assert models_of(material) == [material.ranked[0]]
    trained = material.trained["ridge"]
    kind = MODELS.get("ridge")
    own = kind.predict

    def watched(self, rows, context):
        seen.append((id(self), rows))
        return own(self, rows, context)

    monkeypatch.setattr(kind, "predict", watched)
    found = robustness(trained, material.metric, 60.0)
    folds = [material.run.folds.with_rows(fold) for fold in trained.done if fold.scored]
    models = list(dict.fromkeys(model for model, _ in seen))
    assert len(models) == len(folds)
    whole = material.run.sides("ridge").train.table
    for model, rows in seen:
        assert set(rows.positions) <= set(folds[models.index(model)].valid)
        others = np.setdiff1d(np.arange(len(whole)), rows.positions)
        assert (rows.dataset.table["price"].iloc[others] == whole["price"].iloc[others]).all()
    assert found.rows == sum(len(fold.valid) for fold in folds)
    empty = [one.score for one in found.disturbed if one.name == "cells empty"]
    assert found.score < empty[1] < empty[2]


class Network:
    """Says how light a picture is, firmly; notes which rows it was asked about."""

    def __init__(self):
        self.asked = []

    def slope_signs(self, rows, context):
        self.asked += rows.ids.tolist()
        sign = np.where(rows.target > 0, -1, 1)[:, None, None, None]
        return np.broadcast_to(sign, (len(rows), *rows.dataset.pixels.shape[1:])).astype(np.int8)

    def predict(self, rows, context):
        self.asked += rows.ids.tolist()
        light = rows.dataset.pixels[rows.positions].mean(axis=(1, 2, 3)) / 255
        chance = 1 / (1 + np.exp(-100 * (light - 0.5)))
        return np.column_stack([1 - chance, chance]).astype(np.float32)


def contest(n=40):
    """A run of two folds whose pictures are a little darker or lighter than grey."""
    rng = np.random.default_rng(0)
    target = np.arange(n) % 2
    pictures = (126 + 3 * target[:, None, None, None] + rng.integers(-1, 2, (n, 8, 8, 1))).astype(np.uint8)
    data = Dataset(np.arange(n).astype(str), {"images": Pictures(pictures)}, target)
    rows = np.arange(n)
    folds = {0: rows[: n // 2], 1: rows[n // 2 :]}
    networks = {number: Network() for number in folds}
    run = Stub(
        config=Stub(seed=0, threads=1),
        folds=Stub(with_rows=lambda fold: Stub(valid=folds[fold.number], train=folds[1 - fold.number])),
        competition=Stub(target=target),
        sides=lambda name: Stub(train=data),
    )
    trained = Stub(
        section=Stub(kind="cnn"),
        run=run,
        name="net",
        done=[Fold(0, 0), Fold(0, 1)],
        model=lambda fold: networks[fold.number],
    )
    return trained, networks, folds


def test_every_row_is_asked_of_the_network_of_its_own_fold():
    trained, networks, folds = contest()
    found = robustness(trained, find_metric("accuracy"), 60.0)
    assert found.rows == 40
    for number, network in networks.items():
        assert set(network.asked) == {str(row) for row in folds[number]}
    assert found.score == 1.0
    attack = [one.score for one in found.disturbed if one.name == "attack"]
    assert attack == sorted(attack, reverse=True)
    assert attack[-1] == 0.0
    assert len(found.disturbed) == len(WAYS)


def test_no_more_rows_are_asked_about_than_the_seconds_allow():
    found = robustness(contest(400)[0], find_metric("accuracy"), 1e-9)
    assert 10 <= found.rows < 100


def test_a_network_that_is_too_slow_for_enough_rows_is_given_up(monkeypatch):
    home, ticks = "pipeline.reports.robustness", itertools.count()
    monkeypatch.setattr(f"{home}.batch_size", lambda shape: 1)
    monkeypatch.setattr(f"{home}.time.process_time", lambda: float(next(ticks)))
    trained, networks, _ = contest()
    assert robustness(trained, find_metric("accuracy"), 0.5) is None
    assert len({row for network in networks.values() for row in network.asked}) < 5
    assert robustness(trained, find_metric("accuracy"), 60.0).rows > 10


def test_what_was_measured_is_kept_and_a_failure_is_a_warning(tmp_path, monkeypatch):
    said, asked = [], []
    measured = Robustness(0.9, 100, 2, 1.0, (Disturbed("noise", "5 %", 0.5, 0.01),))

    def measure(trained, metric, seconds):
        asked.append(seconds)
        if len(asked) == 1:
            raise ValueError("no room")
        return measured

    def made(product):
        with product.making() as folder:
            product.make(folder)

    store = Store(tmp_path)
    run = Stub(
        config=Stub(report=Stub(robustness=4.0), metric="accuracy"),
        plan=Stub(store=store),
        made=lambda product: None if product.done() else made(product),
        competition_product=store.product("competition", {}),
        folds_product=store.product("folds", {}),
        input_products=lambda name: {},
        progress=Stub(warning=said.append),
    )
    trained = Stub(done=[Fold(0, 0)], product=lambda fold: store.product("net-fold0", {}))
    material = Stub(run=run, trained={"net": trained}, metric=find_metric("accuracy"))
    monkeypatch.setattr(robustness_products, "models_of", lambda material: ["net"])
    monkeypatch.setattr(robustness_products, "robustness", measure)
    assert robustness_products.robustness_known(material) == {}
    for _ in range(3):
        robustness_products.measure_robustness(material)
    assert asked == [4.0, 4.0], "once it is known it is not asked again"
    assert said == ["What net says of disturbed rows is not known: ValueError('no room')"]
    assert robustness_products.robustness_known(material) == {"net": measured}


def test_the_section_shows_the_undisturbed_score_and_advises_what_costs(monkeypatch):
    ways = [Disturbed(one.name, one.said(by), 0.9, 0.02) for one, by in WAYS]
    ways[4] = Disturbed("blur", "2 % of the side", 0.6, 0.02)
    ways[7] = Disturbed("turns", "10 degrees", 0.7, 0.02)
    home = "pipeline.reports.sections.robustness"
    known = {}
    monkeypatch.setattr(f"{home}.robustness_known", lambda material: known)
    monkeypatch.setattr(f"{home}.models_of", lambda material: ["net"])
    config = Stub(report=Stub(robustness=6.0))
    trained = {"net": Stub(section=Stub(augment=[{"GaussianBlur": {}}]))}
    own = {"name": "toy", "metric": find_metric("accuracy"), "sign": 1.0}
    material = Stub(run=Stub(config=config), trained=trained, **own)
    section = RobustnessSection(material)
    assert section.applies()
    assert "make report COMP=toy" in section.blocks()[0].lines[0].text
    known["net"] = None
    assert "too few rows were answered in 6 seconds" in RobustnessSection(material).blocks()[0].lines[0].text
    known["net"] = Robustness(0.91, 100, 5, 2.0, tuple(ways))
    section = RobustnessSection(material)
    beside, _ = section.blocks()
    figure, table = beside.blocks
    assert table.rows[0] == ["nothing", "–", "0.91000", "–"]
    assert len(table.rows) == 1 + len(WAYS)
    assert "undisturbed 0.91000" in figure.alt
    (advice,) = section.advice()
    assert advice.text.endswith("`Affine: {rotate: ...}`."), "blurred ones it is shown already"
    assert advice.evidence == "Undisturbed 0.91000; turns (10 degrees) 0.70000 ± 0.02000."
    assert [row[3].tone for row in table.rows[1:] if row[3].tone] == ["warn", "warn"]
    assert section.warnings() == []
    ways = [
        Disturbed(one.name, one.said(by), 0.7, 0.02) for one in TABLE_DISTURBANCES for by in one.strengths
    ]
    known["trees"] = Robustness(0.91, 100, 5, 2.0, tuple(ways))
    section = RobustnessSection(material)
    pictures, tables, _ = section.blocks()
    assert ["numbers off" in beside.blocks[0].svg for beside in (pictures, tables)] == [False, True]
    assert ["less contrast" in beside.blocks[0].svg for beside in (pictures, tables)] == [True, False]
    assert len(tables.blocks[1].rows) == 1 + len(ways)
    (warning,) = section.warnings()
    assert "numbers off by 1 % of the deviation of their column score 0.70000, not 0.91000" in warning
