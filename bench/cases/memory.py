"""Memory and time of `train` as the number of pictures grows."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from bench.cases.startup import command
from bench.child import in_child
from bench.results import Value

SIDE = 128
CONFIG = """\
competition: pictures
data: {target: kind, images: "images/{id}.jpg"}
metric: log_loss
folds: {n: 2}
models:
  net: {kind: cnn, backbone: "MP2 8C3 MP4 FC16", size: 128, epochs: 1, batch_size: 64}
"""


def run(quick: bool) -> list[Value]:
    """Trains on three numbers of pictures; see docs/performance.md."""
    sizes = (20, 40, 60) if quick else (2_000, 20_000, 100_000)
    ran = {count: in_child(__name__, "train", pictures=count) for count in sizes}
    first, second, third = (f"{count:,}" for count in sizes)
    few, more = (
        1000 * (ran[many]["seconds"] - ran[count]["seconds"]) / (many - count)
        for count, many in itertools.pairwise(sizes)
    )
    growth = more / few if few > 0 else float("nan")  # other work can make a small run the longer one
    own, resident = ([facts[kind] for facts in ran.values()] for kind in ("own", "resident"))
    with_pages = "with the mapped pages of the picture file"
    values = [
        Value("memory.spread", max(own) - min(own), f"memory of {first} to {third} pictures: spread", "MB"),
        Value("memory.resident_spread", max(resident) - min(resident), f"the same {with_pages}", "MB"),
        Value("memory.time", growth, f"time per picture, {second} to {third} against {first} to {second}"),
        Value("memory.picture", more, f"time per picture, {second} to {third}", "ms"),
    ]
    for count, facts in ran.items():
        values += [
            Value(f"memory.own_{count}", facts["own"], f"{count:,} pictures: memory", "MB"),
            Value(f"memory.resident_{count}", facts["resident"], f"{count:,} pictures: {with_pages}", "MB"),
            Value(f"memory.seconds_{count}", facts["seconds"], f"{count:,} pictures: time", "s"),
        ]
    return values


def train(pictures: int) -> dict[str, float]:
    """Returns seconds and most memory of a run from the files to the submission."""
    from bench.generated import write_picture_competition

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").mkdir()
        (folder / "data").mkdir()
        (folder / "configs" / "pictures.yaml").write_text(CONFIG, encoding="utf-8")
        write_picture_competition(folder / "data" / "pictures.zip", pictures, pictures // 10, SIDE)
        done = command(folder, "train", "pictures")
    return {"seconds": done.seconds, "own": done.own, "resident": done.resident}
