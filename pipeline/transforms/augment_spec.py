"""Augmentation as the YAML states it: named sets, and a list checked against albumentations."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any, TypeAlias

from pipeline.errors import did_you_mean, listing
from pipeline.transforms.augment_sets import OF_SOUND, SETS
from pipeline.transforms.rand_augment import DEFAULTS, NAME, rand_augment, wrong_numbers

if TYPE_CHECKING:
    from albumentations import BaseCompose, BasicTransform

    Transform: TypeAlias = BasicTransform | BaseCompose

Spec = str | list[Any] | dict[str, Any]

GROUPS = ("OneOf", "SomeOf", "RandomOrder", "Sequential")
_OTHER_PICTURES = "it needs other pictures or metadata beside the one that it changes"
_OTHER_TYPE = "pictures must stay uint8 of 0 to 255 with their channels; the network scales them"
REFUSED = {
    **dict.fromkeys(
        (
            "AtLeastOneBBoxRandomCrop",
            "BBoxSafeRandomCrop",
            "ConstrainedCoarseDropout",
            "CropNonEmptyMaskIfExists",
            "FDA",
            "HistogramMatching",
            "MaskDropout",
            "Mosaic",
            "OverlayElements",
            "PixelDistributionAdaptation",
            "RandomCropNearBBox",
            "RandomSizedBBoxSafeCrop",
            "TextImage",
        ),
        _OTHER_PICTURES,
    ),
    **dict.fromkeys(("FromFloat", "Normalize", "ToFloat", "ToRGB"), _OTHER_TYPE),
    "Lambda": "a YAML cannot hold a function",
    "Compose": "the list is one already",
    "ReplayCompose": "the list is a Compose already",
    "OneOrOther": "write OneOf",
    "SelectiveChannelTransform": "points could not follow it",
}
# albumentations moves these transforms' points only roughly, or drops those that leave the picture.
NOT_FOR_POINTS = (
    "ElasticTransform",
    "GridDistortion",
    "GridElasticDeform",
    "OpticalDistortion",
    "PiecewiseAffine",
    "RandomGridShuffle",
    "ThinPlateSpline",
)


def check_augmentation(spec: Spec, where: str, points: bool = False) -> list[str]:
    """Returns what is wrong with an augmentation, one message for each mistake.

    A named set is checked without importing albumentations (about a second); a list needs it.

    Args:
        spec: a set's name, `{randaugment: {n: 2, m: 9}}`, or a list of `NAME`, `{NAME: {argument:
            value}}`, these and names of sets. `OneOf`, `SomeOf`, `RandomOrder` and `Sequential` hold a
            list in `transforms`; a value for OpenCV may be its constant's name (`BORDER_REFLECT_101`).
        where: the spec's key path in the YAML, which begins each message.
        points: whether points or boxes must follow; transforms that would lose them are refused.
    """
    if isinstance(spec, str) and spec in SETS:
        return []
    if spec == OF_SOUND:
        return [f"{where}: {OF_SOUND!r} moves no points and no boxes."] if points else []
    return build(spec, where, points)[1]


def build(spec: Spec, where: str, points: bool = False) -> tuple[list[Transform], list[str]]:
    """Returns the transforms of a spec, and what is wrong with it; see `check_augmentation`."""
    if isinstance(spec, str):
        if spec not in SETS:
            known = f"Known sets: {listing([*SETS, OF_SOUND])}; or a list of albumentations' transforms."
            return [], [f"{where}: unknown set {spec!r}.{did_you_mean(spec, [*SETS, OF_SOUND])} {known}"]
        spec = SETS[spec]
    if isinstance(spec, dict) and list(spec) == [NAME]:
        return _build_item(spec, where, points)
    if not isinstance(spec, list | tuple):
        return [], [f"{where}: must be a set's name or a list. Received: {spec!r}."]
    transforms: list[Transform] = []
    messages: list[str] = []
    for number, item in enumerate(spec):
        made, wrong = _build_item(item, f"{where}[{number}]", points)
        transforms += made
        messages += wrong
    return transforms, messages


def albumentations() -> Any:
    """Returns the library, imported so that it does not ask the network for its newest version."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations

    return albumentations


def _build_item(item: object, where: str, points: bool) -> tuple[list[Transform], list[str]]:
    """Returns one item of the list built: a transform, a group, or a named set's."""
    if isinstance(item, str):
        if item in SETS:
            return build(item, where, points)
        item = {item: {}}
    if not isinstance(item, dict) or len(item) != 1:
        return [], [f"{where}: must be a name or {{name: arguments}}. Received: {item!r}."]
    ((name, arguments),) = item.items()
    if name == NAME:
        return _build_rand_augment(arguments, f"{where}.{name}", points)
    if reason := _refusal(str(name), points):
        return [], [f"{where}: {reason}"]
    where = f"{where}.{name}"
    if name in GROUPS:
        return _build_group(name, arguments, where, points)
    if arguments is not None and not isinstance(arguments, dict):
        return [], [f"{where}: its arguments must be a mapping. Received: {arguments!r}."]
    return _build_transform(getattr(albumentations(), name), arguments or {}, where)


def _build_rand_augment(arguments: object, where: str, points: bool) -> tuple[list[Transform], list[str]]:
    numbers: Any = {} if arguments is None else arguments
    if wrong := wrong_numbers(numbers):
        return [], [f"{where}{'.' + name if name else ''}: {reason}" for name, reason in wrong]
    return _build_item(rand_augment(**{**DEFAULTS, **numbers}), where, points)


def _refusal(name: str, points: bool) -> str:
    """Returns why a transform of that name cannot be had, or ""."""
    if name in REFUSED:
        return f"{name} cannot be used: {REFUSED[name]}."
    if points and name in NOT_FOR_POINTS:
        return f"{name} cannot be used where points or boxes must follow the picture."
    known = _known()
    if name in known:
        return ""
    near = did_you_mean(name, [*known, *SETS, NAME]) or " See the transforms of albumentations 2.0."
    return f"unknown transform {name!r}.{near}"


def _known() -> list[str]:
    """Returns the names of usable transforms and groups."""
    library = albumentations()
    bases = (library.BasicTransform, library.DualTransform, library.ImageOnlyTransform, library.Transform3D)
    return [
        name
        for name, thing in vars(library).items()
        if inspect.isclass(thing)
        and name not in REFUSED
        and (name in GROUPS or (issubclass(thing, library.BasicTransform) and thing not in bases))
        and not issubclass(thing, library.Transform3D)
    ]


def _unknown_arguments(thing: type, arguments: dict[str, Any], where: str) -> list[str]:
    accepted = [name for name in inspect.signature(thing).parameters if name != "strict"]
    return [
        f"{where}.{name}: unknown argument.{did_you_mean(name, accepted)} Accepted: {listing(accepted, 20)}."
        for name in arguments
        if name not in accepted
    ]


def _build_group(name: str, arguments: object, where: str, points: bool) -> tuple[list[Transform], list[str]]:
    """Returns a group with its members built; a bare list stands for its `transforms`."""
    if isinstance(arguments, list):
        arguments = {"transforms": arguments}
    if not isinstance(arguments, dict) or not isinstance(arguments.get("transforms"), list):
        return [], [f"{where}: needs a list of transforms. Received: {arguments!r}."]
    group = getattr(albumentations(), name)
    messages = _unknown_arguments(group, arguments, where)
    members, wrong = build(arguments["transforms"], f"{where}.transforms", points)
    messages += wrong
    if not wrong and not members:
        messages.append(f"{where}.transforms: must hold at least one transform.")
    messages += _wrong_numbers(arguments, len(arguments["transforms"]), where)
    if messages:
        return [], messages
    if name == "OneOf" and not sum(member.p for member in members):
        return [], [f"{where}: at least one of its transforms must have p above 0."]
    return [group(**{**arguments, "transforms": members})], []


def _wrong_numbers(arguments: dict[str, Any], members: int, where: str) -> list[str]:
    """Returns what is wrong with a group's own values, which albumentations does not check."""
    messages = []
    p, n, replace = arguments.get("p", 0.5), arguments.get("n"), arguments.get("replace", False)
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1:
        messages.append(f"{where}.p: must be a number from 0 to 1. Received: {p!r}.")
    if not isinstance(replace, bool):
        messages.append(f"{where}.replace: must be true or false. Received: {replace!r}.")
    most = "" if replace is True else f" and at most {members}, the number of its transforms"
    if "n" in arguments and (type(n) is not int or n < 1 or (most and n > members)):
        messages.append(f"{where}.n: must be a whole number of at least 1{most}. Received: {n!r}.")
    return messages


def _build_transform(thing: type, arguments: dict[str, Any], where: str) -> tuple[list[Transform], list[str]]:
    from pydantic import ValidationError

    if messages := _unknown_arguments(thing, arguments, where):
        return [], messages
    values, messages = {}, []
    for name, value in arguments.items():
        values[name], wrong = _opencv_constant(value, f"{where}.{name}")
        messages += wrong
    if messages:
        return [], messages
    if "InitSchema" in vars(thing):
        values["strict"] = True  # else some bad values only give a warning
    try:
        return [_moving_points_once(thing)(**values)], []
    except (ValueError, TypeError) as error:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            return [], _explain(cause, values, where)
        return [], [f"{where}: {error}"]


def _moving_points_once(thing: type) -> Any:
    """Returns the transform's class, changed where it would not move each point to one place.

    Where the border is a reflection of the picture, albumentations returns the reflections of the
    points too (nine times as many), and in places drops the points that lie outside.
    """
    if "border_mode" not in inspect.signature(thing).parameters:
        return thing

    def apply_to_keypoints(self: Any, keypoints: Any, **params: Any) -> Any:
        mode, self.border_mode = self.border_mode, 0  # cv2.BORDER_CONSTANT
        try:
            return thing.apply_to_keypoints(self, keypoints, **params)  # type: ignore[attr-defined]
        finally:
            self.border_mode = mode

    return type(thing.__name__, (thing,), {"apply_to_keypoints": apply_to_keypoints})


def _opencv_constant(value: object, where: str) -> tuple[object, list[str]]:
    """Returns the number of a constant of OpenCV that is given by its name."""
    if not isinstance(value, str) or not value.startswith(("BORDER_", "INTER_")):
        return value, []
    import cv2

    if isinstance(number := getattr(cv2, value, None), int):
        return number, []
    return value, [f"{where}: OpenCV has no constant {value!r}.{did_you_mean(value, vars(cv2))}"]


def _explain(error: Any, values: dict[str, Any], where: str) -> list[str]:
    """Returns one message for each argument that pydantic refused."""
    reasons: dict[str, list[str]] = {}
    for fault in error.errors():
        name = str(fault["loc"][0]) if fault["loc"] else ""
        reason = fault["msg"].removeprefix("Value error, ").rstrip(".")
        if reason not in reasons.setdefault(name, []):
            reasons[name].append(reason)
    return [
        f"{where}{'.' + name if name else ''}: {'; or '.join(found)}."
        + (f" Received: {values[name]!r}." if name in values else "")
        for name, found in reasons.items()
    ]
