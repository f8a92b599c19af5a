"""Small tables whose faults are known."""

import numpy as np
import pandas as pd
import pytest


def table(rows, seed):
    rng = np.random.default_rng(seed)
    numbers = {name: rng.normal(size=rows) for name in "abcd"}
    return pd.DataFrame({**numbers, "place": rng.choice(["north", "south", "west"], rows)})


@pytest.fixture
def make_table():
    return table


@pytest.fixture
def train():
    return table(600, 1)


@pytest.fixture
def test():
    return table(240, 2)


@pytest.fixture
def target(train):
    noise = np.random.default_rng(3).normal(0, 0.7, len(train))
    return (train["a"] + noise > 0).to_numpy().astype(np.int64)
