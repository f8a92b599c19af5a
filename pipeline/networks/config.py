"""The section of the YAML for a network: every key, its default and what goes together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from pipeline.config.schema import ModelConfig
from pipeline.config.section import Section
from pipeline.inputs.images.view import ViewConfig, picture
from pipeline.networks.backbones import find_backbone
from pipeline.networks.notation import is_notation
from pipeline.networks.training.config import NetworkConfig
from pipeline.tasks.base import general_kinds

Auto = Literal["auto"]
NET_INSTEAD = {  # of the field's names for trees: what a network has
    "n_estimators": "A network learns in `epochs`; `seeds` averages several.",
    "reg_lambda": "The nearest is `weight_decay`.",
    "reg_alpha": "A network has no L1 penalty; the nearest is `weight_decay`.",
    "subsample": "A network sees all rows; the nearest is `dropout`.",
    "colsample_bytree": "A network sees all features; the nearest is `dropout`.",
}
HEAD_TASKS = {  # of heads that are not for every kind of task
    "cosine": general_kinds(probabilities=True),
    "arcface": general_kinds(exclusive=True),
}
MASK, VIEWS = 0.5, "views"  # of a pretraining, where nothing is said


class PretrainConfig(Section):
    """Pretraining without labels, on all pictures."""

    method: Literal["masked", "simclr"] = Field(
        default="masked",
        description="restore masked patches, or tell two changed views of a picture from others",
    )
    epochs: int = Field(ge=1, description="over the pictures of training and test, once for all folds")
    mask: float = Field(default=MASK, gt=0, lt=1, description="masked: share of the patches that are hidden")
    patch: int | None = Field(
        default=None,
        ge=1,
        description="masked: side of a patch, pixels or steps; default: 1/8 of the longer side",
    )
    augment: str | list[Any] | dict[str, Any] = Field(
        default=VIEWS, description="simclr: what changes a view, as `augment` of the network has it"
    )
    learning_rate: float = Field(default=1e-3, gt=0, description="at its highest")

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yields what is wrong with the keys together, as a key and a sentence about it."""
        if self.method == "simclr":
            strange: dict[str, Any] = {"mask": self.mask != MASK, "patch": self.patch is not None}
            if self.augment in ("none", []):
                yield "augment", "views of a picture must differ. Received: none."
        else:
            strange = {"augment": self.augment != VIEWS}
        for key in (key for key, given in strange.items() if given):
            yield key, f"is nothing that `method: {self.method}` looks at."


class GenerateConfig(Section):
    """Pictures drawn by a class-conditional variational autoencoder of the training rows."""

    share: float = Field(
        default=0.3, gt=0, lt=1, description="of a batch's pictures, each in the place of one of its class"
    )
    steps: int = Field(default=2000, ge=1, description="of the generator's training, in each fold")
    code: int = Field(default=16, ge=1, description="numbers that a picture is drawn from")
    learning_rate: float = Field(default=1e-3, gt=0, description="of the generator, at its highest")


class StylizeConfig(Section):
    """Training pictures in the texture of others of the same fold."""

    share: float = Field(default=0.3, gt=0, lt=1, description="of a batch's pictures, each in its own place")
    steps: int = Field(default=40, ge=1, description="of L-BFGS for each picture")
    strength: float = Field(default=1.0, gt=0, description="of the texture, against the picture itself")


