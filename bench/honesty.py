"""Which score of an ensemble can be believed? In-sample, cross-fitted and held-out, side by side.

    python bench/honesty.py DATA [NAME ...]

DATA is a folder with NAME.zip or NAME/ as Kaggle gives them. A fifth of the training rows is held
out and used for nothing; the models of configs/NAME.yaml that read the table are cross-validated on the
rest; every ensemble method is then scored in three ways. `closer` counts the methods whose
cross-fitted score lies nearer to the held-out score than the in-sample score does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.config.load import load_config
from pipeline.data.source import FolderSource, open_source
from pipeline.data.tables import read_table
from pipeline.datasets import sees
from pipeline.ensemble.blend import blend
from pipeline.metrics import find_metric
from pipeline.plan import Plan
from pipeline.progress import Progress
from pipeline.run import Run
from pipeline.store import Store

COMPETITIONS = ("titanic", "house_prices", "leaves", "otto")
HELD_OUT = 0.2
SEED = 0


def main(data: Path, names: list[str]) -> None:
    """Prints a table per competition."""
    for name in names or COMPETITIONS:
        with tempfile.TemporaryDirectory() as folder:
            compare(data, name, Path(folder))


def compare(data: Path, name: str, folder: Path) -> None:
    """Prints the table of one competition."""
    config = load_config(Path("configs") / f"{name}.yaml")
    config = config.model_copy(update={"data": config.data.model_copy(update={"images": None})})
    models = {key: section for key, section in config.models.items() if section.inputs == ["auto"]}
    models = {key: section for key, section in models.items() if sees(section) == {"table"}}
    config = config.model_copy(update={"models": models})
    truth = split(data / name, config, folder)
    run = Run(Plan(config, FolderSource(folder), Store(folder / "runs")), Progress())
    for key in models:
        run.train_model(key)
    metric, target = find_metric(config.metric), run.competition.target
    members = [run.predictions(key) for key in models]
    blended = blend(members, target, metric, run.folds.assignment[0], "auto", SEED)
    held_out = encode(truth, run)
    print(f"\n{name}: {config.metric}, {len(target)} rows, {len(held_out)} held out, {', '.join(models)}")
    print(f"{'method':<16}{'in-sample':>12}{'cross-fitted':>14}{'held-out':>12}")
    closer = tried = 0
    in_sample = {row.name: row.in_sample for row in blended.table}
    for method, (oof, test) in blended.alternatives.items():
        scored = ~np.isnan(oof).any(axis=1)
        crossed, held = metric(target[scored], oof[scored]), metric(held_out, test)
        print(f"{method:<16}{in_sample[method]:>12.5f}{crossed:>14.5f}{held:>12.5f}")
        tried += 1
        closer += abs(crossed - held) <= abs(in_sample[method] - held)
    mine = (blended.in_sample_score, blended.cross_fitted_score, metric(held_out, blended.test))
    print(f"{'auto: ' + blended.chosen:<16}{mine[0]:>12.5f}{mine[1]:>14.5f}{mine[2]:>12.5f}")
    print(f"closer: {closer} of {tried}", flush=True)


def split(root: Path, config, folder: Path):
    """Writes a competition whose test rows are a fifth of the training rows; returns their labels."""
    source = open_source(root, config.data.train)
    target = config.data.target
    train = read_table(source, config.data.train, (config.data.id, target))
    sample = read_table(source, config.data.sample, (config.data.id,))
    held = np.random.default_rng(SEED).random(len(train)) < HELD_OUT
    train[~held].to_csv(folder / config.data.train, index=False)
    train[held].drop(columns=target).to_csv(folder / config.data.test, index=False)
    answers = sample.iloc[np.zeros(held.sum(), int)].copy()
    answers[config.data.id] = train[config.data.id][held].to_numpy()
    answers.to_csv(folder / config.data.sample, index=False)
    return train[target][held].to_numpy()


def encode(labels: np.ndarray, run: Run) -> np.ndarray:
    """Returns the held-out labels as the competition keeps its target."""
    task = run.competition.task
    if not task.is_classification:
        return labels.astype(np.float64)[:, None]
    return np.array([task.outputs.index(label) for label in labels])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
