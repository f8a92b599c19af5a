"""What codes of an autoencoder are worth: contests drawn anew, scored on rows that nobody saw.

    python bench/autoencoder.py --data ../shared/data                      # all cases, three draws
    python bench/autoencoder.py --data ../shared/data --case titanic --draws 10

A quarter of the rows becomes the test. Each model learns from the table, and from the table and the codes;
gains are what the test score improves by, with a 95 % interval over the draws (t). Seconds are those of all
fits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.pseudo import Case, read, write
from pipeline.config.load import load_config
from pipeline.data.source import open_source
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store
from pipeline.validation.predictions import Predictions

KINDS = {"lgbm": "kind: lightgbm", "linear": "kind: linear"}
CASES = {
    "titanic": Case("Survived", "log_loss", 0, 0, "", {}),
    "house_prices": Case("SalePrice", "rmsle", 0, 0, "", {}),
    "amazon": Case("ACTION", "log_loss", 12_000, 4_000, "", {}),
    "otto": Case("target", "log_loss", 12_000, 4_000, "", {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the contests' zips")
    parser.add_argument("--case", choices=CASES, help="one case; default: all")
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    for name, case in CASES.items():
        if options.case in (None, name):
            report(name, [draw(name, case, options.data, seed) for seed in range(options.draws)])


def draw(name: str, case: Case, data: Path, seed: int) -> dict[str, tuple[float, float]]:
    """Returns by model the score of its test answers, higher for better, and the seconds of its fits."""
    table = read(name, data)
    order = np.random.default_rng(seed).permutation(len(table))
    labelled = case.labelled or len(table) * 3 // 4
    rows, test = order[:labelled], order[labelled:][: case.test or None]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write(place / "data", case, table, rows, test)
        path = place / "case.yaml"
        path.write_text(config(case, seed), encoding="utf-8")
        source = open_source(place / "data", "train.csv")
        run = Run(Plan(load_config(path), source, Store(place / "run")), Progress())
        for model in run.plan.models:
            run.train_model(model)
        truth, task, metric = table[case.target].iloc[test].to_numpy(), run.competition.task, run.metric()
        truth = (
            np.array([task.outputs.index(str(value)) for value in truth])
            if task.exclusive
            else truth[:, None].astype(np.float64)
        )
        sign = 1 if metric.greater_is_better else -1
        said = {model: run.predictions(model) for model in run.plan.models}
        said["both"] = _mean(said["lgbm"], said["linear"])
        said["both and codes"] = _mean(said["both"], _mean(said["lgbm_codes"], said["linear_codes"]))
        return {model: (sign * metric(truth, one.test), one.seconds) for model, one in said.items()}


def _mean(one: Predictions, other: Predictions) -> Predictions:
    return replace(one, test=(one.test + other.test) / 2, seconds=one.seconds + other.seconds)


def config(case: Case, seed: int) -> str:
    """Returns the YAML of a draw."""
    models = "  codes: {kind: autoencoder}\n"
    for name, keys in KINDS.items():
        models += f"  {name}: {{{keys}}}\n"
        models += f"  {name}_codes: {{{keys}, inputs: [table, text, codes.embedding]}}\n"
    return (
        f"competition: drawn\ndata: {{target: {case.target}}}\nmetric: {case.metric}\nseed: {seed}\n"
        f"threads: 2\nfolds: {{n: 3}}\nmodels:\n{models}"
    )


def report(name: str, draws: list[dict[str, tuple[float, float]]]) -> None:
    """Prints every model's mean score, and what its codes gain."""
    from scipy.stats import t

    print(f"{name}: {CASES[name].metric}", flush=True)
    for model in draws[0]:
        score, seconds = np.mean([one[model] for one in draws], axis=0)
        line = f"  {model:16} {abs(score):.4f} in {seconds:.1f} s"
        plain = model.removesuffix("_codes").removesuffix(" and codes")
        if plain != model:
            gains = np.array([one[model][0] - one[plain][0] for one in draws])
            half = t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
            line += f": {gains.mean():+.4f} +- {half:.4f} over {plain}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
