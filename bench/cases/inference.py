"""Ways to answer new rows by the fits of several folds, against one fit after the other."""

from __future__ import annotations

import contextlib
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from bench.generated import draw_pictures, otto_like
from bench.results import Value
from pipeline.networks import building, network
from pipeline.networks.config import CNNConfig
from pipeline.networks.inference import MOST, batch_size
from pipeline.networks.inference import run as answer
from pipeline.networks.keras_import import load_keras
from pipeline.networks.layers import STANDARDISE
from pipeline.networks.network import Network, get_network
from pipeline.networks.plan import make_plan
from pipeline.networks.structure import make_structure
from pipeline.networks.targets import make_targets
from pipeline.tasks.base import make_task

CLASSES = 10
FOLDS = 3
ROUNDS = 4
NETWORKS: dict[str, dict[str, Any]] = {
    "small": {"backbone": "32C3s BN 32C3s BN MP2 64C3s BN 64C3s BN MP2 D0.3 FC128", "weights": "none"},
    "mobilenet": {"backbone": "mobilenet", "alpha": 0.25, "weights": "none"},
}
SIZES = {"small": (8, 2048), "mobilenet": (128, 256)}  # pixels of a side, pictures
TREES = {"objective": "multiclass", "num_class": 9, "num_leaves": 31, "num_threads": 1, "verbosity": -1}

Way = Callable[[], np.ndarray]


def run(quick: bool) -> list[Value]:
    """Measures networks and LightGBM, one thread, seconds of the processor; see docs/performance.md."""
    values = []
    for name, (side, count) in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            draw_pictures(Path(folder) / "pixels.npy", 20 if quick else count, side, CLASSES, tint=30.0)
            pixels = np.load(Path(folder) / "pixels.npy")
            values += of_network(name, pixels, Path(folder), 1 if quick else ROUNDS)
    return values + of_trees(*((300, 3, 1) if quick else (8_000, 100, ROUNDS)))


def of_network(name: str, pixels: np.ndarray, folder: Path, rounds: int) -> list[Value]:
    """Returns what each way takes to answer by all folds, by that of today, and how far its answers are.

    Args:
        name: of the network.
        pixels: uint8 (pictures, side, side, 3).
        folder: for files.
        rounds: of which the least counts.
    """
    load_keras(1)
    own = made(name, pixels)
    fits = fitted(own, pixels)
    everything, size = np.arange(len(pixels)), batch_size(pixels.shape[1:])

    def each(model: Network, size: int = size) -> np.ndarray:
        found = []
        for values in fits:
            model.assign(values)
            found.append(answer(model.full, pixels, everything, size))
        return np.hstack(found)

    ways, built = {"today": lambda: each(own), f"{MOST} at a time": lambda: each(own, MOST)}, {}
    makers = {
        "all folds in one call": lambda: joined(name, pixels, fits),
        "weights as constants": lambda: frozen(own, pixels, fits),
        "ONNX": lambda: exported(own, pixels, fits, folder),
        "mixed_bfloat16": lambda: lambda model=other_type("mixed_bfloat16", own): each(model),
        "mixed_float16": lambda: lambda model=other_type("mixed_float16", own): each(model),
    }
    for way, maker in makers.items():
        begun = time.process_time()
        if (found := maker()) is not None:
            ways[way], built[way] = found, time.process_time() - begun
    what = f"{FOLDS} fits of a {name} network, {len(pixels):,} pictures of {pixels.shape[1]} px"
    return _values(f"inference.{name}", what, ways, built, rounds, softmax)


def made(name: str, pixels: np.ndarray, new: bool = False) -> Network:
    """Returns the project's compiled network for those pictures; a new one, or that of the process."""
    labels = np.arange(200) % CLASSES
    config = CNNConfig(kind="cnn", **NETWORKS[name])
    targets = make_targets(config, make_task("classification", tuple(f"class {n}" for n in range(CLASSES))))
    shape = (pixels.shape[1], pixels.shape[2], pixels.shape[3])
    structure = make_structure(config, make_plan(config, labels), targets, shape)
    return Network(structure) if new else get_network(structure, 1)


def fitted(own: Network, pixels: np.ndarray) -> list[list[np.ndarray]]:
    """Returns random weights for each fold, with statistics that fit the pictures: speed asks no more."""
    fits, channels = [], pixels.shape[3]
    for seed in range(FOLDS):
        own.reset(
            seed, None, (np.full(channels, 128.0), np.full(channels, 64.0)) if _standardises(own) else None
        )
        momenta = [layer.momentum for layer in own.normalisations()]
        for layer in own.normalisations():
            layer.momentum = 0.0
        own.full(pixels[:64], training=True)
        for layer, momentum in zip(own.normalisations(), momenta, strict=True):
            layer.momentum = momentum
        fits.append(own.values())
    return fits


def joined(name: str, pixels: np.ndarray, fits: list[list[np.ndarray]]) -> Way:
    """Returns a network for each fold, on one input, as one compiled call."""
    keras, networks = load_keras(), []
    for values in fits:
        networks.append(made(name, pixels, new=True))
        networks[-1].assign(values)
    shown = keras.Input(pixels.shape[1:], dtype="uint8")
    model = keras.Model(shown, keras.ops.concatenate([one.full(shown) for one in networks], -1))
    size, everything = batch_size(pixels.shape[1:]), np.arange(len(pixels))
    answer(model, pixels, everything[:1], size)  # traces
    return lambda: answer(model, pixels, everything, size)


