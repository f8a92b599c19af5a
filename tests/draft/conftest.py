"""Small folders as Kaggle gives them, and a draft of them on a machine that is always the same."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.config.load import load_config
from pipeline.draft.cost import Machine
from pipeline.draft.draft import make_draft
from pipeline.draft.files import Asked
from pipeline.draft.findings import Surroundings

ROWS, TEST_ROWS = 80, 20


class Folder:
    """A competition's folder that a test changes before it is drafted."""

    def __init__(self, root, home):
        self.root, self.home = root, home
        rng = np.random.default_rng(0)
        total = ROWS + TEST_ROWS
        number = rng.normal(size=total)
        self.table = pd.DataFrame(
            {
                "id": [f"{row:04d}" for row in rng.permutation(total)],
                "width": number,
                "shade": rng.normal(size=total),
                "place": rng.choice(["north", "south"], total),
                "target": (number + rng.normal(0, 0.5, total) > 0).astype(int),
            }
        )

    @property
    def train(self):
        return self.table[:ROWS]

    @property
    def test(self):
        return self.table[ROWS:].drop(columns="target", errors="ignore")

    @property
    def ids(self):
        return self.test["id"]

    def sample(self, **columns):
        return pd.DataFrame({"id": self.ids, **(columns or {"target": 0})})

    def save(self, name, table):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".parquet"):
            table.to_parquet(path, index=False)
        else:
            table.to_csv(path, index=False)
        return self

    def save_all(self, **sample):
        self.save("train.csv", self.train).save("test.csv", self.test)
        return self.save("sample_submission.csv", self.sample(**sample))

    def picture(self, name, side=48):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(path)

    def pictures(self, pattern, ids, side=48):
        for key in ids:
            self.picture(pattern.format(id=key), side)
        return self

    def draft(self, root=None, fetching=False, **asked):
        around = Surroundings(Machine(threads=2), self.home, fetching)
        return make_draft("toy", root or self.root, Asked(**asked), around)

    def config(self, **asked):
        """The drafted configuration, read back from its file."""
        path = self.draft(**asked).write(self.home, force=True)
        return load_config(path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "home").mkdir()
    return Folder(tmp_path / "toy", tmp_path / "home")
