"""Autoencoders: what they look at, what they restore, what others read of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.models.autoencoder import Autoencoder, AutoencoderConfig
from pipeline.models.base import Context
from pipeline.networks.autoencoder import Shape, SwapNoise, codes, train
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

ROWS = 300
TASK = make_task("classification", ("no", "yes"))
CONFIG = AutoencoderConfig(kind="autoencoder", units=16, layers=1, width=2, epochs=3)


def hidden(seed=0, rows=ROWS):
    """Six columns that two hidden numbers make, and a class by one of them."""
    rng = np.random.default_rng(seed)
    two = rng.normal(size=(rows, 2))
    table = pd.DataFrame(two @ rng.normal(size=(2, 6)), columns=list("abcdef"))
    return dataset_of(np.arange(rows).astype(str), table, target=(two[:, 0] > 0).astype(np.int64))


def test_swapped_cells_are_other_rows_of_the_same_column():
    features = np.arange(1000, dtype=np.float32).reshape(200, 5)
    noisy, truth, weights = SwapNoise(features, 0.3)(np.arange(50), np.arange(50))
    assert weights is None
    np.testing.assert_array_equal(truth, features[:50])
    assert 0.2 < np.mean(noisy != truth) < 0.4
    assert (noisy % 5 == truth % 5).all()
    again, _, _ = SwapNoise(features, 0.3)(np.arange(50), np.arange(50))
    np.testing.assert_array_equal(again, noisy)


@pytest.mark.usefixtures("untraced")
def test_codes_hold_what_made_the_columns():
    features = hidden(rows=500).table.to_numpy(np.float32)
    shape = Shape(6, 32, 1, 2)
    weights = train(features, shape, 0.15, 40, 0.01, 0, 1, lambda fraction, text: None)
    found = codes(features, shape, weights)
    assert found.shape == (500, 2)
    design = np.column_stack([found, np.ones(500)])
    rest = features - design @ np.linalg.lstsq(design, features, rcond=None)[0]
    assert np.square(rest).mean() / features.var() < 0.2, "two numbers tell the six columns"


@pytest.mark.usefixtures("untraced")
def test_folds_share_one_network_and_test_rows_are_looked_at():
    made = []

    def cache(name, key, make):
        if not any(key == one for one, _ in made):
            made.append((key, make()))
        return next(found for one, found in made if one == key)

    data, test = hidden(), replace(hidden(1), target=None)
    context = Context(cache=cache, unlabelled=test, threads=1)
    fits = [
        Autoencoder(CONFIG, TASK).fit(data.rows(part), None, context) for part in np.split(np.arange(ROWS), 3)
    ]
    assert len(made) == 1
    np.testing.assert_array_equal(fits[0].embed(test.rows()), fits[1].embed(test.rows()))
    assert not np.array_equal(fits[0].predict(test.rows()), fits[1].predict(test.rows())), (
        "heads are the folds'"
    )
    other = Context(cache=cache, unlabelled=replace(hidden(2), target=None), threads=1)
    Autoencoder(CONFIG, TASK).fit(data.rows(np.arange(100)), None, other)
    assert len(made) == 2


@pytest.mark.usefixtures("untraced")
def test_no_target_enters_the_codes():
    """Of no row: not of the scored ones, and not of the training rows either, for all folds share them."""
    data = hidden()
    other = replace(data, target=1 - data.target)
    half = np.arange(ROWS // 2)
    one, two = (
        Autoencoder(CONFIG, TASK).fit(side.rows(half), None, Context(threads=1)) for side in (data, other)
    )
    np.testing.assert_array_equal(one.embed(data.rows()), two.embed(data.rows()))


@pytest.mark.usefixtures("untraced")
def test_other_models_read_the_codes(workplace):
    text = (workplace / "configs/toy.yaml").read_text(encoding="utf-8").split("models:")[0] + (
        "models:\n  dae: {kind: autoencoder, epochs: 1, units: 8, width: 3}\n"
        "  logit: {kind: logistic, inputs: [table, dae.embedding]}\n"
    )
    (workplace / "configs/toy.yaml").write_text(text, encoding="utf-8")
    assert main(["train", "toy"]) == 0
    assert len(list((workplace / "runs/toy").glob("**/autoencoder*"))) >= 1
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    new, sent = pd.read_csv("new.csv"), pd.read_csv("runs/toy/submission.csv")
    np.testing.assert_allclose(new.iloc[:, 1:], sent.iloc[:, 1:], atol=2e-5)
