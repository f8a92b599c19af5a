"""A package: a data set of trained models and a notebook that hands in, made from a run's submission."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline
from pipeline.errors import ModelError, listing
from pipeline.package.card import write_card
from pipeline.package.contents import CONFIG, FACTS, probe_of, write_run
from pipeline.package.made import write_made
from pipeline.package.notebook import write_notebook
from pipeline.package.opened import Package, package_of
from pipeline.package.versions import versions_in_use
from pipeline.package.weights import carry_weights
from pipeline.package.wheel import write_wheel
from pipeline.package.wheels import fetch_wheels, read_image
from pipeline.registry import MODELS, locating
from pipeline.run.run import Run
from pipeline.stages.answers import needed
from pipeline.stages.blend import Blend, submitted_blend
from pipeline.store import file_digest, write_json

OWNER = "OWNER"  # stands where the name of an account is not known yet
FOLDER = "package"  # in `runs/NAME`
LONGEST_TITLE = 50  # letters that Kaggle takes


@dataclass(frozen=True)
class Place:
    """Place of a package: its folders, and its names at Kaggle.

    Attributes:
        root: `runs/NAME/package`.
        name: of the competition.
        slug: the contest's name in Kaggle's address.
        owner: the account.
    """

    root: Path
    name: str
    slug: str
    owner: str = OWNER

    @property
    def dataset(self) -> Path:
        return self.root / "dataset"

    @property
    def notebook(self) -> Path:
        return self.root / "notebook" / f"{self.name}.ipynb"

    @property
    def title(self) -> str:
        """Of the data set and, with another ending, of the notebook."""
        return self.name.replace("_", "-").lower()[: LONGEST_TITLE - len("-inference")]

    @property
    def dataset_id(self) -> str:
        return f"{self.owner}/{self.title}-package"

    @property
    def notebook_id(self) -> str:
        return f"{self.owner}/{self.title}-inference"


def write_package(run: Run, place: Place, wheels: bool = True, image: Path | None = None) -> Package:
    """Writes data set and notebook of the submission that lies there, and opens them as the notebook will.

    Args:
        run: of the submission's configuration; its models are trained.
        place: where to write; what lies there goes.
        wheels: whether to fetch wheels of libraries that Kaggle's image lacks.
        image: a list of the versions on Kaggle's image, as `pip freeze` writes it.

    Returns:
        The package, opened and checked.

    Raises:
        ModelError: models are not trained; a member from outside has no model that could be packed, or an
            input no files.
        DataError: the image's versions cannot be read.
    """
    run.refuse_untrained()
    blend = submitted_blend(run)
    if blend is None:
        raise ModelError(
            f"{run.plan.store.root / 'submission.csv'} is not there, or was made of members that this "
            "configuration has not (of other runs, or with `--only`). Name the same models, or write it "
            f"anew: make train COMP={place.name}."
        )
    if outside := sorted(set(blend.models) & set(run.config.ensemble.outside)):
        raise ModelError(
            f"The ensemble needs members that have no model here: {listing(outside)}. A notebook cannot "
            "predict with them: train without them, `--set ensemble.outside={}`."
        )
    if why := next(filter(None, (one.unpackable(run.config.data) for one in locating())), ""):
        raise ModelError(why)
    if image:
        read_image(image)  # what is wrong with it is said before anything goes
    shutil.rmtree(place.root, ignore_errors=True)
    write_run(run, blend, place.dataset)
    facts = _facts(run, blend, place)
    facts["weights"] = carry_weights(run.config.models, facts["models"], place.dataset)
    package = package_of(place.dataset, facts, run.plan.source, run.progress)
    package.check()
    facts["versions"] = versions_in_use()
    write_json(place.dataset / FACTS, facts)
    folder = place.dataset / "wheels"
    folder.mkdir()
    write_wheel(folder)
    lacking = fetch_wheels(folder, facts["versions"], image, run.progress) if wheels else []
    facts["wheels"] = sorted(path.name for path in folder.glob("*.whl"))
    write_json(place.dataset / FACTS, facts)
    for line in lacking:
        run.progress.warning(line)
    place.notebook.parent.mkdir()
    write_notebook(place.notebook, facts, place.dataset_id)
    write_metadata(place, gpu=any(_is_large(run, name) for name in facts["models"]))
    manifest = json.loads((run.plan.store.root / "submission.json").read_text(encoding="utf-8"))
    write_made(run, facts, place.dataset / CONFIG, manifest)
    write_card(run, facts, manifest, place.dataset / "README.md")
    return package


def write_metadata(place: Place, gpu: bool) -> None:
    """Writes what Kaggle's command line wants to know of both folders."""
    title = f"{place.title}-package"
    write_json(
        place.dataset / "dataset-metadata.json",
        {"title": title, "id": place.dataset_id, "licenses": [{"name": "other"}]},
    )
    write_json(
        place.notebook.parent / "kernel-metadata.json",
        {
            "id": place.notebook_id,
            "title": f"{place.title}-inference",
            "code_file": place.notebook.name,
            "language": "python",
            "kernel_type": "notebook",
            "is_private": True,
            "enable_gpu": gpu,
            "enable_internet": False,
            "dataset_sources": [place.dataset_id],
            "competition_sources": [place.slug],
            "kernel_sources": [],
            "model_sources": [],
        },
    )


def _facts(run: Run, blend: Blend, place: Place) -> dict[str, Any]:
    """Returns what is noted of a package: what it is, and by what it is found and checked."""
    made = json.loads((blend.folder / "ensemble.json").read_text(encoding="utf-8"))
    return {
        "competition": run.config.competition,
        "metric": made["metric"],
        "score": made["cross_fitted_score"],
        "interval": made["intervals"].get("ensemble"),
        "slug": place.slug,
        "submission": file_digest(run.plan.store.root / "submission.csv"),
        "toolkit": pipeline.__version__,
        "models": needed(run, blend),
        "ensemble": blend.folder.name,
        "fingerprint": run.fingerprint,
        "probe": len(probe_of(run.competition).test_ids),
        "versions": {},
    }


def _is_large(run: Run, name: str) -> bool:
    """Says whether a model is a network of the size of those that come with weights: it wants a GPU."""
    section = run.plan.section(name)
    return MODELS.get(section.kind).looks and not getattr(section, "from_scratch", True)


def size_of(folder: Path) -> int:
    """Returns the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
