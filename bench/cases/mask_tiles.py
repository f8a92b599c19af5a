"""Memory of masks: of large pictures that are answered by tiles and learned from, and of many small ones."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import measure
from bench.cases.startup import command
from bench.child import QUIET, ROOT, in_child
from bench.measure import Ran
from bench.results import Value

CONFIG = """\
competition: masks
data: {id: id, target: rle, task: mask, images: "images/{id}.png"}
metric: dice
folds: {n: 2}
ensemble: {thresholds: false}
models:
  net: {kind: unet, size: 32, width: 4, finest: 4, epochs: 1, frozen_epochs: 0, batch_size: 64, tta: none}
"""
SLIDES = """\
competition: slides
data: {id: id, target: rle, task: mask, images: "images/{id}.tif", grid: 1024}
metric: dice
folds: {n: 2}
models:
  net: {kind: unet, tiles: true, size: 512, width: 4, finest: 4, epochs: 1, frozen_epochs: 0, tta: none}
"""
SIDE, DISC = 256, 40


def run(quick: bool) -> list[Value]:
    """Measures all in processes of their own; see docs/performance.md."""
    sides, counts = ((256, 700), (8, 16)) if quick else ((2_000, 10_000, 20_000), (2_000, 20_000))
    values = []
    for side in sides:
        for kind in ("tif", "png"):
            done = answered(side, kind)
            what = f"a {kind} of {side:,} x {side:,} pixels by tiles, from its file to its cell"
            name = f"mask_tiles.{{}}_{kind}_{side}".format
            values += [
                Value(name("own"), done.own, f"{what}: most memory of its own", "MB"),
                Value(name("resident"), done.resident, f"{what}: with the pages of files that it maps", "MB"),
                Value(name("seconds"), done.seconds, f"{what}: time", "s"),
            ]
    values += slides_values(sides[-1])
    trained = {count: in_child(__name__, "train", pictures=count) for count in counts}
    own = [facts["own"] for facts in trained.values()]
    few, many = (f"{count:,}" for count in counts)
    what = f"`train` on {few} and {many} masks of {SIDE} px"
    values.append(Value("mask_tiles.spread", max(own) - min(own), f"{what}: memory, spread", "MB"))
    for count, facts in trained.items():
        values += [
            Value(f"mask_tiles.own_{count}", facts["own"], f"{count:,} masks: memory", "MB"),
            Value(f"mask_tiles.time_{count}", facts["seconds"], f"{count:,} masks: time", "s"),
        ]
    return values


def slides_values(side: int) -> list[Value]:
    """Returns memory and seconds of `train` on slides, from their files to the submission."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").mkdir()
        (folder / "configs" / "slides.yaml").write_text(SLIDES, encoding="utf-8")
        in_child(__name__, "write_slides", folder=str(folder / "data" / "slides"), side=side)
        done = command(folder, "train", "slides")
    what = f"`train` on 2 slides of {side:,} x {side:,} pixels, one to answer"
    return [
        Value("mask_tiles.slides_own", done.own, f"{what}: most memory of its own", "MB"),
        Value("mask_tiles.slides_resident", done.resident, f"{what}: with the pages of files", "MB"),
        Value("mask_tiles.slides_seconds", done.seconds, f"{what}: time", "s"),
    ]


