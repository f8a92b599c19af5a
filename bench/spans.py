"""Answers in long texts, by their place: bench/spans.py [--words 3000] [--weights FOLDER]."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.context import Context
from pipeline.metrics import find_metric
from pipeline.registry import MODELS
from pipeline.tasks.span import MOST_WORDS, Span
from pipeline.tasks.span_truth import SpanTruth
from pipeline.testing import dataset_of

THREADS, SEED = 2, 0
WORDS = "sun moon star tree leaf bird fish rain snow wind hill lake road field stone cloud".split()
THINGS = "river castle museum engine poet temple market bridge".split()
SYLLABLES = "ka lo mi ru te sa no vi pe du".split()
FACTS = "length height age owner colour founder".split()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=200, help="to learn from")
    options.add_argument("--scored", type=int, default=100)
    options.add_argument("--words", type=int, default=3000, help="of a text")
    options.add_argument("--others", type=int, default=4, help="sentences of the same form on something else")
    options.add_argument("--weights", type=Path, help="folder of a pretrained encoder, fine-tuned too")
    options.add_argument("--epochs", type=int, default=3, help="of the encoder")
    options.add_argument("--only", nargs="*", help="names of the models")
    said = options.parse_args()
    table = contest(said.rows + said.scored, said.words, said.others)
    truth = SpanTruth(table["context"].tolist(), table["answer"].tolist())
    task = Span(("start", "end"), min(int(truth.words.max()), MOST_WORDS), "context", truth)
    target = np.hstack([np.arange(len(table), dtype=float)[:, None], task.inside(truth.spans)])
    kinds = {"context": "text", "question": "text"}
    data = dataset_of(np.arange(len(table)).astype(str), table[[*kinds]], target=target, kinds=kinds)
    sections: dict[str, dict[str, Any]] = {"linear": {"kind": "span_linear"}, "net": {"kind": "text_net"}}
    if said.weights:
        tuned = {"kind": "transformer", "weights": str(said.weights), "finetune": "all"}
        sections["encoder"] = {**tuned, "epochs": said.epochs, "learning_rate": 3e-4}
    late = truth.spans[said.rows :, 0] >= np.median(truth.words) / 2
    for name, section in sections.items():
        if not said.only or name in said.only:
            began, context = time.perf_counter(), Context(seed=SEED, threads=THREADS)
            kind = MODELS.get(section["kind"])
            model = kind(kind.Config.model_validate(section), task)
            model.fit(data.rows(np.arange(said.rows)), None, context)
            scored = np.arange(said.rows, len(table))
            answers = task.decided(model.predict(data.rows(scored), context))
            metric = find_metric("word_jaccard").of(task)
            halves = [metric(target[scored[half]], answers[half]) for half in (~late, late)]
            print(
                f"{name}: word_jaccard {metric(target[scored], answers):.3f}; of answers in the first half "
                f"of their text {halves[0]:.3f}, in the second {halves[1]:.3f}; "
                f"{time.perf_counter() - began:.0f} s",
                flush=True,
            )


def contest(rows: int, words: int, others: int) -> Any:
    """Returns texts, questions and answers: facts between words that say nothing, in the form of chaii."""
    import pandas as pd

    rng, found = np.random.default_rng(SEED), []
    pairs = [(thing, fact) for thing in THINGS for fact in FACTS]
    for _ in range(rows):
        told = [(*pairs[one], name(rng)) for one in rng.permutation(len(pairs))[: 1 + others].tolist()]
        text = rng.choice(WORDS, words).tolist()
        places = np.sort(rng.integers(0, words, len(told)))[::-1].tolist()  # the last first: others stay
        for place, one in zip(places, rng.permutation(len(told)).tolist(), strict=True):
            thing, fact, answer = told[one]
            text.insert(place, f"the {fact} of the {thing} is {answer}, they say.")
        thing, fact, answer = told[0]
        found.append((" ".join(text), f"what is the {fact} of the {thing}?", answer))
    return pd.DataFrame(found, columns=["context", "question", "answer"])


def name(rng: np.random.Generator) -> str:
    """Returns one to three words that stand nowhere else."""
    return " ".join("".join(rng.choice(SYLLABLES, 4)) for _ in range(rng.integers(1, 4)))


if __name__ == "__main__":
    main()
