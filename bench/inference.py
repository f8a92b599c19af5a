"""Measures ways to answer faster with the trained networks of a run: seconds, size, and what the score does.

    make train COMP=digits                                   # or any run with a network on pictures
    pip install onnxruntime onnx tf2onnx ai-edge-litert      # what is not there is left out
    python bench/inference.py digits cnn [--set folds.n=3] [--rows 2000] [--rounds 5]

Every way answers the same rows with all fold models; they take turns, and of each the least seconds
count. The score is out of fold: each row by the fit that has not seen it. Sizes are those of what a
package would hold of all folds.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.machine import describe
from bench.measure import least_seconds
from pipeline.api import load_config, open_run
from pipeline.networks.inference import batch_size
from pipeline.networks.network import Network, Values
from pipeline.registry import MODELS
from pipeline.run.run import Run

Answer = Callable[[np.ndarray], np.ndarray]
"""uint8 pictures (n, h, w, c) to float32 (folds, n, raw outputs)"""


@dataclass(frozen=True)
class Way:
    """A way to answer.

    Attributes:
        name: for people.
        answer: with all folds.
        size: bytes of all folds.
    """

    name: str
    answer: Answer
    size: int


@dataclass(frozen=True)
class Fits:
    """The fold models of one network.

    Attributes:
        models: loaded, one per fold.
        networks: one for each, its weights set.
    """

    models: list[Any]
    networks: list[Network]

    @property
    def values(self) -> list[Values]:
        return [model.trained_.values[0] for model in self.models]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("name", help="competition, trained")
    parser.add_argument("model", help="a network on pictures")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--rows", type=int, default=2000, help="the first training rows: timed and scored")
    parser.add_argument("--rounds", type=int, default=5, help="of timing")
    options = parser.parse_args()
    run = open_run(load_config(options.name, options.set))
    fits = opened(run, options.model)
    train = run.experiment(options.model).train
    pixels = np.ascontiguousarray(train.pixels[: options.rows])
    print(describe(), flush=True)
    print(f"{options.name} {options.model}: {len(fits.models)} fits, {len(pixels)} rows {pixels.shape[1:]}")
    print("| way | seconds | times as fast | MB | score out of fold | largest change of an answer |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        ways = list(ways_of(fits, Path(folder)))
        said = [decoded(fits, way.answer(pixels)) for way in ways]  # traced, and threads started, by this
        seconds = least_seconds(options.rounds, *(lambda way=way: way.answer(pixels) for way in ways))
        for way, found, least in zip(ways, said, seconds, strict=True):
            print(
                f"| {way.name} | {least:.3f} | {seconds[0] / least:.2f} | {way.size / 1e6:.2f} "
                f"| {score_of(run, options.model, found, train.target):.5f} "
                f"| {np.abs(found - said[0]).max():.1g} |"
            )


def opened(run: Run, name: str) -> Fits:
    """Returns the first seed of every fold that answers."""
    section, task = run.plan.section(name), run.task_of(name)
    paths = [run.fit_product(name, fold).path / "model" / "seed0" for fold in run.plan.own_fits]
    models = [MODELS.get(section.kind)(section, task).load(path) for path in paths]
    networks = []
    for model in models:
        network = Network(model.trained_.structure)
        network.assign(model.trained_.values[0])
        networks.append(network)
    if any(network.full is None for network in networks):
        raise SystemExit(
            f"{name} is a head on a frozen backbone: its features are shared by all folds already."
        )
    return Fits(models, networks)


def decoded(fits: Fits, raw: np.ndarray) -> np.ndarray:
    """Returns predictions, (folds, n, outputs)."""
    return np.stack([model.targets_.decode(one) for model, one in zip(fits.models, raw, strict=True)])


def score_of(run: Run, name: str, found: np.ndarray, target: np.ndarray) -> float:
    """Returns the mean score of the rows of every fold, each answered by its own fit."""
    scores = []
    for fold, answers in zip(run.plan.own_fits, found, strict=True):
        rows = fold.valid[fold.valid < found.shape[1]]
        scores.append(run.metric(name)(target[rows], answers[rows]))
    return float(np.mean(scores))


def ways_of(fits: Fits, folder: Path) -> Any:
    """Yields every way that this machine has the libraries for, the usual one first."""
    first = fits.networks[0].full
    size = batch_size(first.input_shape[1:])
    shared = Network(fits.models[0].trained_.structure)

    def usual(pixels: np.ndarray) -> np.ndarray:
        found = []
        for values in fits.values:
            shared.assign(values)
            found.append(
                in_batches(lambda batch: np.asarray(shared.full.predict_on_batch(batch)), pixels, size)
            )
        return np.stack(found)

    yield Way("one fold after another (as it is)", usual, saved(fits.values))
    yield Way("float16 on the disk", half(fits, shared, size), saved(fits.values, np.float16))
    yield from batched(fits, size)
    if find_spec("onnxruntime") and find_spec("tf2onnx"):
        yield from onnx_ways(fits, folder, size)
    if find_spec("ai_edge_litert"):
        yield from litert_ways(fits, folder, size)


def half(fits: Fits, shared: Network, size: int) -> Answer:
    """Answers with weights that were rounded to float16, and are float32 again."""
    rounded = [[value.astype(np.float16).astype(value.dtype) for value in values] for values in fits.values]

    def answer(pixels: np.ndarray) -> np.ndarray:
        found = []
        for values in rounded:
            shared.assign(values)
            found.append(
                in_batches(lambda batch: np.asarray(shared.full.predict_on_batch(batch)), pixels, size)
            )
        return np.stack(found)

    return answer


def batched(fits: Fits, size: int) -> Any:
    """Yields all folds as one graph, as TensorFlow runs it and compiled by XLA."""
    import keras
    import tensorflow as tf

    inputs = keras.Input(fits.networks[0].full.input_shape[1:], dtype="uint8")
    stacked = [keras.ops.expand_dims(network.full(inputs), 0) for network in fits.networks]
    joined = keras.Model(inputs, keras.ops.concatenate(stacked, 0))
    for name, compiled in (("folds as one graph", False), ("folds as one graph, XLA", True)):
        call = tf.function(lambda batch: joined(batch, training=False), jit_compile=compiled)
        yield Way(
            name,
            lambda pixels, call=call: in_batches(lambda b: call(tf.constant(b)).numpy(), pixels, size, 1),
            saved(fits.values),
        )


def onnx_ways(fits: Fits, folder: Path, size: int) -> Any:
    """Yields ONNX Runtime, with two threads: one session per fold."""
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    paths = []
    for number, network in enumerate(fits.networks):
        path = folder / f"{number}.onnx"
        model, shape = network.full, network.full.input_shape[1:]
        function = tf.function(lambda batch, model=model: model(batch, training=False))
        signature = [tf.TensorSpec((None, *shape), tf.uint8, name="pixels")]
        tf2onnx.convert.from_function(function, signature, opset=17, output_path=str(path))
        paths.append(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    sessions = [onnxruntime.InferenceSession(str(path), options) for path in paths]

    def answer(pixels: np.ndarray) -> np.ndarray:
        return np.stack(
            [in_batches(lambda b, s=s: s.run(None, {"pixels": b})[0], pixels, size) for s in sessions]
        )

    yield Way("ONNX Runtime", answer, sum(path.stat().st_size for path in paths))


def litert_ways(fits: Fits, folder: Path, size: int) -> Any:
    """Yields LiteRT with two threads: as float32, and with int8 weights (dynamic range)."""
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    for name, small in (("LiteRT", False), ("LiteRT, int8 weights", True)):
        interpreters, total = [], 0
        for network in fits.networks:
            model, shape = network.full, network.full.input_shape[1:]
            function = tf.function(lambda batch, model=model: model(batch, training=False))
            concrete = function.get_concrete_function(tf.TensorSpec((size, *shape), tf.uint8))
            converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
            converter.optimizations = [tf.lite.Optimize.DEFAULT] if small else []
            content = converter.convert()
            total += len(content)
            one = Interpreter(model_content=content, num_threads=2)
            one.allocate_tensors()
            interpreters.append(one)

        def call(one: Any, batch: np.ndarray) -> np.ndarray:
            one.set_tensor(one.get_input_details()[0]["index"], batch)
            one.invoke()
            return one.get_tensor(one.get_output_details()[0]["index"])

        def answer(pixels: np.ndarray, interpreters: Any = interpreters, call: Any = call) -> np.ndarray:
            return np.stack(
                [in_batches(lambda b, one=one: call(one, b), pixels, size) for one in interpreters]
            )

        yield Way(name, answer, total)


def in_batches(call: Answer, pixels: np.ndarray, size: int, axis: int = 0) -> np.ndarray:
    """Returns the answers for all rows, in batches of one size: the last one is filled up by repeats."""
    found = []
    for start in range(0, len(pixels), size):
        batch = pixels[start : start + size]
        rows = len(batch)
        if rows < size:
            batch = np.concatenate([batch, np.repeat(batch[-1:], size - rows, axis=0)])
        found.append(np.take(call(batch), np.arange(rows), axis))
    return np.concatenate(found, axis)


def saved(folds: list[Values], kind: type | None = None) -> int:
    """Returns the bytes of the weights on the disk."""
    total = 0
    for values in folds:
        file = io.BytesIO()
        arrays = {str(n): value if kind is None else value.astype(kind) for n, value in enumerate(values)}
        np.savez(file, **arrays)  # type: ignore[arg-type]
        total += file.tell()
    return total


if __name__ == "__main__":
    main()
