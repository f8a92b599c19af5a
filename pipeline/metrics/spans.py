"""Scores of parts of a text, an answer at a time; of a contest they are the mean over its rows."""

from __future__ import annotations

from pipeline.metrics.register import metric


@metric("word_jaccard", True, "span", "w")
def word_jaccard(truth: str, found: str) -> float:
    """The words that both have over those that either has: what stands between white space, in any case.

    So Kaggle's Tweet Sentiment Extraction (2020) and chaii (2021) score. Where neither has a word it is 1.
    """
    true, said = set(truth.lower().split()), set(found.lower().split())
    both = len(true & said)
    return both / (len(true) + len(said) - both) if true or said else 1.0


@metric("exact_match", True, "span", "w")
def exact_match(truth: str, found: str) -> float:
    """The share of the answers that are the truth to the letter, white space around them aside."""
    return float(truth.strip() == found.strip())
