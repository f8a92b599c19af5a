"""Key of a model's fits: the part of a configuration that decides them."""

from __future__ import annotations

from typing import Any

from pipeline.config.schema import Config, ModelConfig
from pipeline.inputs.base import opened


def model_key(config: Config, section: ModelConfig) -> dict[str, Any]:
    """Returns what the YAML says of a model, without defaults: a new key in the schema redoes nothing.

    A default that changes must therefore come with a new `version` of the model.

    Args:
        config: holds what its inputs depend on: the features, how pictures are read.
        section: of the model.
    """
    found = {"kind": section.kind}
    found |= section.model_dump(mode="json", exclude={"enabled"}, exclude_defaults=True)
    for one in opened(section).values():
        found |= one.key(config, section)
    return found
