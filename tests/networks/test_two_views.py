"""Two views: they differ, and each is told from all others by the one that is of its picture."""

import numpy as np
import pytest

from pipeline.data.joined import joined
from pipeline.networks.building import build_map
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import load_keras
from pipeline.networks.structure import ExtractorStructure
from pipeline.networks.two_views import TEMPERATURE, WIDTH, ViewBatches, compared, confusion
from pipeline.transforms.augment import make_augmenter


def pictures(rows, seed):
    return np.random.default_rng(seed).integers(0, 256, (rows, 8, 8, 1), np.uint8)


@pytest.mark.parametrize("augment", ["views", "spectrogram"])
def test_a_picture_is_seen_twice_each_time_changed(augment):
    sides = [pictures(5, 0), pictures(3, 1)]
    source = ViewBatches(joined(*sides), make_augmenter(augment))
    rows, seeds = np.array([6, 0]), np.array([1, 2])
    seen, _, _ = source(rows, seeds)
    whole = np.stack([sides[1][1], sides[0][0]])
    assert seen.shape == (4, 8, 8, 1)
    for place in range(2):
        first, second = seen[place], seen[2 + place]
        assert not np.array_equal(first, second)
        assert not np.array_equal(first, whole[place])
    again, _, _ = source(rows[::-1], seeds[::-1])
    np.testing.assert_array_equal(again[[1, 0, 3, 2]], seen)


def test_a_view_is_told_by_the_other_one_of_its_picture():
    given = np.random.default_rng(0).normal(size=(6, WIDTH))
    long = given / np.linalg.norm(given, axis=1, keepdims=True)
    alike = np.exp(long @ long.T / TEMPERATURE)
    expected = [
        -np.log(alike[view, (view + 3) % 6] / (alike[view].sum() - alike[view, view])) for view in range(6)
    ]
    found = confusion(load_keras())(np.zeros((6, 1)), given.astype(np.float32))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-4)


def test_any_map_is_compared():
    body = build_map(ExtractorStructure("4C3s MP2 6C3s", 1.0, (9, 7, 2), "flatten", False))
    assert compared(load_keras(), body.output).shape == (None, WIDTH)


@pytest.mark.parametrize(
    ("pretrain", "message"),
    [
        ({"method": "simclr", "mask": 0.3}, "`net.pretrain.mask`: is nothing that `method: simclr`"),
        ({"method": "simclr", "augment": "none"}, "`net.pretrain.augment`: views of a picture must differ"),
        ({"augment": "light"}, "`net.pretrain.augment`: is nothing that `method: masked`"),
        ({"method": "simclr", "augment": "lihgt"}, "net.pretrain.augment: unknown set 'lihgt'. Did you mean"),
    ],
)
def test_keys_of_the_other_method_are_refused(pretrain, message):
    section = CNNConfig(kind="cnn", backbone="4C3s", pretrain={"epochs": 1, **pretrain})
    assert message in "\n".join(section.problems("net"))
