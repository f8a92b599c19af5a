"""Checks of the contracts over whatever is registered, and small data that tests are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import registry
from pipeline.data.rows import Dataset, Rows
from pipeline.inputs.images.part import Pictures
from pipeline.inputs.outputs import Values
from pipeline.inputs.table import Columns
from pipeline.inputs.text import Texts
from pipeline.models.base import Context, Model
from pipeline.registry import MODELS
from pipeline.tasks.base import Task, general_kinds

if TYPE_CHECKING:
    import pandas as pd

TASKS: dict[str, Task] = {
    kind: registry.TASKS.get(kind).example(np.arange(3), np.arange(3.0))[0] for kind in general_kinds()
}
CLASSES = "classification"  # the kind that checks of one kind alone are done with


def dataset_of(
    ids: np.ndarray,
    table: pd.DataFrame | None = None,
    *,
    pixels: np.ndarray | None = None,
    pixels_key: str = "",
    target: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    kinds: Mapping[str, str] | None = None,
    features: Mapping[str, Any] | None = None,
    others: Mapping[str, np.ndarray] | None = None,
) -> Dataset:
    """Returns rows of one side from what their parts hold; `others` is what other models say."""
    parts: dict[str, Any] = {name: Values(values) for name, values in (others or {}).items()}
    if table is not None:
        parts |= {"table": Columns(table, kinds or {}, features or {}), "text": Texts(table, kinds or {})}
    if pixels is not None:
        parts["images"] = Pictures(pixels, pixels_key)
    return Dataset(ids, parts, target, weights)


def small_dataset(kind: str, rows: int = 90, seed: int = 0, side: int = 8) -> Dataset:
    """Returns rows whose table and pictures both tell the target, with gaps and rare categories.

    The table has a number, a number with gaps, a category, and a text; the pictures are uint8
    (rows, side, side, 1).
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(rows) % 3)
    number = label + rng.normal(0, 0.3, rows)
    gaps = np.where(rng.random(rows) < 0.2, np.nan, rng.normal(0, 1, rows))
    category = pd.Series(np.where(label == 2, "dusk", "dawn"), dtype="str")
    category[rng.random(rows) < 0.1] = None
    words = np.array(["small quick wing", "yellow stripe wing", "long tail fur"])
    pixels = rng.integers(0, 60, (rows, side, side, 1))
    for row, value in enumerate(label):
        pixels[row, value * 2 : value * 2 + 3] += 150
    table = pd.DataFrame({"number": number, "gaps": gaps, "time": category, "words": words[label]})
    return dataset_of(
        np.array([f"{row:04d}" for row in range(rows)]),
        table,
        pixels=pixels.astype(np.uint8),
        pixels_key=f"small-{seed}-{rows}",
        target=registry.TASKS.get(kind).example(label, number)[1],
    )


def build(kind: str, settings: dict[str, Any], task: Task) -> Model:
    """Returns an unfitted model from the keys that a YAML would give."""
    model = MODELS.get(kind)
    return model(model.Config.model_validate({"kind": kind, **settings}), task)


