"""Measures a search: which pruner saves most for what it loses, and what the cache of features saves.

    python bench/search.py pruners titanic --model lgbm --data titanic.zip --trials 40
    python bench/search.py cache leaves --model cnn --data leaves.zip --trials 50 \\
        --set models.cnn.finetune=none --set models.cnn.head_epochs=20

`pruners` runs the trials once without pruning and then asks every pruner, in many random orders of
the same trials, when it would have given each of them up. `cache` runs trials of a head on a frozen
backbone with the cache of features, and times one epoch of `fit` on the frozen network without it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.config.load import find_config, load_config
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.search.objective import STEPS, Failed, Objective
from pipeline.search.parts import part_of
from pipeline.search.request import Request
from pipeline.search.study import PRUNERS, SCORES, SECONDS, make_pruner
from pipeline.stages.order import open_data
from pipeline.store import Store

ORDERS = 50  # random orders in which a pruner sees the same trials


def request_of(options: argparse.Namespace) -> Request:
    """Returns the search of one model in a store of its own."""
    config = load_config(find_config(options.name), options.set)
    source = open_data(config, options.data, Progress())
    plan = Plan(config, source, Store(Path(options.store) / options.name), (options.model,))
    request = Request(plan, options.model, trials=options.trials, pruner="none")
    request.check()
    return request


def run_trials(objective: Objective, trials: int) -> tuple[Any, float]:
    """Returns an in-memory study after so many trials, and the seconds that they took."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sign = "maximize" if objective.run.metric(objective.name).greater_is_better else "minimize"
    study = optuna.create_study(direction=sign, sampler=optuna.samplers.TPESampler(seed=0, multivariate=True))
    started = time.monotonic()
    study.optimize(objective, n_trials=trials, catch=(Failed,))
    return study, time.monotonic() - started


def replay(
    scores: np.ndarray, seconds: np.ndarray, pruner: str, greater: bool, order: np.ndarray
) -> tuple[float, float, float, float]:
    """Returns shares of the folds' fits and of the time that are left, share of trials pruned, score lost.

    Args:
        scores: (trials, folds).
        seconds: (trials,) of all folds; each fold is taken to have an equal share.
        pruner: its name.
        greater: whether larger scores are better.
        order: in which the trials come.
    """
    import optuna

    study = optuna.create_study(direction="maximize" if greater else "minimize", pruner=make_pruner(pruner))
    done, spent, kept = 0, 0.0, []
    for row, each in zip(scores[order], seconds[order] / scores.shape[1], strict=True):
        trial = study.ask()
        for place in range(len(row)):
            told = row[place] if pruner == "wilcoxon" else row[: place + 1].mean()
            trial.report(float(told), STEPS * (place + 1))
            done, spent = done + 1, spent + each
            if place + 1 < len(row) and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, float(row.mean()))
            kept.append(row.mean())
    means = scores.mean(axis=1)
    lost = means.max() - max(kept) if greater else min(kept) - means.min()
    return done / scores.size, spent / seconds.sum(), 1 - len(kept) / len(scores), lost


def compare_pruners(options: argparse.Namespace) -> None:
    """Prints a line per pruner."""
    request = request_of(options)
    run = Run(request.plan, Progress())
    part = part_of(run, request.part, request.name)
    objective = Objective(run, request.name, request.space, part, request.effort, prune=False)
    study, seconds = run_trials(objective, options.trials)
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    scores = np.array([trial.user_attrs[SCORES] for trial in complete])
    each = np.array([trial.user_attrs[SECONDS] for trial in complete])
    greater = request.greater_is_better
    print(
        f"{options.name} {options.model}: {len(scores)} trials x {scores.shape[1]} folds in {seconds:.0f} s"
    )
    spread = scores.mean(axis=1).std()
    print(f"standard deviation of the trials' scores {spread:.5f}")
    print(f"{'pruner':<12}{'fits done':>10}{'time':>8}{'pruned':>8}{'score lost':>12}")
    for pruner in PRUNERS:
        rng = np.random.default_rng(0)
        rows = [replay(scores, each, pruner, greater, rng.permutation(len(scores))) for _ in range(ORDERS)]
        fits, time_left, pruned, lost = np.mean(rows, axis=0)
        print(f"{pruner:<12}{fits:>10.2f}{time_left:>8.2f}{pruned:>8.2f}{lost:>12.5f}")


def compare_cache(options: argparse.Namespace) -> None:
    """Prints the seconds of trials of a head on cached features, and of `fit` without a cache."""
    request = request_of(options)
    section = request.section
    if section.finetune != "none" or not isinstance(section.head_epochs, int):
        raise SystemExit("cache: give --set models.MODEL.finetune=none and a number of head_epochs.")
    run = Run(request.plan, Progress())
    run.sides(request.name)
    part = part_of(run, request.part, request.name)
    objective = Objective(run, request.name, request.space, part, request.effort, prune=False)
    _, seconds = run_trials(objective, options.trials)
    plain = plain_trial_seconds(run, request.name, section.head_epochs)
    trials = options.trials
    print(f"{options.name} {options.model}: {trials} trials of {section.head_epochs} epochs and all folds")
    print(f"on cached features, computing them included: {seconds:.0f} s")
    print(f"without the cache {plain:.0f} s a trial, so {trials * plain:.0f} s: ", end="")
    print(f"{trials * plain / seconds:.1f} times as long")


def plain_trial_seconds(run: Run, name: str, epochs: int) -> float:
    """Returns the seconds of one trial as Keras' users write it: a model per fold, backbone frozen, `fit`.

    One epoch and the predictions of one fold are timed, after one that traces, and multiplied.
    """
    import keras

    from pipeline.networks.building import application

    experiment, section = run.experiment(name), run.config.models[name]
    pixels, test = experiment.train.pixels, experiment.test.pixels
    fold = next(iter(run.folds))
    backbone = application(section.backbone, section.alpha, None, pixels.shape[1:])
    backbone.trainable = False
    inputs = keras.Input(pixels.shape[1:])
    x = backbone(keras.layers.Rescaling(1 / 127.5, -1)(inputs), training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    classes = len(run.competition.task.outputs)
    model = keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))
    model.compile("adam", loss="sparse_categorical_crossentropy")
    images, label = np.asarray(pixels[fold.train], np.float32), experiment.train.target[fold.train]
    model.fit(images, label, batch_size=32, epochs=1, verbose=0)
    started = time.monotonic()
    model.fit(images, label, batch_size=32, epochs=1, verbose=0)
    epoch = time.monotonic() - started
    started = time.monotonic()
    for part in (pixels[fold.valid], test):
        model.predict(np.asarray(part, np.float32), batch_size=256, verbose=0)
    return len(list(run.folds)) * (epochs * epoch + time.monotonic() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["pruners", "cache"])
    parser.add_argument("name", help="the competition: configs/NAME.yaml")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--store", default="runs/bench", help="folder for its products")
    options = parser.parse_args()
    {"pruners": compare_pruners, "cache": compare_cache}[options.what](options)


if __name__ == "__main__":
    main()
