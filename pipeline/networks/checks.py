"""Checks of a network's section before any work starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, did_you_mean, listing
from pipeline.networks.backbones import find_backbone
from pipeline.networks.brought import weights_at
from pipeline.networks.followed import followed
from pipeline.networks.notation import of_maps, parse
from pipeline.networks.weights_file import keras_home, misfit, network_of

if TYPE_CHECKING:
    from pipeline.config.schema import ModelConfig
    from pipeline.networks.config import CNNConfig


def problems(config: CNNConfig, where: str) -> list[str]:
    """Returns every mistake, each naming its key under `where`."""
    found = [*_backbone(config), *_weights(config), *_numbers(config), *_combinations(config), *_view(config)]
    return [*(f"`{where}.{key}`: {text}" for key, text in found), *_pictures(config, where)]


def relations(config: CNNConfig, where: str, models: Mapping[str, ModelConfig | None]) -> list[str]:
    """Returns every name of a model that is none, or not of the kind that is wanted there.

    Args:
        config: the network's section.
        where: its key path, which begins each message.
        models: every section by name; None for one that is wrong itself.
    """
    found = []
    if config.weights_kind == "model" and config.weights not in models:
        near = did_you_mean(config.weights, [*models, "auto", "imagenet", "none"])
        text = f"{config.weights!r} is no model, no file (.h5, .keras) and not `imagenet` or `none`.{near}"
        found.append(f"`{where}.weights`: {text}")
    elif config.weights_kind == "model" and (text := _unlike(config, models[config.weights])):
        found.append(f"`{where}.weights`: {config.weights!r} {text}")
    if config.view:
        found += followed(config.view, where, models)
    return found


def _unlike(config: CNNConfig, other: ModelConfig | None) -> str:
    """Returns in what another network differs so that its weights do not fit, or ""."""
    if other is None:
        return ""
    backbone, alpha = getattr(other, "backbone", None), getattr(other, "alpha", 1.0)
    if backbone is None:
        return f"is no network but {other.kind}: it has no weights to start from."
    if (backbone, alpha) == (config.backbone, config.alpha):
        return ""
    return (
        f"is {backbone} (alpha {alpha:g}), this one {config.backbone} (alpha {config.alpha:g}): its weights "
        "do not fit."
    )


def _view(config: CNNConfig) -> Iterator[tuple[str, str]]:
    coordinates = config.target in ("box", "points")
    if coordinates and config.annotations is None:
        columns = "x1,y1,x2,y2" if config.target == "box" else "x,y of each point"
        yield "annotations", f"is required for `target: {config.target}`: a CSV with the id and {columns}."
    if config.annotations is not None and not coordinates:
        yield "annotations", f"is for `target: box` and `target: points`. Received: {config.target}."
    view = config.view
    if view is None:
        return
    if config.size is None and config.from_scratch:
        yield "size", "is required behind a view: how large its crops become, in pixels."
    yield from view.problems()


def _backbone(config: CNNConfig) -> Iterator[tuple[str, str]]:
    try:
        if config.from_scratch:
            parse(config.backbone)
            if config.alpha != 1.0:
                yield "alpha", f"a network from scratch has no width multiplier. Received: {config.alpha}."
            return
        record = find_backbone(config.backbone)
    except ConfigError as error:
        yield "backbone", str(error).removeprefix("backbone: ")
        return
    if config.alpha != 1.0 and not record.alphas:
        yield "alpha", f"{config.backbone} has no width multiplier. Received: {config.alpha}."
    elif config.weights_kind == "imagenet" and record.alphas and config.alpha not in record.alphas:
        yield (
            "alpha",
            f"ImageNet weights of {config.backbone} exist for {listing(record.alphas)}. "
            f"Received: {config.alpha}.",
        )
    size = config.picture_size()
    if size and min(size) < record.smallest:
        yield "size", f"{config.backbone} needs at least {record.smallest} pixels. Received: {config.size}."


def _weights(config: CNNConfig) -> Iterator[tuple[str, str]]:
    if config.from_scratch and config.weights_kind in ("imagenet", "file"):
        yield "weights", f"a network from scratch starts from none. Received: {config.weights!r}."
    elif config.weights_kind == "file" and weights_at(config.weights) is None:
        return
    elif config.weights_kind == "file" and not Path(config.weights).is_file():
        yield (
            "weights",
            f"no such file. Received: {config.weights!r}, which is {Path(config.weights).absolute()}.",
        )
    elif config.weights_kind in ("file", "imagenet"):
        for path in _weight_files(config):
            if said := misfit(path, config.backbone, config.alpha):
                yield "weights", said


def _weight_files(config: CNNConfig) -> list[Path]:
    """Returns the file that is named, or Keras' own where it is there already."""
    if config.weights_kind == "file":
        return [Path(config.weights)]
    folder = keras_home() / "models"
    return [path for path in folder.glob("*.h5") if network_of(path.name) == (config.backbone, config.alpha)]


