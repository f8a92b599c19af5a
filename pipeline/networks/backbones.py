"""Pretrained backbones as records: what is known of a network, beside its name.

All of them come with `keras.applications` (weights trained on ImageNet-1k, 1.28 million pictures
of 1,000 classes; ConvNeXt XLarge was trained on ImageNet-22k first).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.errors import ConfigError, did_you_mean

Convention = Literal["tf", "torch", "caffe", "efficientnet", "inside"]


@dataclass(frozen=True)
class Backbone:
    """A convolutional network without its classifier.

    Attributes:
        name: as in the YAML.
        constructor: its name in `keras.applications`.
        size: height and width (pixels) of the pictures that it was trained on.
        convention: what it expects in place of 0..255 RGB. "tf": -1..1. "torch": 0..1 less
            ImageNet's channel means, over their deviations. "caffe": BGR less ImageNet's means,
            not scaled. "efficientnet": 0..255 less ImageNet's means, over the deviations to the
            power of 1.5. "inside": the network does it itself.
        smallest: least height and width (pixels) that its pooling leaves something of.
        licence: of the published weights.
        paper: authors and year.
        alphas: width multipliers with published weights; only these may be asked for with
            `weights: imagenet`. Empty: the network has no such parameter.
    """

    name: str
    constructor: str
    size: int
    convention: Convention
    smallest: int
    licence: str
    paper: str
    alphas: tuple[float, ...] = ()


def _family(
    names: dict[str, tuple[str, int]],
    convention: Convention,
    smallest: int,
    licence: str,
    paper: str,
    alphas: tuple[float, ...] = (),
) -> list[Backbone]:
    return [
        Backbone(name, constructor, size, convention, smallest, licence, paper, alphas)
        for name, (constructor, size) in names.items()
    ]


_EFFICIENTNET_SIZES = (224, 240, 260, 300, 380, 456, 528, 600)

BACKBONES: dict[str, Backbone] = {
    record.name: record
    for family in (
        _family(
            {"mobilenet": ("MobileNet", 224)},
            "tf", 32, "Apache-2.0", "Howard et al., 2017", (0.25, 0.5, 0.75, 1.0),
        ),
        _family(
            {"mobilenet_v2": ("MobileNetV2", 224)},
            "tf", 32, "Apache-2.0", "Sandler et al., 2018", (0.35, 0.5, 0.75, 1.0, 1.3, 1.4),
        ),
        _family(
            {f"mobilenet_v3_{kind.lower()}": (f"MobileNetV3{kind}", 224) for kind in ("Small", "Large")},
            "inside", 32, "Apache-2.0", "Howard et al., 2019", (0.75, 1.0),
        ),
        _family(
            {f"efficientnet_b{i}": (f"EfficientNetB{i}", size) for i, size in enumerate(_EFFICIENTNET_SIZES)},
            "efficientnet", 32, "Apache-2.0", "Tan and Le, 2019",
        ),
        _family(
            {
                **{f"efficientnet_v2_b{i}": (f"EfficientNetV2B{i}", size)
                   for i, size in enumerate((224, 240, 260, 300))},
                "efficientnet_v2_s": ("EfficientNetV2S", 384),
                "efficientnet_v2_m": ("EfficientNetV2M", 480),
                "efficientnet_v2_l": ("EfficientNetV2L", 480),
            },
            "inside", 32, "Apache-2.0", "Tan and Le, 2021",
        ),
        _family(
            {f"resnet{n}": (f"ResNet{n}", 224) for n in (50, 101, 152)},
            "caffe", 32, "MIT", "He et al., 2015",
        ),
        _family(
            {f"resnet{n}_v2": (f"ResNet{n}V2", 224) for n in (50, 101, 152)},
            "tf", 32, "MIT", "He et al., 2016",
        ),
        _family(
            {f"densenet{n}": (f"DenseNet{n}", 224) for n in (121, 169, 201)},
            "torch", 32, "BSD-3-Clause", "Huang et al., 2017",
        ),
        _family(
            {f"convnext_{kind.lower()}": (f"ConvNeXt{kind}", 224)
             for kind in ("Tiny", "Small", "Base", "Large", "XLarge")},
            "inside", 32, "MIT", "Liu et al., 2022",
        ),
        _family({"inception_v3": ("InceptionV3", 299)}, "tf", 75, "Apache-2.0", "Szegedy et al., 2015"),
        _family(
            {"inception_resnet_v2": ("InceptionResNetV2", 299)},
            "tf", 75, "Apache-2.0", "Szegedy et al., 2016",
        ),
        _family({"xception": ("Xception", 299)}, "tf", 71, "MIT", "Chollet, 2017"),
        _family(
            {"nasnet_mobile": ("NASNetMobile", 224), "nasnet_large": ("NASNetLarge", 331)},
            "tf", 32, "Apache-2.0", "Zoph et al., 2018",
        ),
        _family(
            {"vgg16": ("VGG16", 224), "vgg19": ("VGG19", 224)},
            "caffe", 32, "CC-BY-4.0", "Simonyan and Zisserman, 2014",
        ),
    )
    for record in family
}  # fmt: skip


def find_backbone(name: str) -> Backbone:
    """Returns the record of that name.

    Raises:
        ConfigError: there is none; the message names the nearest.
    """
    if name not in BACKBONES:
        raise ConfigError(
            f"Unknown backbone {name!r}.{did_you_mean(name.lower(), BACKBONES)} `make list` names all; "
            'a network from scratch is written in layers, as "20C5 MP2 50C5 MP2 FC256".'
        )
    return BACKBONES[name]
