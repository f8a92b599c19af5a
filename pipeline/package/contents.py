"""Contents of a package: of a run, what is needed to answer for new rows, and nothing else."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.load import competition_module
from pipeline.config.schema import Config
from pipeline.data.competition import Competition
from pipeline.data.drawn_masks import DrawnMasks
from pipeline.data.located import LOCATED
from pipeline.data.new_rows import blocks
from pipeline.data.source import Source
from pipeline.inputs.base import opened
from pipeline.run.coordinates import Coordinates
from pipeline.run.run import Run
from pipeline.stages.answers import needed
from pipeline.stages.blend import Blend
from pipeline.store import Product, Store
from pipeline.tasks.box_array import is_boxes

RUN, PROBE, BROUGHT, CODE, CONFIG = "run", "probe", "brought", "code", "config.yaml"
OOF, PROBED, FACTS = "oof.npy", "probe.npy", "package.json"
PROBE_ROWS = 12  # test rows that every opening predicts again
SHOWN_ROWS = 5000  # of the out-of-fold predictions that are drawn beside the test's
HERE = ("workers", "runner")  # keys of a configuration that say how it was trained, not what


def write_run(run: Run, blend: Blend, folder: Path) -> None:
    """Writes configuration, products, code and probe into a folder: the run as far as predicting needs it.

    Products keep the names and keys that they have in `runs/NAME`, so that whatever opens a run opens
    this. They hold no training row but ids and target, which the prior is made of.

    Args:
        run: whose models are trained.
        blend: of them.
        folder: new.
    """
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(config_text(run.config), encoding="utf-8")
    store, probe = Store(folder / RUN), probe_of(run.competition)
    _write(store, run.competition_product, lambda into: probe.save(into))
    for name in needed(run, blend):
        for fold in run.plan.answering:
            _write(store, run.fit_product(name, fold), _models_of(run.fit_product(name, fold)))
        section = run.plan.section(name)
        if masks := section.drawn_masks():
            drawn = run.drawn_product(name, masks)
            _write(store, drawn, DrawnMasks.load(run.made(drawn)).save_grid)
        elif not section.answers():
            _write(store, run.coordinates_product(name), _names_of(run.coordinates(name)))
        products = run.input_products(name)
        for entry, one in opened(section).items():
            if entry in products:
                _write(store, products[entry], partial(one.carry, run.made(products[entry])))
    product = store.products / blend.folder.name
    shutil.copytree(blend.folder / "fitted", product / "fitted")
    shutil.copyfile(blend.folder / "ensemble.json", product / "ensemble.json")
    np.save(folder / OOF, _shown(np.load(blend.folder / "oof.npy", mmap_mode="r", allow_pickle=False), run))
    _write_probe(run, blend, probe, folder)
    _copy_files(run.plan.source, [side.file for side in run.config.data.tables.values()], folder / BROUGHT)
    _copy_code(run.config, folder / CODE)


def config_text(config: Config) -> str:
    """Returns the YAML of a configuration, overrides and what a search has found included."""
    from ruamel.yaml import YAML

    tree = config.model_dump(mode="json", exclude_defaults=True, exclude=set(HERE))
    tree.get("data", {}).pop("root", None)
    tree["models"] = {
        name: {"kind": section.kind, **section.model_dump(mode="json", exclude_defaults=True)}
        for name, section in config.models.items()
    }
    if config.features:
        tree["features"] = {name: _feature(one) for name, one in config.features.items()}
    yaml, text = YAML(), io.StringIO()
    yaml.width = 1000
    yaml.dump(tree, text)
    return text.getvalue()


def probe_of(competition: Competition) -> Competition:
    """Returns the competition with a few test rows, spread over all, and no training row's features."""
    rows = len(competition.test_ids)
    at = np.unique(np.linspace(0, rows - 1, min(PROBE_ROWS, rows)).astype(np.int64))
    asked = replace(competition, sample_ids=competition.test_ids[at], passing=None, left_out={})
    few = next(blocks(asked, PROBE_ROWS))
    train = competition.train
    kept: dict[str, Any] = {name: getattr(competition, name)[:1] for name in ("pictures", "clips", "arrays")}
    return replace(
        few,
        train=None if train is None else train.iloc[:0],
        splitter=None,
        passing=competition.passing,
        **kept,
    )


def _feature(section: Any) -> Mapping[str, Any]:
    said = section.model_dump(mode="json", exclude_defaults=True)
    return {said.pop("kind"): said}


def _write(store: Store, product: Product, fill: Callable[[Path], Any]) -> None:
    """Writes a product under its own name and key into another store, once."""
    twin = replace(product, store=store)
    if not twin.path.exists():
        with twin.making() as folder:
            fill(folder)


def _models_of(fit: Product) -> Callable[[Path], Any]:
    return lambda into: shutil.copytree(fit.path / "model", into / "model")


def _names_of(found: Coordinates) -> Callable[[Path], Any]:
    nothing = np.zeros((0, len(found.names)))
    return lambda into: replace(found, train=nothing, test=nothing).save(into)


def _shown(oof: np.ndarray, run: Run) -> np.ndarray:
    """Returns float32 (rows, outputs) of some rows; of pictures the mean of each."""
    at = np.unique(np.linspace(0, len(oof) - 1, min(SHOWN_ROWS, len(oof))).astype(np.int64))
    return shown_values(oof[at], run.competition.task.dense)


def shown_values(values: np.ndarray, dense: bool) -> np.ndarray:
    """Returns what is drawn of predictions, float32 (rows, outputs); of pictures or boxes the mean."""
    values = values["confidence"] if is_boxes(values) else values
    values = np.asarray(values, np.float32)
    return values.mean(axis=1, keepdims=True) if dense else values


def _write_probe(run: Run, blend: Blend, probe: Competition, folder: Path) -> None:
    """Writes what the submission says of the probe's rows, and the files that they are read from."""
    place = {key: row for row, key in enumerate(run.competition.test_ids)}
    test = np.load(blend.folder / "test.npy", mmap_mode="r", allow_pickle=False)
    np.save(folder / PROBED, test[[place[key] for key in probe.test_ids]])
    names = [name for where in LOCATED if where.startswith("test_") for name in getattr(probe, where)]
    _copy_files(run.plan.source, names, folder / PROBE)


def _copy_files(source: Source, names: list[str], folder: Path) -> None:
    folder.mkdir()
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read(name))


def _copy_code(config: Config, folder: Path) -> None:
    """Copies the competition's own module, if it has one, as the package that it is found in."""
    import importlib.util

    folder.mkdir()
    module = competition_module(config)
    found = importlib.util.find_spec(module) if module else None
    if module is None or found is None or found.origin is None:
        return
    parts, origin = module.split("."), Path(found.origin)
    for depth in range(1, len(parts)):
        place = folder.joinpath(*parts[:depth])
        place.mkdir(parents=True, exist_ok=True)
        (place / "__init__.py").touch()
    if origin.name == "__init__.py":
        copied = shutil.ignore_patterns("__pycache__")
        shutil.copytree(origin.parent, folder.joinpath(*parts), ignore=copied)
    else:
        shutil.copyfile(origin, folder.joinpath(*parts).with_suffix(".py"))
