"""A contest whose hidden test is twice as large as the one that was packed, one of its pictures broken."""

import shutil

import numpy as np
from PIL import Image

from pipeline.api import load_config, open_run
from pipeline.cli import main
from pipeline.package.opened import open_package
from pipeline.package.stage import lay_out


def answered(place, broken, larger=None):
    """Packs the run `toy` and answers its hidden test in blocks; returns the contest and what is said.

    Args:
        place: the folder, which is the current one.
        broken: name of a picture, of a copy of a row, that cannot be decoded.
        larger: of one that has four times as many pixels.
    """
    assert main(["package", "toy", "--no-trial", "--no-wheels"]) == 0
    config = load_config(place / "configs" / "toy.yaml")
    run = open_run(config)
    contest = place / "input" / "competitions" / "toy"
    lay_out(run.plan.source, config.data, run.competition, 2, contest)
    shutil.copytree(place / "runs/toy/package/dataset", place / "input/datasets/toy")
    assert (contest / broken).is_file()
    (contest / broken).write_bytes(b"no picture")
    if larger:
        pixels = np.asarray(Image.open(contest / larger)).repeat(2, axis=0).repeat(2, axis=1)
        Image.fromarray(pixels).save(contest / larger)
    package = open_package(place / "input/datasets/toy", place / "input")
    assert package.check()[1].endswith("predicted again: the same.")
    return contest, package.predict(package.read_test(), place / "hidden.csv", most=3)
