"""A small contest of spans: what stands between two words, or the whole text where a column says so."""

import numpy as np
import pandas as pd

WORDS = "sun moon star tree leaf bird fish rain snow wind hill lake road".split()


def told(rows, seed=0):
    """Returns a table of id, text, mode and answer."""
    rng, found = np.random.default_rng(seed), []
    for row in range(rows):
        count = int(rng.integers(5, 10))
        words, begin = rng.choice(WORDS, count).tolist(), int(rng.integers(0, count - 2))
        inner = words[begin : begin + int(rng.integers(1, 4))]
        text = " ".join([*words[:begin], "from", *inner, "until,", *words[begin + len(inner) :]])
        mode = ("part", "all")[row % 2]
        found.append((f"{row:04d}", text, mode, " ".join(inner) if mode == "part" else text))
    return pd.DataFrame(found, columns=["id", "text", "mode", "answer"])


def write(root, rows=120, test_rows=30):
    """Writes the contest, its sample in another order than its test; returns the test rows with answers."""
    table = told(rows + test_rows)
    root.mkdir(parents=True)
    table[:rows].to_csv(root / "train.csv", index=False)
    test = table[rows:]
    test.drop(columns="answer").to_csv(root / "test.csv", index=False)
    test[["id"]][::-1].assign(answer="").to_csv(root / "sample_submission.csv", index=False)
    return test
