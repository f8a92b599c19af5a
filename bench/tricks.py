"""Averages of weights, steps that look nearby, augmentation, masks, labels: each against plain training.

    python bench/tricks.py --seeds 10                                            # scikit-learn's digits
    python bench/tricks.py --contest titanic --data ../shared/data
    python bench/tricks.py --contest whale_heads --seeds 2 --only "EMA,SWA"

A seed parts the rows and begins the network: of the digits it draws those to learn from, of the other
contests a fold of their own is held out, one after the other (by speaker, by day where these are groups).
Nothing looks at rows held out before they are scored. A gain is that in log loss on them, against the plain
network of the same seed; its interval is Student's over the seeds. Those of the digits overlap, and the
speakers are four, so the interval speaks of these data and not of others. A pretraining sees all rows
without labels, the held-out ones too; it is made once for all seeds, and its seconds count in each. A noisy
student learns from the contest's test rows, as the plain network of its seed labels them. Seconds are the
processor's, of its teacher too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.trick_contests import CONTESTS, Contest, Drawn, opened
from pipeline.context import Context
from pipeline.models.base import Model
from pipeline.registry import MODELS
from pipeline.run.pseudo import with_pseudo
from pipeline.validation.split import rows_of_fit

PLAIN = "plain"
TRICKS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "EMA": {"averaging": "ema"},
    "SWA": {"averaging": "swa"},
    "SAM 0.05": {"sam": 0.05},
    "adversarial 8": {"adversarial": {"size": 8}},
    "adversarial 0.1": {"adversarial": {"size": 0.1}},
    "AWP 0.005": {"awp": {"size": 0.005}},
    "set digits": {"augment": "digits"},
    "set light": {"augment": "light"},
    "RandAugment 1 3": {"augment": {"randaugment": {"n": 1, "m": 3}}},
    "RandAugment 2 9": {"augment": {"randaugment": {"n": 2, "m": 9}}},
    "VAE 0.3": {"generate": {"share": 0.3}},
    "VAE 0.6": {"generate": {"share": 0.6}},
    "stylize 0.3": {"stylize": {"share": 0.3}},
    "pretrain 40": {"pretrain": {"epochs": 40, "mask": 0.5, "patch": 2}},
    "SimCLR 20": {"pretrain": {"method": "simclr", "epochs": 20, "augment": "digits"}},
    "noisy student": {"pseudo": {"of": [PLAIN]}},
}
SMALLEST = 1e-7


@dataclass(frozen=True)
class Fitted:
    """A fit, and how it did on the rows held out: log loss, share of errors, the processor's seconds."""

    model: Model
    loss: float
    errors: float
    seconds: float