def answered(side: int, kind: str) -> Ran:
    """Returns time and memory of a process that answers a picture: decoding, tiles, mask, cell."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        in_child(__name__, "write_picture", path=str(folder / f"picture.{kind}"), side=side)
        facts = json.dumps({"picture": str(folder / f"picture.{kind}"), "side": side})
        words = [sys.executable, "-m", "bench.child", __name__, "answer", facts, str(folder / "result.json")]
        done = measure.run(words, folder, QUIET | {"PYTHONPATH": str(ROOT)})
        if done.code:
            raise RuntimeError(f"A picture of {side} pixels a side was not answered:\n{done.output}")
        return done


def answer(picture: str, side: int) -> int:
    """Answers a picture by tiles of a tiny network; returns the length of its cell."""
    from pipeline.data.source import FolderSource
    from pipeline.inputs.images.canvas import write_canvas
    from pipeline.inputs.images.part import Pictures
    from pipeline.networks.dense.config import UNetConfig
    from pipeline.networks.dense.inference import tiled_probabilities
    from pipeline.networks.dense.network import UNet
    from pipeline.networks.dense.structure import make_unet_structure
    from pipeline.registry import TASKS
    from pipeline.tasks.mask_cells import grid_of
    from pipeline.tasks.mask_rule import PLAIN
    from pipeline.transforms.views import upper_left

    size = np.array([[side, side]])
    grid = grid_of(size, 1024)
    task, config = TASKS.get("mask")(("mask",), *grid), UNetConfig(kind="unet", tiles=True, width=4, finest=4)
    with tempfile.TemporaryDirectory() as name:
        views, path = upper_left(size, (side, side)), Path(name) / "pixels.npy"
        write_canvas(path, FolderSource(Path(picture).parent).open, [Path(picture).name], views, size, 3)
        pictures = Pictures(np.load(path, mmap_mode="r"), extents=size)

        def network_of(shape: tuple[int, int, int]) -> UNet:
            network = UNet(make_unet_structure(config, shape, 1))
            network.reset(0, None, (np.full(3, 125.0, np.float32), np.full(3, 70.0, np.float32)))
            return network

        values = tiled_probabilities(network_of, task, pictures, np.array([0]), "none")[0]  # type: ignore[arg-type]
        rule = PLAIN._replace(threshold=float(np.median(values)), smallest=30.0, fill=1.0)
        return len(task.cell(values, (rule,), (side, side)))


def write_picture(path: str, side: int, seed: int = 0) -> list[list[int]]:
    """Writes a picture in colour, a PNG or a TIFF of strips; returns y, x and radius of its discs."""
    from PIL import Image

    random = np.random.default_rng(seed)
    pixels = np.tile(random.integers(0, 90, (1, 997, 3), dtype=np.uint8), (side, side // 997 + 1, 1))[
        :, :side
    ]
    radius = side // 16
    discs = [[*random.integers(radius, side - radius, 2).tolist(), radius] for _ in range(6)]
    for y, x, _ in discs:
        down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        part = pixels[y - radius : y + radius + 1, x - radius : x + radius + 1]
        part[down**2 + across**2 <= radius**2] |= 128
    Image.MAX_IMAGE_PIXELS = None
    options = {"compress_level": 1} if path.endswith("png") else {"compression": "tiff_lzw"}
    strips = {} if path.endswith("png") else {"strip_size": 16 * 3 * side}
    Image.fromarray(pixels).save(path, **options, **strips)  # type: ignore[arg-type]
    return discs


def write_slides(folder: str, side: int) -> None:
    """Writes a contest of two training slides and one to answer."""
    root, lines = Path(folder), ["id,rle"]
    (root / "images").mkdir(parents=True)
    for row in range(3):
        discs = write_picture(str(root / "images" / f"{row}.tif"), side, row)
        lines.append(f"{row},{_columns_of(discs, side)}")
    (root / "train.csv").write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    (root / "test.csv").write_text("id\n2\n", encoding="utf-8")
    (root / "sample_submission.csv").write_text("id,rle\n2,1 1\n", encoding="utf-8")


def _columns_of(discs: list[list[int]], side: int) -> str:
    """Returns the run lengths of discs, column by column and counted from 1."""
    spans = []
    for column in range(side):
        covered = np.zeros(side + 2, np.int8)
        for y, x, radius in discs:
            if (half := radius**2 - (column - x) ** 2) >= 0:
                covered[1 + y - math.isqrt(half) : 2 + y + math.isqrt(half)] = 1
        edges = np.flatnonzero(np.diff(covered)).reshape(-1, 2)
        spans += [f"{column * side + start + 1} {end - start}" for start, end in edges.tolist()]
    return " ".join(spans)


def train(pictures: int) -> dict[str, float]:
    """Returns seconds and most memory of a run from generated masks to the submission."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").mkdir()
        (folder / "configs" / "masks.yaml").write_text(CONFIG, encoding="utf-8")
        write_masks(folder / "data" / "masks", pictures, max(2, pictures // 20))
        done = command(folder, "train", "masks")
    return {"seconds": done.seconds, "own": done.own}


def write_masks(root: Path, rows: int, test_rows: int) -> None:
    """Writes a contest of discs on noise, a mask for each picture."""
    from PIL import Image

    from pipeline.tasks.rle import RunLengths

    (root / "images").mkdir(parents=True)
    random, down, across = np.random.default_rng(0), *np.mgrid[:SIDE, :SIDE]
    noise, lines = random.integers(0, 90, (SIDE, SIDE), dtype=np.uint8), ["id,rle"]
    for row in range(rows + test_rows):
        y, x = random.integers(DISC, SIDE - DISC, 2)
        mask = (down - y) ** 2 + (across - x) ** 2 < DISC**2
        Image.fromarray(noise + 120 * mask.astype(np.uint8)).save(
            root / "images" / f"{row}.png", compress_level=1
        )
        lines.append(f"{row},{RunLengths().write(mask) if row < rows else '1 1'}")
    (root / "train.csv").write_text("\n".join(lines[: rows + 1]) + "\n", encoding="utf-8")
    asked = "\n".join([lines[0], *lines[rows + 1 :]]) + "\n"
    (root / "sample_submission.csv").write_text(asked, encoding="utf-8")
    (root / "test.csv").write_text(
        "id\n" + "\n".join(map(str, range(rows, rows + test_rows))) + "\n", encoding="utf-8"
    )