def frozen(own: Network, pixels: np.ndarray, fits: list[list[np.ndarray]]) -> Way:
    """Returns TensorFlow's graphs whose weights are constants: normalisation is folded into convolutions."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    form, graphs = tf.TensorSpec((None, *pixels.shape[1:]), tf.uint8), []
    for values in fits:
        own.assign(values)
        graph = tf.function(lambda shown: own.full(shown, training=False)).get_concrete_function(form)
        graphs.append(convert_variables_to_constants_v2(graph))
        graphs[-1](tf.constant(pixels[:2]))
    return _by_batches(pixels, [lambda part, g=graph: g(tf.constant(part))[0] for graph in graphs])


def exported(own: Network, pixels: np.ndarray, fits: list[list[np.ndarray]], folder: Path) -> Way | None:
    """Returns sessions of ONNX Runtime; None where it, or what converts a network, is not installed."""
    if not all(map(importlib.util.find_spec, ("onnxruntime", "tf2onnx"))):
        return None
    import onnxruntime

    sessions = []
    for number, values in enumerate(fits):
        own.assign(values)
        path = str(folder / f"{number}.onnx")
        own.full.export(path, format="onnx", verbose=False)
        sessions.append(onnxruntime.InferenceSession(path, one_thread(onnxruntime)))
    name = sessions[0].get_inputs()[0].name
    return _by_batches(pixels, [lambda part, s=session: s.run(None, {name: part})[0] for session in sessions])


def one_thread(onnxruntime: Any) -> Any:
    """Returns options by which a session computes on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options


def other_type(policy: str, own: Network) -> Network:
    """Returns the network built to compute in another type of numbers."""
    keras = load_keras()
    same = mock.MagicMock(side_effect=lambda mixed: contextlib.nullcontext())
    keras.config.set_dtype_policy(policy)
    try:
        with mock.patch.object(building, "precision", same), mock.patch.object(network, "precision", same):
            return Network(own.structure)
    finally:
        keras.config.set_dtype_policy("float32")


def of_trees(rows: int, rounds: int, turns: int) -> list[Value]:
    """Returns what LightGBM takes to answer rows of nine classes, and what takes less."""
    import lightgbm

    table, label = otto_like(rows)
    table, half = table.astype(np.float64), rows // 2
    booster = lightgbm.train(TREES, lightgbm.Dataset(table[:half], label[:half]), rounds)
    asked = table[half:]
    stop = {"pred_early_stop": True, "pred_early_stop_freq": 10}
    ways: dict[str, Way] = {
        "today": lambda: booster.predict(asked),
        "pred_early_stop, margin 10": lambda: booster.predict(asked, **stop, pred_early_stop_margin=10.0),
        "pred_early_stop, margin 4": lambda: booster.predict(asked, **stop, pred_early_stop_margin=4.0),
    }
    begun, built = time.process_time(), {}
    if all(map(importlib.util.find_spec, ("onnxruntime", "onnxmltools"))):
        import onnxmltools
        import onnxruntime
        from onnxmltools.convert.common.data_types import FloatTensorType

        form = [("rows", FloatTensorType([None, asked.shape[1]]))]
        written = onnxmltools.convert_lightgbm(booster, initial_types=form, zipmap=False, target_opset=15)
        session = onnxruntime.InferenceSession(written.SerializeToString(), one_thread(onnxruntime))
        few = asked.astype(np.float32)
        ways["ONNX"] = lambda: session.run(["probabilities"], {"rows": few})[0]
        built["ONNX"] = time.process_time() - begun
    what = f"LightGBM of {booster.num_trees():,} trees, {len(asked):,} rows"
    return _values("inference.lightgbm", what, ways, built, turns, lambda found: found)


def softmax(raw: np.ndarray) -> np.ndarray:
    """Returns probabilities of every fold's raw outputs (rows, folds x classes)."""
    each = raw.reshape(len(raw), -1, CLASSES).astype(np.float64)
    powers = np.exp(each - each.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True)


def _values(
    name: str, what: str, ways: dict[str, Way], built: dict[str, float], rounds: int, decode: Any
) -> list[Value]:
    """Returns time and difference of each way; the first one is what others are compared with."""
    said = {way: decode(function()) for way, function in ways.items()}  # the first call traces
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for way, function in ways.items():
            begun = time.process_time()
            function()
            least[way] = min(least[way], time.process_time() - begun)
    first, *others = ways
    values = [Value(f"{name}.seconds", least[first], f"{what}", "s")]
    for way in others:
        away = float(np.abs(said[way] - said[first]).max())
        made = f", made in {built[way]:.1f} s" if way in built else ""
        text = f"{what}, {way}: times faster (off by {away:.1g}{made})"
        values.append(Value(f"{name}.{way}", least[first] / max(least[way], 1e-9), text))
    return values


def _by_batches(pixels: np.ndarray, each: list[Callable[[np.ndarray], Any]]) -> Way:
    size = batch_size(pixels.shape[1:])

    def way() -> np.ndarray:
        parts = [pixels[start : start + size] for start in range(0, len(pixels), size)]
        return np.hstack([np.concatenate([np.asarray(one(part)) for part in parts]) for one in each])

    return way


def _standardises(own: Network) -> bool:
    return any(layer.name == STANDARDISE for layer in own.extractor.layers)
