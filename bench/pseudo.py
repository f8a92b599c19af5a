"""When pseudo-labels pay: contests drawn anew with few labelled rows, scored on their test rows.

    python bench/pseudo.py --data ../shared/data                  # all cases, six draws
    python bench/pseudo.py --data ../shared/data --case titanic --draws 20

Each draw takes a training table apart into labelled rows and test rows whose answers are known here and
nowhere else. A student of the same kind as its teacher learns from the test rows too; its gain is what the
test score improves by, with a 95 % interval over the draws (t).
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.config.load import load_config
from pipeline.data.source import open_source
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Store

HARD = "share: 0.3, soft: false"
SOFT = "share: 1.0"
BOOSTED = "kind: lightgbm"
DIGITS = 'kind: cnn, backbone: "16C3 BN MP2 32C3 BN GAP", size: 8, epochs: 15'


@dataclass(frozen=True)
class Case:
    """A contest to draw from.

    Attributes:
        target: column of the answer.
        metric: that scores it.
        labelled: rows that keep their answer.
        test: rows that lose it.
        teacher: section of the teacher, of which each student is another.
        students: name -> keys of the student beside the teacher's, the keys of `pseudo` after a "|".
    """

    target: str
    metric: str
    labelled: int
    test: int
    teacher: str
    students: dict[str, str]


OWN = ("digits", "pictures")  # that come with scikit-learn
USUAL = {"surest 0.3, hard": f"|{HARD}", "all, soft": f"|{SOFT}"}
CASES = {
    "titanic": Case("Survived", "log_loss", 100, 500, BOOSTED, USUAL),
    "titanic, linear": Case("Survived", "log_loss", 100, 500, "kind: linear", USUAL),
    "house_prices": Case("SalePrice", "rmsle", 150, 600, BOOSTED, {"all": "|"}),
    "spooky": Case("author", "log_loss", 500, 2000, "kind: ngrams", {"surest 0.3, hard": f"|{HARD}"}),
    "digits": Case("digit", "log_loss", 180, 1200, "kind: linear", USUAL),
    "pictures": Case(
        "digit",
        "log_loss",
        180,
        1200,
        DIGITS,
        {"all, soft": f"|{SOFT}", "all, soft, with noise": f"dropout: 0.3, augment: light|{SOFT}"},
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the contests' zips; without: digits alone")
    parser.add_argument("--case", choices=CASES, help="one case; default: all")
    parser.add_argument("--draws", type=int, default=6)
    options = parser.parse_args()
    for name, case in CASES.items():
        contest = name.split(",")[0]
        if options.case in (None, name):
            if options.data is None and contest not in OWN:
                print(f"{name}: skipped, for --data does not say where {contest}.zip lies", flush=True)
                continue
            table = read(contest, options.data)
            report(name, [draw(case, table, seed) for seed in range(options.draws)])


def read(name: str, data: Path) -> pd.DataFrame:
    """Returns the training table; of digits and pictures scikit-learn's, of 8 x 8 pixels."""
    if name in OWN:
        from sklearn.datasets import load_digits

        found = load_digits()
        table = pd.DataFrame(found.data if name == "digits" else np.zeros((len(found.data), 0)))
        table = table.add_prefix("pixel").assign(digit=found.target)
        table.attrs["pictures"] = found.images if name == "pictures" else None
        return table
    return pd.read_csv(io.BytesIO(open_source(data / f"{name}.zip", "train.csv").read("train.csv")))


def draw(case: Case, table: pd.DataFrame, seed: int) -> dict[str, tuple[float, float]]:
    """Returns by model the score of its test predictions, higher for better, and the seconds of its fits."""
    order = np.random.default_rng(seed).permutation(len(table))
    rows, test = order[: case.labelled], order[case.labelled : case.labelled + case.test]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write(place / "data", case, table, rows, test)
        path = place / "case.yaml"
        path.write_text(config(case, table, seed), encoding="utf-8")
        run = Run(
            Plan(load_config(path), open_source(place / "data", "train.csv"), Store(place / "run")),
            Progress(),
        )
        for name in run.plan.models:
            run.train_model(name)
        truth = table[case.target].iloc[test].to_numpy()
        task, metric = run.competition.task, run.metric()
        if task.exclusive:
            truth = np.array([task.outputs.index(str(value)) for value in truth])
        else:
            truth = truth[:, None].astype(np.float64)
        sign = 1 if metric.greater_is_better else -1
        found = {name: run.predictions(name) for name in run.plan.models}
        return {name: (sign * metric(truth, one.test), one.seconds) for name, one in found.items()}


def write(folder: Path, case: Case, table: pd.DataFrame, rows: np.ndarray, test: np.ndarray) -> None:
    """Writes a contest of these rows."""
    folder.mkdir()
    whole = table.drop(columns=["id", "Id", "PassengerId"], errors="ignore")
    whole.insert(0, "id", [f"r{row}" for row in range(len(whole))])
    whole.iloc[rows].to_csv(folder / "train.csv", index=False)
    whole.iloc[test].drop(columns=case.target).to_csv(folder / "test.csv", index=False)
    sample = whole.iloc[test][["id"]].assign(**{case.target: whole[case.target].iloc[rows[0]]})
    if case.metric == "log_loss":
        classes = np.unique(whole[case.target].astype(str))
        sample = pd.DataFrame(1 / len(classes), index=range(len(test)), columns=classes)
        sample.insert(0, "id", whole["id"].iloc[test].to_numpy())
    sample.to_csv(folder / "sample_submission.csv", index=False)
    if (pictures := table.attrs.get("pictures")) is not None:
        from PIL import Image

        for row in np.concatenate([rows, test]):
            Image.fromarray((pictures[row] * 15.9).astype(np.uint8)).save(folder / f"r{row}.png")


def config(case: Case, table: pd.DataFrame, seed: int) -> str:
    """Returns the YAML of a draw."""
    pictures = ', images: "{id}.png"' if table.attrs.get("pictures") is not None else ""
    models = f"  teacher: {{{case.teacher}}}\n"
    for place, said in enumerate(case.students.values()):
        keys, taught, pseudo = said.partition("|")
        labels = f"pseudo: {{of: [teacher]{', ' if pseudo else ''}{pseudo}}}" if taught else ""
        models += f"  student{place}: {{{', '.join(filter(None, [case.teacher, keys, labels]))}}}\n"
    return (
        f"competition: drawn\ndata: {{target: {case.target}{pictures}}}\nmetric: {case.metric}\n"
        f"seed: {seed}\nthreads: 1\nfolds: {{n: 3}}\nmodels:\n{models}"
    )


def report(name: str, draws: list[dict[str, tuple[float, float]]]) -> None:
    """Prints the teacher's mean score, and each student's gain over it."""
    from scipy.stats import t

    case = CASES[name]
    teacher, seconds = np.mean([one["teacher"] for one in draws], axis=0)
    print(
        f"{name}: {case.teacher}; {case.labelled} labelled, {case.test} test rows; {case.metric}", flush=True
    )
    print(f"  teacher {abs(teacher):.4f} in {seconds:.1f} s", flush=True)
    for place, student in enumerate(case.students):
        pairs = np.array([(one[f"student{place}"], one["teacher"]) for one in draws])
        gains = pairs[:, 0, 0] - pairs[:, 1, 0]
        half = t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
        print(f"  {student}: {gains.mean():+.4f} +- {half:.4f}, {pairs[:, 0, 1].mean():.1f} s", flush=True)


if __name__ == "__main__":
    main()
