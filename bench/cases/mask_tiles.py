"""Memory of masks: of a large picture that is answered by tiles, and of training on more of them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from bench.cases.startup import command
from bench.child import in_child
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
SIDE, DISC = 256, 40


def run(quick: bool) -> list[Value]:
    """Measures both in processes of their own; see docs/performance.md."""
    sides, counts = ((256, 700), (8, 16)) if quick else ((2_000, 10_000), (2_000, 20_000))
    answered = {side: in_child(__name__, "answer", side=side) for side in sides}
    trained = {count: in_child(__name__, "train", pictures=count) for count in counts}
    values = []
    for side, facts in answered.items():
        what = f"a picture of {side:,} x {side:,} pixels by tiles, from its file to its cell"
        values += [
            Value(f"mask_tiles.memory_{side}", facts["peak"], f"{what}: most memory", "MB"),
            Value(f"mask_tiles.seconds_{side}", facts["seconds"], f"{what}: time", "s"),
        ]
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


def answer(side: int) -> dict[str, float]:
    """Returns seconds and most memory of answering a picture: decoding, tiles, mask, cell."""
    from PIL import Image

    from pipeline.inputs.images.files import extents_of
    from pipeline.inputs.images.part import Pictures
    from pipeline.inputs.images.pixels import write_pixels
    from pipeline.networks.dense.config import UNetConfig
    from pipeline.networks.dense.inference import tiled_probabilities
    from pipeline.networks.dense.network import UNet
    from pipeline.networks.dense.structure import make_unet_structure
    from pipeline.package.finished import peak_memory
    from pipeline.registry import TASKS
    from pipeline.tasks.mask_cells import grid_of
    from pipeline.tasks.mask_rule import PLAIN
    from pipeline.transforms.views import upper_left

    size = np.array([[side, side]])
    grid = grid_of(size, 1024)
    task, config = TASKS.get("mask")(("mask",), *grid), UNetConfig(kind="unet", tiles=True, width=4, finest=4)
    with tempfile.TemporaryDirectory() as name:
        picture = Path(name) / "picture.png"
        Image.fromarray(np.tile(np.arange(250, dtype=np.uint8), (side, side // 250 + 1))[:, :side]).save(
            picture
        )
        begun, views = time.perf_counter(), upper_left(size, (side, side))
        path = Path(name) / "pixels.npy"
        write_pixels(path, lambda file: Path(file).read_bytes(), [str(picture)], views, 3)
        pictures = Pictures(np.load(path, mmap_mode="r"), extents=extents_of(views, size))

        def network_of(shape: tuple[int, int, int]) -> UNet:
            network = UNet(make_unet_structure(config, shape, 1))
            network.reset(0, None, (np.full(3, 125.0, np.float32), np.full(3, 70.0, np.float32)))
            return network

        values = tiled_probabilities(network_of, task, pictures, np.array([0]), "none")[0]  # type: ignore[arg-type]
        task.cell(values, (PLAIN._replace(threshold=float(np.median(values))),), (side, side))
    return {"seconds": time.perf_counter() - begun, "peak": peak_memory() / 2**20}


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