class Kept:
    """A cache for all seeds, which remembers what its arrays cost.

    Attributes:
        owed: seconds of the processor for arrays that were there already; whoever counts begins at 0.
    """

    def __init__(self) -> None:
        self.known: dict[str, tuple[np.ndarray, float]] = {}
        self.owed = 0.0

    def __call__(self, name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        said = repr((name, sorted(key.items())))
        if said in self.known:
            self.owed += self.known[said][1]
        else:
            began = time.process_time()
            found = make()
            self.known[said] = found, time.process_time() - began
        return self.known[said][0]


KEPT = Kept()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--contest", choices=CONTESTS, default="digits")
    options.add_argument("--data", type=Path, help="folder of the zips; digits and whales need none")
    options.add_argument("--seeds", type=int, help="at least 2; default: as many as suit the contest")
    options.add_argument("--rows", type=int, default=400, help="of the digits, to learn from, of 1,797")
    options.add_argument("--epochs", type=int, help="default: those of the contest's network")
    options.add_argument("--backbone", help="default: that of the contest's network")
    options.add_argument("--only", default="", help="some of them, with commas: " + ", ".join(TRICKS))
    said = options.parse_args()
    contest = CONTESTS[said.contest]
    chosen = [name.strip() for name in said.only.split(",") if name.strip()] or list(contest.tricks)
    if unknown := set(chosen) - {PLAIN, *contest.tricks}:
        there = ", ".join((PLAIN, *contest.tricks))
        options.error(f"--only: unknown {', '.join(sorted(unknown))}. Of {said.contest} there are {there}.")
    seeds = contest.seeds if said.seeds is None else said.seeds
    if seeds < 2:
        options.error(f"--seeds: an interval needs two at least. Received: {seeds}.")
    root = said.data / f"{said.contest}.zip" if said.data and contest.zipped else None
    if contest.zipped and not (root and root.is_file()):
        where = f"there is no {root}" if root else f"--data names the folder of {said.contest}.zip"
        options.error(f"--contest {said.contest}: {where}.")
    given = {key: value for key in ("epochs", "backbone") if (value := getattr(said, key)) is not None}
    with opened(said.contest, root, said.rows) as drawn:
        table(contest, given, drawn, [PLAIN, *(name for name in chosen if name != PLAIN)], seeds)


def table(contest: Contest, given: dict[str, Any], drawn: Drawn, names: list[str], seeds: int) -> None:
    """Prints a row for each trick, plain training first."""
    print("| | log loss | gain | 95 % | errors | seconds |\n|---|---|---|---|---|---|", flush=True)
    plain: list[Fitted] = []
    for name in names:
        settings = contest.section | given | TRICKS[name]
        teachers: list[Fitted | None] = [*plain] if "pseudo" in settings else [None] * seeds
        fits = [fit(settings, drawn, seed + 1, teachers[seed]) for seed in range(seeds)]
        plain = plain or fits
        columns = [np.array([getattr(one, key) for one in fits]) for key in ("loss", "errors", "seconds")]
        base = np.array([one.loss for one in plain])
        print(line(name, columns[0], base, columns[1], columns[2]), flush=True)


def fit(settings: dict[str, Any], drawn: Drawn, seed: int, teacher: Fitted | None = None) -> Fitted:
    """Fits a network on the rows of a seed.

    Args:
        settings: its section.
        drawn: the rows.
        seed: parts them, and begins the network.
        teacher: labels the test rows for a section with `pseudo`.
    """
    kind, task = MODELS.get(settings["kind"]), drawn.experiment.make().task
    config, fold = kind.Config.model_validate(settings), drawn.part(seed)
    model, context = kind(config, task), Context(seed=seed, threads=1, cache=KEPT)
    began, KEPT.owed = time.process_time(), 0.0
    experiment = with_pseudo(
        drawn.experiment, config, lambda name: teacher.model.predict(drawn.experiment.test.rows(), context)
    )
    train, inner = rows_of_fit(experiment, fold, model, seed)
    model.fit(train, inner, context)
    seconds = time.process_time() - began + KEPT.owed + (teacher.seconds if teacher else 0.0)
    asked = drawn.experiment.train.rows(fold.valid)
    values, truth = model.predict(asked, context), np.asarray(asked.target)
    right = np.clip(values[np.arange(len(truth)), truth], SMALLEST, 1.0)
    return Fitted(
        model, float(-np.log(right).mean()), float((values.argmax(axis=1) != truth).mean()), seconds
    )


def line(name: str, losses: np.ndarray, base: np.ndarray, errors: np.ndarray, seconds: np.ndarray) -> str:
    """Returns a row of the table; the gain is positive where the plain network is worse."""
    from scipy import stats

    gains = base - losses
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    low, high = gains.mean() - half, gains.mean() + half
    gain = " | " if name == PLAIN else f"{gains.mean():+.4f} | {low:+.4f} to {high:+.4f}"
    return f"| {name} | {losses.mean():.4f} | {gain} | {errors.mean():.2%} | {np.median(seconds):.1f} |"


if __name__ == "__main__":
    main()
