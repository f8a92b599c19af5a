"""Pretraining without labels: all folds share it, and no label enters."""

import numpy as np
import pytest

from pipeline.config.load import load_config
from pipeline.context import Context
from pipeline.errors import ConfigError, ModelError
from pipeline.networks.building import build_extractor, build_map
from pipeline.networks.pretraining import with_pretrained
from pipeline.networks.structure import ExtractorStructure
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

ROWS, SIDE, CLASSES = 24, 8, 3
SECTION = {
    "kind": "cnn",
    "backbone": "4C3s BN MP2 6C3s FC5",
    "epochs": 1,
}
METHODS = {
    "masked": {"epochs": 2, "mask": 0.5, "patch": 2},
    "simclr": {"method": "simclr", "epochs": 2, "augment": "digits"},
}


class Cache:
    """A cache in memory, which counts what it had to make."""

    def __init__(self):
        self.known = {}

    def __call__(self, name, key, make):
        said = repr((name, sorted(key.items())))
        if said not in self.known:
            self.known[said] = make()
        return self.known[said]

    @property
    def arrays(self):
        return list(self.known.values())


def pictures(rows, seed):
    return np.random.default_rng(seed).integers(0, 256, (rows, SIDE, SIDE, 1), np.uint8)


def fit(method, target, rows, cache):
    """Returns what a network that learned from some rows says of all."""
    ids = np.arange(ROWS).astype(str)
    data = dataset_of(ids, pixels=pictures(ROWS, 0), pixels_key="train", target=target)
    asked = dataset_of(ids[:6], pixels=pictures(6, 1), pixels_key="test")
    kind = MODELS.get("cnn")
    section = kind.Config.model_validate(SECTION | {"pretrain": METHODS[method]})
    model = kind(section, make_task("classification", tuple("abc")))
    context = Context(seed=3, cache=cache, unlabelled=asked)
    return model.fit(data.rows(rows), None, context).predict(data.rows(), context)


@pytest.fixture(scope="module", params=METHODS)
def fits(request):
    target, first, last = np.arange(ROWS) % CLASSES, np.arange(16), np.arange(8, 24)
    one, other = Cache(), Cache()
    said = [fit(request.param, target, rows, one) for rows in (first, last, first)]
    fit(request.param, target[::-1].copy(), first, other)
    return said, one, other


@pytest.mark.slow
def test_labels_change_nothing_of_what_is_learned_without_them(fits):
    _, one, other = fits
    np.testing.assert_array_equal(one.arrays[0], other.arrays[0])


@pytest.mark.slow
def test_all_folds_share_one_pretraining(fits):
    _, one, _ = fits
    assert len(one.known) == 1


@pytest.mark.slow
def test_a_fit_is_the_same_where_the_pretraining_was_there_before(fits):
    made, of_other_rows, again = fits[0]
    np.testing.assert_array_equal(made, again)
    assert not np.array_equal(made, of_other_rows)


@pytest.mark.parametrize("backbone", ["4C3s BN MP2 6C3s FC5", "4C5 MP2 GAP FC7 D0.3", "4C3s BN"])
def test_the_weights_of_the_map_are_the_extractors_first(backbone):
    structure = ExtractorStructure(backbone, 1.0, (9, 8, 2), "flatten", False)
    whole, body = build_extractor(structure), build_map(structure)
    first = [np.asarray(value) for value in body.get_weights()]
    values = with_pretrained(np.concatenate([value.ravel() for value in first]), whole.get_weights())
    for own, value in zip(first, values, strict=False):
        np.testing.assert_array_equal(own, value)
    for old, value in list(zip(whole.get_weights(), values, strict=True))[len(first) :]:
        np.testing.assert_array_equal(old, value)
    with pytest.raises(ModelError, match="another network"):
        with_pretrained(np.zeros(10_000, np.float32), whole.get_weights())


def test_a_network_without_a_map_cannot_be_pretrained(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text(
        "competition: toy\ndata: {target: y, images: 'x/{id}.png'}\nmetric: log_loss\n"
        "models: {net: {kind: cnn, backbone: FC9 FC5, size: 8, pretrain: {epochs: 1}}}\n"
    )
    with pytest.raises(ConfigError, match=r"models\.net\.pretrain.*'FC9 FC5' has no convolution"):
        load_config(path)