def _numbers(config: CNNConfig) -> Iterator[tuple[str, str]]:
    for key in ("head_epochs", "epochs", "batch_size"):
        value = getattr(config, key)
        if isinstance(value, int) and value < (0 if key == "head_epochs" else 1):
            yield key, f"must be at least 1. Received: {value}."
    rate = config.learning_rate
    if isinstance(rate, float) and rate <= 0:
        yield "learning_rate", f"must be above 0. Received: {rate}."
    if isinstance(config.finetune, int) and config.finetune < 1:
        yield "finetune", f"must be at least 1 layer, or `none`. Received: {config.finetune}."
    if isinstance(config.size, list) and (len(config.size) != 2 or min(config.size) < 1):
        yield "size", f"must be [height, width]. Received: {config.size}."
    if any(width < 1 for width in config.dense):
        yield "dense", f"every width must be at least 1. Received: {config.dense}."
    if any(len(pair) != 2 or min(pair) < 0 for pair in config.swap_points):
        yield "swap_points", f"must be pairs of point numbers, from 0. Received: {config.swap_points}."


def _mapless(backbone: str) -> bool:
    """Says whether layers in notation have no convolution of a map; what is no notation is told elsewhere."""
    try:
        return not any(token.kind == "conv" for token in of_maps(parse(backbone)))
    except ConfigError:
        return False


def _combinations(config: CNNConfig) -> Iterator[tuple[str, str]]:
    yield from config.step_problems()
    if config.adversarial and config.finetune == "none":
        yield "adversarial", "moves pictures, and a frozen backbone's features are none: `finetune: all`."
    for key in ("generate", "stylize"):
        if getattr(config, key) and config.finetune == "none":
            yield key, "draws pictures, and a frozen backbone's features are none: `finetune: all`."
    for key in ("pretrain", "stylize"):
        if getattr(config, key) and config.from_scratch and _mapless(config.backbone):
            yield key, f"is of maps, and {config.backbone!r} has no convolution of one."
    for key, text in config.pretrain.problems() if config.pretrain else ():
        yield f"pretrain.{key}", text
    untrained = config.weights_kind == "none"
    if untrained and config.batch_norm == "frozen":
        yield "batch_norm", "a network without pretrained weights has no statistics to keep: `adapt`."
    if untrained and config.finetune not in ("auto", "all"):
        yield "finetune", "a network without pretrained weights must be trained whole: `all`."
    if config.patience and (config.averaging != "none" or config.snapshots > 1):
        yield "patience", "early stopping keeps the best epoch; it does not go with averaging or snapshots."
    if config.snapshots > 1 and config.averaging != "none":
        yield "snapshots", "do not go with averaging of weights: choose one."
    if config.snapshots > 1 and config.schedule != "cosine":
        yield "snapshots", "are the ends of cosine cycles. Received: `schedule: constant`."
    coordinates = config.target in ("box", "points")
    if coordinates and config.mix != "none":
        yield "mix", "the coordinates of two pictures cannot be mixed."
    if coordinates and config.generate:
        yield "generate", f"draws pictures of classes. Received target: {config.target}."
    if coordinates and config.head != "linear":
        yield "head", f"{config.head} is for classes. Received target: {config.target}."
    if config.swap_points and config.target != "points":
        yield "swap_points", f"is for `target: points`. Received: {config.target}."
    if config.head != "linear" and config.dropout and config.dense == [] and config.dropout > 0.5:
        yield "dropout", f"above 0.5 destroys the angles that a {config.head} head looks at."


def _pictures(config: CNNConfig, where: str) -> list[str]:
    from pipeline.transforms.augment_spec import check_augmentation
    from pipeline.transforms.test_time import TEST_TIME

    found = []
    if config.augment != "auto":
        found += check_augmentation(config.augment, f"{where}.augment")
    if config.pretrain and config.pretrain.method == "simclr":
        found += check_augmentation(config.pretrain.augment, f"{where}.pretrain.augment")
    try:
        TEST_TIME.get(config.tta)
    except ConfigError as error:
        found.append(f"`{where}.tta`: {error}")
    return found
