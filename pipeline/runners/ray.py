"""Folds side by side on a Ray cluster; what they make comes back to one store."""

from __future__ import annotations

import getpass
import io
import os
import shutil
import tarfile
import tempfile
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pipeline
from pipeline.config.schema import Config
from pipeline.data.folds import Fold
from pipeline.data.source import Source
from pipeline.errors import ConfigError, DataError, ModelError, PipelineError
from pipeline.progress import Progress
from pipeline.run.plan import Plan
from pipeline.run.run import Run
from pipeline.store import Product, Store

RETRIES = 3  # of a fold whose node was lost


class FilesElsewhere(Source):
    """A competition's files on another machine.

    Args:
        plan: whose source this stands for. Its fingerprint is known, for keys follow from it, and the
            annotations that coordinate networks learn from; no fold reads anything else.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.source.root)
        self._fingerprint = plan.source.fingerprint(plan.tables)
        sections = plan.config.models.values()
        beside = [section for section in sections if section.drawn_masks() is None]  # a product holds masks
        named = (getattr(section, "annotations", None) for section in beside)
        self._sent: dict[str, bytes] = {file: plan.source.read(file) for file in named if file}

    def fingerprint(self, tables: list[str]) -> str:
        return self._fingerprint

    def names(self) -> list[str]:
        return sorted(self._sent)

    def read(self, name: str) -> bytes:
        if name not in self._sent:
            raise DataError(f"{name} lies on the machine that has started the run: no fold should read it.")
        return self._sent[name]


@dataclass(frozen=True)
class FoldJob:
    """A fold to fit, and what another machine must know to fit it as this one would.

    Attributes:
        config: the whole configuration.
        files: stands for the competition's files.
        store: the store's folder on the machine that asks.
        token: name of a file in it, by which a machine that shares the folder knows it.
        model: name of the model.
        fold: its repeat and the numbers that it leaves out.
    """

    config: Config
    files: FilesElsewhere
    store: Path
    token: str
    model: str
    fold: tuple[int, tuple[int, ...]]


class RayPool:
    """Fits folds as tasks of the cluster that RAY_ADDRESS names, or of one of this machine alone.

    Args:
        run: the plan and its data.
        size: how many folds at a time.

    Raises:
        ConfigError: Ray is not installed.
    """

    def __init__(self, run: Run, size: int) -> None:
        if find_spec("ray") is None:
            raise ConfigError("`runner: ray` needs Ray, which is not installed: make setup RAY=1.")
        import ray

        self.run, self.size = run, size
        self._threads = ThreadPoolExecutor(size)
        self._sent: dict[str, Any] = {}  # folder of a product -> where the cluster keeps it
        self._sending = threading.Lock()
        try:
            ray.init(runtime_env={"py_modules": _code()}, log_to_driver=False, include_dashboard=False)
        except ConnectionError as error:
            where = os.environ.get("RAY_ADDRESS", "none is named")
            raise ConfigError(f"`runner: ray` finds no cluster (RAY_ADDRESS: {where}): {error}") from error
        machines = [node["Resources"] for node in ray.nodes()]
        cpus = min(run.config.threads, max(machine.get("CPU", 1) for machine in machines))
        gpus = min(1, max(machine.get("GPU", 0) for machine in machines))
        remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=RETRIES)
        self._remote = remote(fit)
        self._files = FilesElsewhere(run.plan)
        self._token = mark(run.plan.store)

    def __enter__(self) -> RayPool:
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        self._threads.shutdown(wait=False, cancel_futures=True)
        ray.shutdown()  # and with it the tasks under way
        self._token.unlink(missing_ok=True)

    def submit(self, name: str, fold: Fold) -> Future:
        """Has a fold fitted; the future holds nothing, or the error."""
        return self._threads.submit(self._fit, name, fold)

    def _fit(self, name: str, fold: Fold) -> None:
        import ray

        plan = self.run.plan
        place = plan.store.root.resolve()
        job = FoldJob(plan.config, self._files, place, self._token.name, name, fold.identity)
        products = {one.path.name: self._send(one.path) for one in needs(self.run, name, fold)}
        try:
            answer = ray.get(self._remote.remote(job, products))
        except ray.exceptions.RayError as error:
            raise ModelError(f"models.{name}, {fold.label}: its Ray task failed: {error}") from error
        if answer["error"]:
            raise ModelError(answer["error"])
        if answer["packed"]:
            unpack(answer["packed"], plan.store, self.run.fit_product(name, fold).path.name)

    def _send(self, folder: Path) -> Any:
        """Returns where the cluster keeps a product, which is packed only once."""
        import ray

        with self._sending:
            if folder.name not in self._sent:
                self._sent[folder.name] = ray.put(pack(folder))
            return self._sent[folder.name]


def mark(store: Store) -> Path:
    """Makes a file by which a machine that shares the store's folder knows it."""
    token = store.root / f".shared-{uuid.uuid4().hex}"
    token.touch()
    return token


def needs(run: Run, name: str, fold: Fold) -> list[Product]:
    """Returns the products that a fit opens: those that are there, and what the others are made of."""

    def sent(product: Product) -> list[Product]:
        return [product] if product.done() else [one for source in product.sources for one in sent(source)]

    found = [one for source in run.fit_product(name, fold).sources for one in sent(source)]
    return list({product.key: product for product in found}.values())


def fit(job: FoldJob, products: Mapping[str, Any]) -> dict[str, Any]:
    """Fits a fold, on whichever machine Ray has chosen.

    Args:
        job: what to fit.
        products: folder's name -> Ray's reference to the packed product; only those are fetched
            that this machine lacks.

    Returns:
        `error`: text, or "". `packed`: the fold's product, or b"" where the store is shared.
    """
    import ray

    shared = (job.store / job.token).exists()
    store = Store(job.store if shared else _own_folder(job.config.competition))
    for folder, packed in products.items():
        if not (store.products / folder).exists():
            unpack(ray.get(packed), store, folder)
    run = Run(Plan(job.config, job.files, store), Progress())
    repeat, (number, *others) = job.fold
    fold = Fold(repeat, number, others=tuple(others))
    try:
        run.output(job.model, fold)
    except PipelineError as error:
        return {"error": str(error), "packed": b""}
    return {"error": "", "packed": b"" if shared else pack(run.fit_product(job.model, fold).path)}


def pack(folder: Path) -> bytes:
    """Returns a product's files as one tar."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.add(folder, arcname=".")
    return stream.getvalue()


def unpack(packed: bytes, store: Store, folder: str) -> None:
    """Writes a product's files under a store: all of them or none."""
    target = store.products / folder
    temporary = target.with_name(f".making-{folder}-{uuid.uuid4().hex[:8]}")
    temporary.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(temporary, filter="data")
        if not target.exists():  # another task of this machine may have been faster
            with suppress(OSError):
                os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _own_folder(competition: str) -> Path:
    return Path(tempfile.gettempdir()) / f"pipeline-ray-{getpass.getuser()}" / competition


def _code() -> list[str]:
    """Returns the folders of this package and of the competitions' modules, to be sent along."""
    found = [Path(pipeline.__file__).parent]
    spec = find_spec("competitions")
    return [str(path) for path in [*found, *map(Path, (spec and spec.submodule_search_locations) or [])]]
