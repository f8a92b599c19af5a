"""A part of the row's own text: the answer begins at one of its words and ends at one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipeline.errors import DataError, SubmissionError, did_you_mean, listing
from pipeline.registry import TASKS
from pipeline.tasks.answer import Answer
from pipeline.tasks.base import Task
from pipeline.tasks.contest import Contest, TextColumn
from pipeline.tasks.span_truth import SpanTruth, cut_out
from pipeline.tasks.strata import beside_one
from pipeline.tasks.words import word_places

MOST_WORDS = 16_384  # of a text, that an answer is looked for in
SURE = 0.9  # share of the filled cells that must stand in the row's text
LONGER = 2.0  # words of a text for one of an answer, in the mean, or texts of several words
OFTEN = 0.2  # share of the rows that may share the commonest answer
STRATA = 5
SMALLEST = 1e-7
AT_ONCE = 2**20  # values decoded at a time

Score = Callable[[str, str], float]


@TASKS.register("span")
@dataclass(frozen=True)
class Span(Task):
    """A part of a text that the row holds.

    A target is float64 (rows, 3): the number of the row, by which texts and answers are looked up in `truth`,
    and the first and the last word of the answer, -1 where its text lacks it. A prediction is float16 (rows,
    2 * width): the probability of each word to be the first, then of each to be the last, 0 behind the text's
    own; so models are blended by weighted means. Words are those of `pipeline.tasks.words`.

    Attributes:
        width: words of a text that an answer may lie in, from its beginning: those of the longest.
        column: the text column that answers are parts of.
        truth: texts and answers of the training rows; None where nothing but new rows is looked at.
    """

    kind: ClassVar[str] = "span"
    general: ClassVar[str] = "span"
    probabilities: ClassVar[bool] = True
    usual_metric: ClassVar[str] = "word_jaccard"
    usual_reason: ClassVar[str] = "answers are parts of a text; the files cannot tell it from exact_match"
    may_be_empty: ClassVar[bool] = True
    dense: ClassVar[bool] = True
    verbatim: ClassVar[bool] = True

    width: int = 4
    column: str = "words"
    truth: SpanTruth | None = field(default=None, compare=False, repr=False)

    @property
    def n_outputs(self) -> int:
        return 2 * self.width

    @property
    def known(self) -> SpanTruth:
        """The training rows' texts; raises ValueError where nobody has brought them."""
        if self.truth is None:
            raise ValueError("The texts of the training rows are not at hand.")
        return self.truth

    def to_json(self) -> dict[str, Any]:
        names = ("outputs", "width", "column")
        return {"kind": self.kind, **{name: getattr(self, name) for name in names}}

    def save(self, folder: Path) -> None:
        self.known.save(folder)

    def opened(self, folder: Path) -> Task:
        return type(self)(self.outputs, self.width, self.column, SpanTruth.load(folder))

    # from files

    @classmethod
    def possible(cls, contest: Contest) -> bool:
        return not contest.several and bool(contest.texts())

    @classmethod
    def told(cls, contest: Contest) -> bool:
        """Says whether answers stand in a text column's cells, differ, and are shorter than these."""
        if contest.several or len(contest.columns) != 1 or not (texts := contest.texts()):
            return False
        name, share = _holder(contest, texts)
        answers = list(contest.only.by_row)
        counts = np.bincount(contest.only.codes)
        if share < SURE or counts.max() > OFTEN * len(answers) or _numbers(answers):
            return False
        held = np.mean([len(text.split()) for text in texts[name].train])
        return bool(held >= LONGER and held * LONGER >= np.mean([len(one.split()) for one in answers]))

    @classmethod
    def read(cls, contest: Contest) -> tuple[Task, np.ndarray, Answer]:
        if contest.several:
            raise DataError(
                f"A span stands in one column. The targets are {listing(tuple(contest.targets))}."
            )
        texts = contest.texts()
        if not texts:
            raise DataError("A span is a part of a text, and train and test share no column of words.")
        name, share = contest.span_of or "", 1.0
        if name and name not in texts:
            near = did_you_mean(name, texts)
            raise DataError(f"`data.span_of`: {name!r} is no text column of both tables.{near}")
        if not name:
            name, share = _holder(contest, texts)
        if share < 0.5:
            raise DataError(
                f"The answers are no parts of a text: {share:.0%} of them stand in {name!r}, which holds the "
                "most. `data.span_of` names the column."
            )
        truth = SpanTruth(texts[name].train, list(contest.only.by_row))
        longest = max(len(word_places(text)) for text in [*texts[name].train, *texts[name].test])
        task = cls(("start", "end"), int(np.clip(longest, 1, MOST_WORDS)), name, truth)
        rows = np.arange(len(truth), dtype=np.float64)[:, None]
        return task, np.hstack([rows, task.inside(truth.spans)]), Answer("label", contest.columns, ())

    # targets

    def inside(self, spans: np.ndarray) -> np.ndarray:
        """Returns spans (rows, 2), those that reach beyond the width as those that no text has."""
        return np.where((spans < self.width).all(axis=1, keepdims=True), spans, -1)

    def learnable(self, target: np.ndarray) -> np.ndarray:
        """Returns bool (rows,): whether the text holds the answer, within the width."""
        return np.asarray(target)[:, 1] >= 0

    def columns(self, target: np.ndarray) -> np.ndarray:
        found = np.zeros((len(target), 2, self.width))
        for side in (0, 1):
            rows = np.flatnonzero(self.learnable(target))
            found[rows, side, np.asarray(target)[rows, 1 + side].astype(np.int64)] = 1.0
        return found.reshape(len(target), -1)

    def drawn(self, row: int, random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns places in a training row's prediction, those of its words, and what is true of them."""
        words = int(np.clip(self.known.words[row], 1, self.width))
        places = random.integers(words, size=count) + self.width * random.integers(2, size=count)
        span = self.known.spans[row] + np.array([0, self.width])
        return places, np.isin(places, span).astype(np.float64)

    def compared(self, target: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 2): first and last word of each answer."""
        return np.asarray(target, np.float64)[:, 1:]

    def described(self, target: np.ndarray) -> np.ndarray:
        return self.compared(target)

    def strata(self, target: np.ndarray) -> np.ndarray:
        """Answers that are the whole text are one stratum, the others are ranked by their share of it."""
        target = np.asarray(target)
        words = np.maximum(self.known.words[target[:, 0].astype(np.int64)], 1)
        share = np.clip((target[:, 2] - target[:, 1] + 1) / words, 0.0, 1.0)
        return beside_one(share, share < 1, STRATA)

    def constant(self, target: np.ndarray) -> np.ndarray:
        """Returns the answer that is the whole text: what a row says is none of its own."""
        whole = np.zeros((2, self.width))
        whole[0, 0] = whole[1, -1] = 1.0
        return whole.ravel()

    def prior(self, target: np.ndarray) -> np.ndarray:
        return self.constant(target).astype(np.float32)

    def loss(self, target: np.ndarray, prediction: np.ndarray, smallest: float = 0.0) -> float:
        """Returns the mean of minus the logarithms of what first and last word are given."""
        target = np.asarray(target)
        rows = np.flatnonzero(self.learnable(target))
        if not len(rows):
            return 0.0
        places = target[rows, 1:].astype(np.int64) + np.array([0, self.width])
        said = np.stack(
            [np.asarray(prediction[row][at], np.float64) for row, at in zip(rows, places, strict=True)]
        )
        return float(-np.log(np.clip(said, max(smallest, SMALLEST), 1.0)).mean())

    def scores(self, score: Score, target: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Returns float64 (rows, 1): what a score of two texts says of every row.

        Args:
            score: takes the true answer and what is said.
            target: as it is kept, (rows, 3).
            answers: int64 (rows, 2), first and last words; or probabilities (rows, outputs).
        """
        spans = answers if answers.dtype.kind == "i" else self.decided(answers)
        rows = np.asarray(target)[:, 0].astype(np.int64).tolist()
        found = [self.known.score(score, row, *span) for row, span in zip(rows, spans.tolist(), strict=True)]
        return np.array(found, np.float64).reshape(-1, 1)

    # submissions

    def decided(self, values: np.ndarray, longest: int = 0) -> np.ndarray:
        """Returns int64 (rows, 2): the first and last word of the likeliest span.

        The pair with the greatest product of both probabilities, the last word not before the first.

        Args:
            values: (rows, outputs) probabilities.
            longest: words of a span, at most; 0: any number.
        """
        found = np.zeros((len(values), 2), np.int64)
        step = max(1, AT_ONCE // self.n_outputs)
        for begin in range(0, len(values), step):
            part = np.asarray(values[begin : begin + step], np.float32).reshape(-1, 2, self.width)
            found[begin : begin + step] = _best(part[:, 0], part[:, 1], longest or self.width)
        return found

    def cells(
        self,
        answer: Answer,
        values: np.ndarray,
        labels: np.ndarray | None,
        decimals: int | None,
        beside: np.ndarray | None = None,
    ) -> list[list[str]]:
        if beside is None:
            raise ValueError("Spans are cut out of the texts of their rows.")
        spans = self.decided(values) if labels is None else labels
        pairs = zip(beside.tolist(), spans.tolist(), strict=True)
        return [[cut_out(text, start, end)] for text, (start, end) in pairs]

    def verify(
        self, answer: Answer, cells: list[list[str]], ids: list[str], beside: np.ndarray | None = None
    ) -> None:
        texts = beside.tolist() if beside is not None else [cell for cell, *_ in cells]
        rows = zip(ids, cells, texts, strict=True)
        wrong = [key for key, (cell, *_), text in rows if cell not in text or (text and not cell)]
        if wrong:
            raise SubmissionError(f"The cell is no part of the row's {self.column!r}: {listing(wrong)}.")

    # tests

    @classmethod
    def example(cls, label: np.ndarray, number: np.ndarray) -> tuple[Task, np.ndarray]:
        words = ["ant", "bee", "cat", "dog"]
        truth = SpanTruth([" ".join(words)] * len(label), [" ".join(words[k:]) for k in label.tolist()])
        task = cls(("start", "end"), truth=truth)
        return task, np.hstack([np.arange(len(label), dtype=np.float64)[:, None], truth.spans])


def _best(first: np.ndarray, last: np.ndarray, longest: int) -> np.ndarray:
    """Returns int64 (rows, 2) of the best pairs; of equal ones the first that ends, and its longest.

    Args:
        first: float32 (rows, words).
        last: the same.
        longest: words of a span, at most.
    """
    rows, width = first.shape
    if longest >= width:
        best = np.maximum.accumulate(first, axis=1)
        rises = np.diff(best, axis=1, prepend=-1.0) > 0
        begin = np.maximum.accumulate(np.where(rises, np.arange(width), 0), axis=1)
        return _pairs(begin, best * last)
    best, begin = first.copy(), np.tile(np.arange(width), (rows, 1))
    for back in range(1, min(longest, width)):  # the likeliest first word among those so far back
        earlier = first[:, : width - back]
        better = earlier >= best[:, back:]
        best[:, back:] = np.where(better, earlier, best[:, back:])
        begin[:, back:] = np.where(better, np.arange(width - back), begin[:, back:])
    return _pairs(begin, best * last)


def _pairs(begin: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Returns int64 (rows, 2): of each row the greatest product's first and last word.

    Args:
        begin: int64 (rows, words), the first word that goes with each last one.
        product: of both probabilities, likewise.
    """
    ends = product.argmax(axis=1)
    return np.stack([begin[np.arange(len(ends)), ends], ends], axis=1)


def _holder(contest: Contest, texts: Mapping[str, TextColumn]) -> tuple[str, float]:
    """Returns the text column that holds the most answers, and the share that it holds of those given."""
    answers = list(contest.only.by_row)

    def share(name: str) -> float:
        pairs = [(text, one) for text, one in zip(texts[name].train, answers, strict=True) if one]
        return float(np.mean([one in text for text, one in pairs])) if pairs else 0.0

    shares = {name: share(name) for name in texts}
    best = max(shares, key=lambda name: shares[name])
    return best, shares[best]


def _numbers(answers: Sequence[str]) -> bool:
    """Says whether most answers are numbers: those are values."""
    return float(np.mean([one.replace(".", "", 1).lstrip("-").isdecimal() for one in answers])) > 0.5