class CNNConfig(NetworkConfig):
    """A convolutional network, pretrained or from scratch."""

    # the network
    backbone: str = Field(
        default="mobilenet_v2", description='a pretrained network by name, or layers: "20C5 MP2 FC256"'
    )
    alpha: float = Field(default=1.0, gt=0, description="width multiplier (the mobilenets)")
    weights: str = Field(
        default="auto",
        description="`imagenet`, `none`, a file (.h5, .keras) or another model's name: its network of the "
        "same fold; `auto` is imagenet for a pretrained network, none for layers",
    )
    size: int | list[int] | None = Field(
        default=None, description="height and width of its pictures, pixels; default: the backbone's own"
    )
    pooling: Literal["auto", "avg", "max", "avg_max", "gem", "flatten"] = Field(
        default="auto", description="map -> features; `auto`: avg, or flatten for coordinates and layers"
    )
    head: Literal["linear", "cosine", "arcface"] = Field(
        default="linear", description="last layer; `arcface` adds an angular margin in training"
    )
    scale: float = Field(default=30.0, gt=0, description="cosine and arcface: the cosines' factor")
    margin: float = Field(default=0.3, ge=0, lt=1.5, description="arcface: angular margin, radians")
    head_batch_norm: bool = Field(default=False, description="normalise the features before the head")
    dense: list[int] = Field(default=[], description="widths of dense layers in the head")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="dropout before the head's dense layers")
    mixed_precision: bool = Field(default=False, description="compute in float16 (fast on GPUs only)")

    # the target
    target: Literal["auto", "box", "points"] = Field(
        default="auto",
        description="what it predicts: the competition's target, or coordinates, as fractions of the picture",
    )
    annotations: str | None = Field(
        default=None,
        description="box and points: CSV beside the tables, the id column and then x1,y1,x2,y2 or x,y of "
        "each point in pixels of the pictures; rows may be missing",
    )
    coordinates: Literal["regression", "bins"] = Field(
        default="regression", description="box and points: as values, or a softmax over bins for each"
    )
    bins: int = Field(default=60, ge=4, description="bins per coordinate")
    swap_points: list[list[int]] = Field(
        default=[], description="pairs of points that trade places when the picture is mirrored"
    )
    loss: Literal["mse", "mae", "huber"] = Field(default="mse", description="loss of values")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="of classes and labels")
    class_weights: Literal["none", "balanced"] = Field(default="none", description="weights by class")

    # training
    finetune: Literal["auto", "none", "all"] | int = Field(
        default="auto", description="backbone layers to train after the head: none, all, or the top N"
    )
    batch_norm: Literal["auto", "frozen", "adapt"] = Field(
        default="auto", description="normalise by the pretrained statistics, or by re-estimated ones"
    )
    head_epochs: Auto | int = Field(default="auto", description="of the head alone, on cached features")
    head_learning_rate: float = Field(default=1e-3, gt=0, description="of the head alone")
    epochs: Auto | int = Field(default="auto", description="of the whole network; `auto`: by steps")
    learning_rate: Auto | float = Field(
        default="auto", description="of the whole network, at its highest (see `schedule`)"
    )
    layer_decay: float = Field(default=1.0, gt=0, le=1, description="factor of the rate per layer downwards")
    batch_size: Auto | int = Field(default="auto", description="pictures per step")
    optimizer: Literal["adamw", "adam", "sgd"] = Field(default="adamw", description="optimiser")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of sgd")
    weight_decay: float | None = Field(
        default=None, ge=0, description="decoupled; default 0.01 (adamw) or 0; not on biases and norms"
    )
    schedule: Literal["cosine", "constant"] = Field(default="cosine", description="learning rate over time")
    warmup: float = Field(default=0.05, ge=0, lt=1, description="share of the steps with a rising rate")
    clip: float | None = Field(default=None, gt=0, description="largest norm of the gradient")
    averaging: Literal["none", "ema", "swa"] = Field(default="none", description="of the weights")
    snapshots: int = Field(default=1, ge=1, le=20, description="cosine cycles, predictions averaged")
    patience: int | None = Field(
        default=None, ge=1, description="stop after so many epochs without a better inner score"
    )

    pretrain: PretrainConfig | None = Field(
        default=None,
        description="first learn from all pictures without labels: `{epochs: 20}`, "
        "`{method: simclr, epochs: 20}`",
    )

    # pictures
    view: ViewConfig | None = Field(
        default=None,
        description="see a part of the picture: a fixed one, or by another network's boxes or points",
    )
    augment: str | list[Any] | dict[str, Any] = Field(
        default="auto",
        description="a named set, a list, or `{randaugment: {n: 2, m: 9}}`; `auto`: light for pretrained "
        "networks",
    )
    generate: GenerateConfig | None = Field(
        default=None,
        description="a share of the training pictures is drawn by a generator of this fold's training rows, "
        "`{share: 0.3}`",
    )
    stylize: StylizeConfig | None = Field(
        default=None,
        description="a share of the training pictures has the texture of other ones, as the backbone sees it "
        "when it begins, `{share: 0.3}`",
    )
    mix: Literal["none", "mixup", "cutmix"] = Field(default="none", description="mix pictures of a batch")
    mix_alpha: float = Field(default=0.2, gt=0, description="mixing: parameter of the Beta distribution")
    tta: str = Field(default="none", description="test-time augmentation: a named set")

    instead: ClassVar[Mapping[str, str]] = NET_INSTEAD

    @property
    def from_scratch(self) -> bool:
        """Whether the backbone is written in layers."""
        return is_notation(self.backbone)

    def uses(self) -> list[str]:
        """Returns the model whose weights it starts from, if any."""
        return [self.weights] if self.weights_kind == "model" else []

    def views(self) -> list[str]:
        """Returns the model whose boxes or points its pictures are cut by, if any."""
        return self.view.follows() if self.view else []

    @property
    def weights_kind(self) -> Literal["imagenet", "none", "file", "model"]:
        """The kind of thing that `weights` names."""
        if self.weights == "auto":
            return "none" if self.from_scratch else "imagenet"
        if self.weights == "none":
            return "none"
        if self.weights == "imagenet":
            return "imagenet"
        is_file = "/" in self.weights or self.weights.endswith((".h5", ".keras"))
        return "file" if is_file else "model"

    def problems(self, where: str) -> list[str]:
        """Returns what is wrong with the values together, each naming its key under `where`."""
        from pipeline.networks.checks import problems

        return problems(self, where)

    def relations(self, where: str, models: Mapping[str, ModelConfig | None]) -> list[str]:
        """Returns what does not fit between this section and those that it names."""
        from pipeline.networks.checks import relations

        return relations(self, where, models)

    def needs_task(self) -> dict[str, tuple[str, ...]]:
        needs = {"head": HEAD_TASKS[self.head]} if self.head in HEAD_TASKS else {}
        return needs | ({"generate": general_kinds(exclusive=True)} if self.generate else {})

    def space(self) -> dict[str, dict[str, Any]]:
        from pipeline.networks.space import default_space

        return default_space(self)

    def picture(self) -> dict[str, Any]:
        """Returns what decides the pictures that it sees; a size of None is the pictures' own."""
        return picture(self.picture_size(), self.view)

    def answers(self) -> bool:
        """Boxes and points serve other networks; they are no answer."""
        return self.target not in ("box", "points")

    def picture_size(self) -> tuple[int, int] | None:
        """Returns (height, width) of the pictures that it wants; None: as they come."""
        if isinstance(self.size, int):
            return self.size, self.size
        if self.size:
            return self.size[0], self.size[1]
        if self.from_scratch:
            return None
        size = find_backbone(self.backbone).size
        return size, size


def finds_boxes(section: ModelConfig) -> bool:
    """Says whether a coordinate network finds boxes, not points."""
    return isinstance(section, CNNConfig) and section.target == "box"
