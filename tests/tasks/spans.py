"""A small contest of spans: what stands between two words, or the whole text where a column says so."""

import numpy as np
import pandas as pd

from pipeline.tasks.span import Span
from pipeline.tasks.span_truth import SpanTruth

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


def long_contest(rows):
    """Returns texts of many windows whose answer stands at the end, and the task."""
    table = told(rows).assign(mode="part")
    table["answer"] = [text.split("from ")[1].split(" until")[0] for text in table["text"]]
    before = np.random.default_rng(1).choice(["grey", "blue", "thin", "tall"], (rows, 80))
    table["text"] = [f"{' '.join(long)} {text}" for long, text in zip(before, table["text"], strict=True)]
    truth = SpanTruth(table["text"].tolist(), table["answer"].tolist())
    return Span(("start", "end"), int(truth.words.max()), "text", truth), table


def write(root, rows=120, test_rows=30):
    """Writes the contest, its sample in another order than its test; returns the test rows with answers."""
    table = told(rows + test_rows)
    root.mkdir(parents=True)
    table[:rows].to_csv(root / "train.csv", index=False)
    test = table[rows:]
    test.drop(columns="answer").to_csv(root / "test.csv", index=False)
    test[["id"]][::-1].assign(answer="").to_csv(root / "sample_submission.csv", index=False)
    return test
