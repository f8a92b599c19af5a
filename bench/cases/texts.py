"""N-grams of comments against scikit-learn's own pipeline, and one fit of as many as a large contest has."""

from __future__ import annotations

import time

import numpy as np

from bench.child import in_child
from bench.generated import comments
from bench.measure import MB
from bench.plain import texts as plain
from bench.results import Value
from pipeline.context import Context
from pipeline.data.rows import Dataset
from pipeline.registry import MODELS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

ROWS = 10_000  # of the comparison; scikit-learn needs a minute for them
MANY = 160_000
WORDS = 70


def run(quick: bool) -> list[Value]:
    """Measures; see docs/performance.md."""
    rows, many = (600, 1_200) if quick else (ROWS, MANY)
    both = in_child("bench.cases.texts", "compare", rows=rows)
    large = in_child("bench.cases.texts", "large", rows=many)
    said = f"{many:,} comments of {WORDS} words, one fit, C chosen"
    return [
        Value("texts.time", both["ours"] / both["plain"], f"{rows:,} comments: time against bare calls"),
        Value("texts.lost", both["lost"], "the same: our log loss less the bare one"),
        Value("texts.seconds", large["seconds"], f"{said}: time", "s"),
        Value("texts.memory", large["memory"], f"{said}: most memory of the process", "MB"),
    ]


def compare(rows: int) -> dict[str, float]:
    """Returns our seconds, the bare ones, and how much larger our log loss is, at the same C."""
    texts, label = comments(rows, WORDS)
    cut = rows * 4 // 5
    start = time.perf_counter()
    bare = plain.probabilities(texts[:cut], label[:cut], texts[cut:])
    between = time.perf_counter()
    model = _model(C=plain.C, min_df=plain.MIN_DF, learner="logistic")
    data = _dataset(texts, label)
    context = Context(threads=2)
    ours = model.fit(data.rows(np.arange(cut)), None, context).predict(data.rows(np.arange(cut, rows)))
    end = time.perf_counter()
    lost = _log_loss(label[cut:], ours) - _log_loss(label[cut:], bare)
    return {"ours": end - between, "plain": between - start, "lost": lost}


def large(rows: int) -> dict[str, float]:
    """Returns the seconds of a fit with everything left to be found, and the process's most memory, MB."""
    import resource

    texts, label = comments(rows, WORDS)
    data, inner = _dataset(texts, label), np.arange(rows) % 7 == 0
    start = time.perf_counter()
    _model().fit(data.rows(np.flatnonzero(~inner)), data.rows(np.flatnonzero(inner)), Context(threads=2))
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB}


def _model(**keys):
    model = MODELS.get("ngrams")
    config = model.Config.model_validate({"kind": "ngrams", **keys})
    return model(config, make_task("classification", ("no", "yes")))


def _dataset(texts: list[str], label: np.ndarray) -> Dataset:
    import pandas as pd

    return dataset_of(np.arange(len(label)).astype(str), pd.DataFrame({"text": texts}), target=label)


def _log_loss(label: np.ndarray, chances: np.ndarray) -> float:
    return float(-np.log(np.maximum(chances[np.arange(len(label)), label], 1e-9)).mean())