def fit(model: Model, data: Dataset, seed: int = 0) -> Model:
    """Fits a model on the first two thirds of the rows, with an inner split where it wants one."""
    rows = np.arange(len(data) * 2 // 3)
    inner = data.rows(rows[::5]) if model.wants_inner_split else None
    train = data.rows(np.setdiff1d(rows, rows[::5]) if inner is not None else rows)
    return model.fit(train, inner, Context(seed=seed))


def check_model(kind: str, settings: dict[str, Any], task_kind: str, folder: Path) -> None:
    """Checks that a model keeps the contract of `pipeline.models.base.Model` for one kind of task.

    Args:
        kind: its registered name.
        settings: keys that make a fit quick.
        task_kind: the task to try.
        folder: an empty one, for saving.

    Raises:
        AssertionError: says which promise is broken.
    """
    task, data = TASKS[task_kind], small_dataset(task_kind)
    new = data.rows(np.arange(len(data) * 2 // 3, len(data)))
    model = build(kind, settings, task)
    _expect(not _learned(model), "the constructor must only store")
    _expect(fit(model, data) is model, "`fit` must return self")
    first = model.predict(new)
    _expect(first.shape == (len(new), task.n_outputs), f"predictions have the shape {first.shape}")
    _expect(first.dtype == np.float32, f"predictions must be float32, not {first.dtype}")
    _expect(bool(np.isfinite(first).all()), "predictions must be finite")
    if task.probabilities:
        _expect(bool((first >= 0).all() and (first <= 1).all()), "probabilities lie between 0 and 1")
    if task.exclusive:
        _expect(np.allclose(first.sum(axis=1), 1, atol=1e-4), "the probabilities of a row sum to one")
    backwards = model.predict(new.take(np.arange(len(new))[::-1]))
    few = model.predict(new.take(np.arange(3)))
    alone = np.allclose(backwards[::-1], first, atol=1e-4) and np.allclose(few, first[:3], atol=1e-4)
    _expect(alone, "a row's prediction depends on the rows that are asked for with it")
    fit(model, small_dataset(task_kind, seed=1))
    again = fit(model, data).predict(new)
    _expect(np.allclose(again, first, atol=1e-5), "fitting again must forget the first fit")
    same = fit(build(kind, settings, task), data).predict(new)
    _expect(np.array_equal(same, again), "the same seed must give the same predictions")
    saved = folder / "saved"
    saved.mkdir()
    model.save(saved)
    loaded = build(kind, settings, task).load(saved).predict(new)
    _expect(np.allclose(loaded, again, atol=1e-5), "a loaded model must predict as the saved one")
    if model.embeds:
        width = model.embed(new).shape
        _expect(len(width) == 2 and width[0] == len(new), f"the embedding has the shape {width}")


def check_absent_class(kind: str, settings: dict[str, Any]) -> None:
    """Checks that a class without a training row keeps its column."""
    task, data = TASKS[CLASSES], small_dataset(CLASSES)
    rows = np.flatnonzero(data.target != 1)
    model = build(kind, settings, task)
    inner = data.rows(rows[::5]) if model.wants_inner_split else None
    model.fit(data.rows(np.setdiff1d(rows, rows[::5])), inner, Context())
    predicted = model.predict(data.rows())
    _expect(predicted.shape == (len(data), 3), f"predictions have the shape {predicted.shape}")
    _expect(bool((predicted[:, 1] < 0.4).all()), "an unseen class must not be likely")


def check_seed(kind: str, settings: dict[str, Any]) -> None:
    """Checks that another seed makes another model where the kind says that it is `seeded`."""
    task, data = TASKS[CLASSES], small_dataset(CLASSES)
    rows = data.rows(np.arange(len(data) * 2 // 3, len(data)))
    model = build(kind, settings, task)
    one, other = (fit(build(kind, settings, task), data, seed).predict(rows) for seed in (0, 1))
    if model.varies(model.config):
        _expect(not np.array_equal(one, other), "another seed must make another model: see `seeded`")
    else:
        _expect(float(abs(one - other).mean()) < 0.02, "a seed makes another model: `seeded` must say so")


def check_reads_training_rows_only(kind: str, settings: dict[str, Any]) -> None:
    """Checks that what the scored rows hold changes nothing that was learned.

    Their table, pictures and target are spoiled while the fit can reach them through its rows'
    dataset; the honest rows are then predicted as before. A `transductive` kind may look at all but the
    target.

    Raises:
        AssertionError: names what it was that changed something.
    """
    task, data = TASKS[CLASSES], small_dataset(CLASSES)
    cut = len(data) * 2 // 3
    probe = data.rows(np.arange(cut, len(data)))
    honest = _says(fit(build(kind, settings, task), data), probe)

    def changed(*parts: str) -> bool:
        other = _says(fit(build(kind, settings, task), _spoiled(cut, parts)), probe)
        return not np.array_equal(honest, other)

    everything = ("target",) if MODELS.get(kind).transductive else ("table", "pictures", "target")
    if changed(*everything):
        guilty = [part for part in everything if changed(part)] or everything
        raise AssertionError(f"{' and '.join(guilty)} of the scored rows changed what was learned")


def _says(model: Model, rows: Rows) -> np.ndarray:
    """Returns what a model predicts, and what it represents the rows by where it does."""
    predicted = model.predict(rows)
    return np.hstack([predicted, model.embed(rows)]) if model.embeds else predicted


def _spoiled(cut: int, parts: tuple[str, ...]) -> Dataset:
    """Returns the small data for classification with parts of the rows from `cut` on spoiled."""
    data = small_dataset(CLASSES)
    if data.table is None or data.target is None or data.pixels is None:
        raise ValueError("The small data has all three.")
    if "table" in parts:
        data.table.iloc[cut:, 0] = 1e6
        data.table.iloc[cut:, 2] = "never seen"
    if "pictures" in parts:
        data.pixels[cut:] = 255 - data.pixels[cut:] // 4
    if "target" in parts:
        data.target[cut:] = 0
    pictures = replace(data.part("images"), key="-".join(["spoiled", *parts]))
    return replace(data, parts={**data.parts, "images": pictures})


def write_competition(
    root: Path, rows: int = 60, test_rows: int = 12, classes: int = 3, pictures: bool = True, seed: int = 0
) -> None:
    """Writes a competition as Kaggle gives its files: one probability per class is asked for.

    The table has `width`, `shade` and `place`; each picture shows its class as a bright band.
    """
    import pandas as pd
    from PIL import Image

    rng = np.random.default_rng(seed)
    total = rows + test_rows
    label = rng.permutation(np.arange(total) % classes)
    names = np.array([f"kind_{k}" for k in range(classes)])
    table = pd.DataFrame(
        {
            "id": [f"{row:04d}" for row in range(total)],
            "species": names[label],
            "width": label + rng.normal(0, 0.8, total),
            "shade": np.where(rng.random(total) < 0.1, np.nan, rng.normal(0, 1, total)),
            "place": np.where(rng.random(total) < 0.5, "north", "south"),
        }
    )
    root.mkdir(parents=True)
    table[:rows].to_csv(root / "train.csv", index=False)
    table[rows:].drop(columns="species").to_csv(root / "test.csv", index=False)
    sample = pd.DataFrame(1 / classes, index=range(test_rows), columns=names)
    sample.insert(0, "id", table["id"][rows:].to_numpy())
    sample.to_csv(root / "sample_submission.csv", index=False)
    if pictures:
        (root / "images").mkdir()
        for name, value in zip(table["id"], label, strict=True):
            picture = rng.integers(0, 80, (12, 16, 3), np.uint8)
            picture[value * 4 : value * 4 + 4] += np.uint8(120)
            Image.fromarray(picture).save(root / "images" / f"{name}.png")


def write_tones(
    folder: Path, hertz: Mapping[str, float], rate: int = 2000, seconds: float = 0.25, ending: str = "wav"
) -> None:
    """Writes clips of one tone each, a little noise in them, all that the name decides.

    Args:
        folder: receives them.
        hertz: name of a clip -> the frequency of its tone.
        rate: samples per second.
        seconds: of each.
        ending: the format.
    """
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(round(rate * seconds)) / rate
    for place, (name, frequency) in enumerate(hertz.items()):
        noise = np.random.default_rng(place).normal(0, 0.01, len(time))
        soundfile.write(folder / f"{name}.{ending}", 0.3 * np.sin(2 * np.pi * frequency * time) + noise, rate)


def write_waves(folder: Path, waves: Mapping[str, float], scale: float = 1.0) -> None:
    """Writes series (steps, 2) of one wave each and a little noise, all that the name decides, as .npy.

    Args:
        folder: receives them.
        waves: name of a series -> how often it swings in 32 steps.
        scale: of the values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place, (name, count) in enumerate(waves.items()):
        rng = np.random.default_rng(place)
        steps = np.arange(int(rng.integers(30, 40)))
        sides = np.stack([np.sin(2 * np.pi * count * steps / 32), np.cos(2 * np.pi * count * steps / 32)])
        np.save(folder / f"{name}.npy", scale * (sides.T + rng.normal(0, 0.05, (len(steps), 2))))


def _learned(model: Model) -> list[str]:
    return [name for name in vars(model) if name.endswith("_") and not name.endswith("__")]


def _expect(kept: bool, promise: str) -> None:
    if not kept:
        raise AssertionError(promise)
