"""Whether the model that a view follows finds something to follow: boxes, points, or masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.config.schema import ModelConfig
from pipeline.errors import did_you_mean
from pipeline.inputs.images.view import ViewConfig

OF_A_MASK = 4  # points: two corners of the upright box, two ends of the long axis


def followed(view: ViewConfig, where: str, models: Mapping[str, ModelConfig | None]) -> list[str]:
    """Returns what is wrong with the model that a view follows.

    Args:
        view: of a network.
        where: key path of the network's section, which begins each message.
        models: every section by name; None for one that is wrong itself.
    """
    return [f"`{where}.view.{key}`: {text}" for key, text in _problems(view, models)]


def _problems(view: ViewConfig, models: Mapping[str, ModelConfig | None]) -> Iterator[tuple[str, str]]:
    if view.by is None:
        return
    if view.by not in models:
        yield "by", f"no model {view.by!r}.{did_you_mean(view.by, models)}"
    elif (other := models[view.by]) is None:
        return
    elif other.draws_masks():
        if view.axis is not None and max(view.axis) >= OF_A_MASK:
            yield "axis", f"of a mask there are {OF_A_MASK} points, from 0. Received: {view.axis}."
    elif (target := getattr(other, "target", None)) not in ("box", "points"):
        needs = "`target: box`, `target: points`, or a network of masks"
        yield "by", f"{view.by!r} finds no coordinates: it needs {needs}."
    elif target == "box" and view.axis is not None:
        yield "axis", f"is for points, and {view.by!r} finds boxes."
    elif target == "points" and view.axis is None:
        yield "axis", f"is required: which two points of {view.by!r} shall lie level, as in [0, 1]."
