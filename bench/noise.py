"""Experiments with a known truth: what is claimed where nothing is to gain, what intervals cover.

Called by `python bench/honesty.py --noise`. Each compares the plain way with the pipeline's.
"""

from __future__ import annotations

import numpy as np

from pipeline.config.schema import EnsembleConfig
from pipeline.ensemble.postprocessing import Postprocessor, postprocess
from pipeline.ensemble.postprocessing_choice import postprocessing_for
from pipeline.ensemble.resampling import bootstrap_scores, interval
from pipeline.ensemble.split import Split
from pipeline.metrics import Metric, find_metric

CROWD = 20_000  # rows on which the true gain is measured
Claim = tuple[float, Postprocessor]  # gain over no postprocessor at all, what new rows get


def calibrated(rows: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns probabilities (rows, classes) that are right, and classes drawn from them."""
    random = np.random.default_rng(seed)
    power = np.exp(random.normal(size=(rows, classes)))
    chance = power / power.sum(axis=1, keepdims=True)
    return chance, (random.random(rows)[:, None] > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1)


def plain_way(prediction: np.ndarray, target: np.ndarray, metric: Metric) -> Claim:
    """Cross-fits a postprocessor, and uses it where these rows say that it gains over a standard error."""
    learner, folds = postprocessing_for(metric, target, EnsembleConfig(), 0), np.arange(len(target)) % 5
    plain = learner.plain.answer(prediction)
    crossed = plain.copy()
    for fold in range(5):
        out = folds == fold
        crossed[out] = learner.learn(prediction[~out], target[~out]).answer(prediction[out])
    draws = bootstrap_scores(metric, target, [crossed, plain])
    gain = metric.loss(target, plain) - metric.loss(target, crossed)
    if gain > np.std(draws[:, 0] - draws[:, 1]):
        return gain, learner.learn(prediction, target)
    return 0.0, learner.plain


def nested_way(prediction: np.ndarray, target: np.ndarray, metric: Metric) -> Claim:
    """Does what the pipeline does."""
    split = Split(np.arange(len(target)) % 5)
    made = postprocess(
        postprocessing_for(metric, target, EnsembleConfig(), 0), prediction, target, metric, split
    )
    gain = made.score - made.plain_score
    return (gain if metric.greater_is_better else -gain), made.postprocessor


def true_gain(postprocessor: Postprocessor, metric: Metric, chance: np.ndarray) -> float:
    """Returns the expected gain of a postprocessor over none, without the noise of drawn classes."""
    if metric.wants == "label":
        right = np.take_along_axis(chance, postprocessor.answer(chance)[:, None], axis=1).mean()
        return float(right - chance.max(axis=1).mean())
    return float((chance * (np.log(postprocessor.values(chance)) - np.log(chance))).sum(axis=1).mean())


def print_claims(draws: int) -> None:
    """Prints what each way claims for calibrated probabilities, beside the truth."""
    print(f"\nlast postprocessor of calibrated probabilities, nothing to gain: {draws} draws")
    print(f"{'metric':<10}{'rows':>6}{'classes':>9}  {'way':<8}{'used':>7}{'claimed':>10}{'true':>10}"
          f"{'claimed - true, mean of all':>30}")  # fmt: skip
    for name in ("accuracy", "log_loss"):
        metric = find_metric(name)
        for rows, classes in ((200, 3), (300, 10), (1000, 5)):
            crowd, _ = calibrated(CROWD, classes, 10**6)
            for way, procedure in (("plain", plain_way), ("nested", nested_way)):
                found = [procedure(*calibrated(rows, classes, seed), metric) for seed in range(draws)]
                claims = np.array([claim for claim, _ in found])
                truths = np.array([true_gain(postprocessor, metric, crowd) for _, postprocessor in found])
                used = np.abs(truths) > 1e-7
                shown = [f"{values[used].mean():+.4f}" if used.any() else "-" for values in (claims, truths)]
                error = np.std(claims - truths) / np.sqrt(draws)
                line = f"{name:<10}{rows:>6}{classes:>9}  {way:<8}{used.mean():>7.1%}"
                line += f"{shown[0]:>10}{shown[1]:>10}"
                print(f"{line}{np.mean(claims - truths):>+20.5f} ± {error:.5f}", flush=True)


def print_coverage(draws: int) -> None:
    """Prints how often a 95 % interval holds the truth, where rows of a group are alike."""
    print(f"\n95 % intervals of an accuracy, 30 groups of 20 rows: {draws} draws")
    print(f"{'right in a group':<20}{'drawing rows':>14}{'drawing groups':>16}")
    number = np.repeat(np.arange(30), 20)
    for a, b in ((0.43, 0.11), (1.6, 0.4), (4.0, 1.0)):
        covered = np.zeros(2)
        for seed in range(draws):
            random = np.random.default_rng(seed)
            wrong = random.random(600) > random.beta(a, b, size=30)[number]
            for place, split in enumerate((Split(number % 5), Split(number % 5, number))):
                scores = bootstrap_scores(
                    find_metric("accuracy"), np.zeros(600, np.int64), [np.eye(2)[wrong.astype(int)]], split,
                    replicates=400, seed=seed,
                )  # fmt: skip
                low, high = interval(scores[:, 0])
                covered[place] += low <= a / (a + b) <= high
        shares = covered / draws
        print(f"{f'beta({a}, {b})':<20}{shares[0]:>14.1%}{shares[1]:>16.1%}", flush=True)
