"""Search space of a network's section, where the YAML has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.networks.backbones import find_backbone
from pipeline.transforms.rand_augment import searched

if TYPE_CHECKING:
    from pipeline.networks.config import CNNConfig

OTHERS = ("mobilenet_v2", "efficientnet_v2_b0", "resnet50_v2")  # small, medium, large: tried beside the own
GRAIN = 32  # pixels: the stride of the pretrained networks' last map
SIDES = (0.75, 1.0, 1.25)  # of the section's own size
TOP = 40  # backbone layers that learn where some do

Spec = dict[str, Any]


def default_space(config: CNNConfig) -> dict[str, Spec]:
    """Returns the space of a network: pretrained ones also search what to unfreeze and at which size.

    Backbones are searched with ImageNet weights only: a file of weights belongs to one of them.
    """
    common: dict[str, Spec] = {"dropout": {"float": [0.0, 0.5]}}
    if config.target not in ("box", "points"):
        common["label_smoothing"] = {"float": [0.0, 0.2]}
    training: dict[str, Spec] = {
        "learning_rate": {"float": [1e-4, 5e-3], "log": True},
        "weight_decay": {"float": [1e-4, 0.1], "log": True},
    }
    drawn = searched(config.augment)
    if config.from_scratch:
        return common | training | drawn
    fine: Spec = {"when": {"finetune": [TOP, "all"]}}
    space = common | {
        "finetune": {"choice": ["none", TOP, "all"]},
        "head_learning_rate": {"float": [1e-4, 1e-2], "log": True},
        **{key: {**spec, **fine} for key, spec in training.items()},
    }
    augment: dict[str, Spec] = drawn or {"augment": {"choice": _augmentations(config)}}
    space |= {key: {**spec, **fine} for key, spec in augment.items()}
    if config.view is None:
        space["size"] = {"choice": _sizes(config)}
    if config.weights_kind == "imagenet" and config.alpha == 1.0:
        space["backbone"] = {"choice": list(dict.fromkeys([config.backbone, *OTHERS]))}
    return space


def _augmentations(config: CNNConfig) -> list[Any]:
    """Returns the section's own augmentation, and none: named sets are tried where it names one."""
    if isinstance(config.augment, list):
        return ["none", config.augment]
    return list(dict.fromkeys(["none", "light", "heavy", config.augment]))


def _sizes(config: CNNConfig) -> list[int]:
    own = config.picture_size()
    side = own[0] if own else find_backbone(config.backbone).size
    near = [GRAIN * round(side * factor / GRAIN) for factor in SIDES]
    least = find_backbone(config.backbone).smallest
    return sorted({max(value, least) for value in (*near, side)})
