"""Maps and neighbours: rows that the network did not train on, and rows that it did."""

from types import SimpleNamespace as Stub

import numpy as np
import pytest

from pipeline.reports.neighbours import neighbours
from pipeline.reports.picture_map import ACROSS, DOWN, SIDE, picture_map
from pipeline.reports.projection import components, tsne
from pipeline.reports.representation import encoded, nearest
from pipeline.reports.sections.representation import Representation
from pipeline.stages.page import material_of


def test_the_map_of_a_network_shows_rows_that_it_was_not_trained_on(run_of, monkeypatch):
    material, seen = material_of(run_of("toy")), []
    network = Stub(name="net", first=material.trained["lgbm"].first)

    def embed(trained, fold, rows, test):
        seen.append((fold, rows))
        return np.random.default_rng(0).normal(0, 1, (len(rows) + len(test), 4))

    home = "pipeline.reports.sections.representation"
    monkeypatch.setattr(f"{home}.network_of", lambda material: network)
    monkeypatch.setattr(f"{home}.embedded", embed)
    mapped = Representation(material).mapped
    ((fold, rows),) = seen
    assert set(rows.tolist()) <= set(fold.valid.tolist())
    assert len(rows) == len(mapped.rows) > 10
    assert len(mapped.near) == len(rows) + len(material.run.competition.test_ids)


def test_neighbours_are_rows_that_the_models_of_the_fold_were_trained_on(run_of):
    material = material_of(run_of("toy"))
    rows = material.answer.rows[:6].tolist()
    found = neighbours(material, rows)
    assert sorted(found) == sorted(rows)
    for fold in material.run.folds:
        for row in set(rows) & set(fold.valid.tolist()):
            assert len(found[row]) == 3
            assert set(found[row]) <= set(fold.train.tolist())


def test_a_representation_of_columns_looks_at_no_target(run_of):
    run = run_of("sales")
    rows, test = np.arange(40), np.arange(5)
    one = encoded(material_of(run), rows, test)
    run.competition.target[:] = run.competition.target[::-1].copy()
    np.testing.assert_array_equal(one, encoded(material_of(run), rows, test))
    assert len(one) == 45


def test_the_nearest_are_those_of_brute_force_and_never_the_row_itself():
    values = np.random.default_rng(0).normal(0, 1, (30, 4))
    asked = np.arange(5)
    found = nearest(values, asked, np.arange(30), 3)
    far = np.linalg.norm(values[:5, None] - values, axis=2) + np.eye(5, 30) * 1e9
    np.testing.assert_array_equal(found, np.argsort(far, axis=1)[:, :3])


def test_rows_of_a_kind_lie_together():
    values = np.repeat(np.eye(3) * 20, 15, axis=0) + np.random.default_rng(0).normal(0, 1, (45, 3))
    kind = np.repeat(np.arange(3), 15)
    for points in (components(values)[0], tsne(values)):
        middle = np.array([points[kind == one].mean(axis=0) for one in range(3)])
        far = np.linalg.norm(points[:, None] - middle, axis=2)
        assert (far.argmin(axis=1) == kind).mean() > 0.95
    np.testing.assert_array_equal(tsne(values), tsne(values))


@pytest.mark.parametrize("rows", [1, 4])
def test_rows_that_are_all_alike_have_a_map(rows):
    assert tsne(np.ones((rows, 3))).tolist() == [[0.0, 0.0]] * rows


def test_pictures_stand_where_their_rows_lie(monkeypatch):
    import cv2

    kept = []
    own = cv2.imencode
    monkeypatch.setattr(
        cv2, "imencode", lambda kind, sheet, options: kept.append(sheet) or own(".png", sheet)
    )
    colours = {0: (255, 0, 0), 1: (0, 255, 0), 2: (0, 0, 255)}
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.001, 0.001]])

    def shown(places):
        return [np.full((8, 4, 3), colours[place], np.uint8) for place in places.tolist()]

    source, count = picture_map(points, shown)
    assert source.startswith("data:image/webp;base64,")
    assert count == 2, "the third would lie over the first"
    sheet = kept[0][..., ::-1]
    assert sheet.shape == (DOWN * SIDE, ACROSS * SIDE, 3)
    assert sheet[-SIDE + 3, 3].tolist() == [255, 0, 0], "low and left"
    assert sheet[3, -SIDE + 3].tolist() == [0, 255, 0], "high and right"


def test_an_input_of_files_that_shows_nothing_has_no_map_of_pictures(run_of, monkeypatch):
    """A clip's statistics are located by its file, yet nothing of them is to be seen."""
    hidden = Stub(located="clips", there=lambda competition: True, shown=lambda shop, rows: [])
    registry = {"statistics": lambda: hidden}
    monkeypatch.setattr("pipeline.reports.sections.representation.INPUTS", registry)
    section = Representation(material_of(run_of("toy")))
    assert section._pictures(section.mapped) == []
