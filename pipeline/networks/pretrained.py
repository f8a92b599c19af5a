"""Pretrained weights: of ImageNet, of a file, or of another network of the same fold."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError, did_you_mean, listing
from pipeline.networks.building import application
from pipeline.networks.config import CNNConfig
from pipeline.networks.dense.encoder_config import EncoderConfig
from pipeline.networks.network import Values
from pipeline.networks.saved import read_network
from pipeline.networks.structure import ExtractorStructure


def read_pretrained(
    config: CNNConfig | EncoderConfig, structure: ExtractorStructure, siblings: Mapping[str, Path]
) -> Values | None:
    """Returns the extractor's first weights, or None where they start at random.

    Raises:
        ModelError: the file or model is missing, or belongs to another network.
    """
    kind = config.weights_kind
    if kind == "none":
        return None
    if kind == "model":
        return _from_sibling(config, structure, siblings)
    if kind == "imagenet":
        return _imagenet(config.backbone, config.alpha)
    path = Path(config.weights)
    if not path.is_file():
        raise ModelError(f"weights: there is no file {config.weights!r} ({path.absolute()}).")
    return _from_file(config.backbone, config.alpha, str(path.absolute()), path.stat().st_mtime_ns)


def digest(values: Values) -> str:
    """Returns a hash that names the weights."""
    total = hashlib.sha256()
    for value in values:
        total.update(str(value.shape).encode())
        total.update(np.ascontiguousarray(value).data)
    return total.hexdigest()


@functools.lru_cache(maxsize=2)
def _imagenet(backbone: str, alpha: float) -> Values:
    nasnet = backbone.startswith("nasnet")  # its graph is not drawn for an unknown size
    try:
        model = application(backbone, alpha, "imagenet", None if nasnet else (None, None, 3))
    except Exception as error:  # Keras raises a bare Exception when a download fails
        if "URL fetch failure" not in str(error):
            raise
        raise ModelError(_how_to_fetch(backbone, str(error))) from error
    return model.get_weights()


def _how_to_fetch(backbone: str, message: str) -> str:
    address = match[1] if (match := re.search(r"URL fetch failure on (\S+):", message)) else ""
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "models"
    return (
        f"weights: the ImageNet weights of {backbone} cannot be downloaded ({message}). Fetch {address} "
        f"elsewhere and put it into {folder} (KERAS_HOME moves that folder), or give the file's path as "
        "`weights`."
    )


@functools.lru_cache(maxsize=2)
def _from_file(backbone: str, alpha: float, path: str, changed: int) -> Values:
    model = application(backbone, alpha, None, None)
    try:
        model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise ModelError(
            f"weights: {path} does not hold the weights of {backbone} (alpha {alpha:g}) without its "
            f"classifier: {str(error).splitlines()[0]}"
        ) from error
    return model.get_weights()


def _from_sibling(
    config: CNNConfig | EncoderConfig, structure: ExtractorStructure, siblings: Mapping[str, Path]
) -> Values:
    if config.weights not in siblings:
        raise ModelError(
            f"weights: there is no file and no trained network {config.weights!r}."
            f"{did_you_mean(config.weights, siblings)} Networks of this fold: {listing(siblings) or 'none'}."
        )
    saved = read_network(siblings[config.weights])
    other = saved.structure.extractor
    if (other.backbone, other.alpha) != (structure.backbone, structure.alpha):
        raise ModelError(
            f"weights: the network {config.weights!r} is {other.backbone} (alpha {other.alpha:g}), this one "
            f"{structure.backbone} (alpha {structure.alpha:g})."
        )
    return saved.values[0][: saved.extractor_weights]
