"""Small trained contests of every kind, whose names are as hostile as names can be."""

import contextlib

import numpy as np
import pandas as pd

from pipeline.cli import main
from pipeline.testing import write_competition
from tests.dense.discs import write_masks
from tests.dense.rectangles import write_boxes

HOSTILE = ("<script>alert(1)</script>", '$x_1$ & "quoted"', "<img src=http://e.example/x.png>")
TOY = """\
competition: toy
data: {target: species, images: "images/{id}.png", columns: {"<b>said</b>": text}}
metric: log_loss
folds: {n: 2}
models:
  lgbm: {kind: lightgbm, n_estimators: 12, early_stopping_rounds: 3}
  logit: {kind: logistic}
submission: {}
"""
MASKS = """\
competition: masks
data: {test: sample_submission.csv, target: rle_mask, task: mask, images: "train/images/{id}.png",
  test_images: "test/images/{id}.png"}
metric: dice
folds: {n: 2}
models: {least: {kind: baseline}}
"""
BOXES = """\
competition: boxes
data: {id: image_id, target: boxes, task: boxes, images: "train/{image_id}.jpg",
  test_images: "test/{image_id}.jpg", test: sample_submission.csv, sample: sample_submission.csv}
metric: box_map@0.5
folds: {n: 2}
models: {least: {kind: baseline}}
"""
SALES = """\
competition: sales
data: {target: sold}
metric: rmse
folds: {kind: time, time: day, n: 2}
models:
  lgbm: {kind: lightgbm, n_estimators: 12, early_stopping_rounds: null}
  ridge: {kind: ridge}
"""
TAGS = """\
competition: tags
data: {target: [red, "<i>blue</i>"]}
metric: auc
folds: {n: 2}
models: {logit: {kind: logistic}}
"""
CONFIGS = {"toy": TOY, "masks": MASKS, "boxes": BOXES, "sales": SALES, "tags": TAGS}


def make(name, root):
    """Writes a contest and trains it in a folder."""
    (root / "configs").mkdir(parents=True)
    (root / "configs" / f"{name}.yaml").write_text(CONFIGS[name], encoding="utf-8")
    WRITERS[name](root / "data" / name)
    with contextlib.chdir(root):
        assert main(["train", name]) == 0


def write_toy(folder):
    """Pictures, numbers, categories and texts; classes whose names are markup."""
    write_competition(folder)
    names = {f"kind_{place}": name for place, name in enumerate(HOSTILE)}
    for file in ("train", "test", "sample_submission"):
        table = pd.read_csv(folder / f"{file}.csv", dtype=str).rename(columns=names)
        if file == "train":
            table["species"] = table["species"].map(names)
        if file != "sample_submission":
            word = np.where(table["width"].astype(float) > 1, "<script>wide</script> wing", "a narrow tail")
            table["<b>said</b>"] = [f"{text} of number {row}" for row, text in enumerate(word)]
        table.to_csv(folder / f"{file}.csv", index=False)


def write_sales(folder):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    table = pd.DataFrame({"id": np.arange(120).astype(str), "day": days, "price": rng.normal(10, 2, 120)})
    table["sold"] = 100 - 4 * table["price"] + rng.normal(0, 2, 120)
    table[:100].to_csv(folder / "train.csv", index=False)
    table[100:].drop(columns="sold").to_csv(folder / "test.csv", index=False)
    table[100:][["id", "sold"]].assign(sold=0.0).to_csv(folder / "sample_submission.csv", index=False)


def write_tags(folder):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"id": np.arange(90).astype(str), "a": rng.normal(0, 1, 90), "b": rng.normal(0, 1, 90)}
    )
    labels = ["red", "<i>blue</i>"]
    table["red"] = (table["a"] + rng.normal(0, 0.5, 90) > 0).astype(int)
    table["<i>blue</i>"] = (table["b"] + rng.normal(0, 0.5, 90) > 0.5).astype(int)
    table[:70].to_csv(folder / "train.csv", index=False)
    table[70:].drop(columns=labels).to_csv(folder / "test.csv", index=False)
    table[70:][["id", *labels]].assign(**dict.fromkeys(labels, 0.5)).to_csv(
        folder / "sample_submission.csv", index=False
    )


WRITERS = {
    **{"toy": write_toy, "masks": write_masks, "sales": write_sales, "tags": write_tags},
    "boxes": lambda root: write_boxes(root, form="strings", side=32),
}
