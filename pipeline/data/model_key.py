"""What of a configuration decides the fits of one model."""

from __future__ import annotations

from typing import Any

from pipeline.config.schema import Config, ModelConfig
from pipeline.data.features.key import features_key
from pipeline.data.intensity import intensity_key


def model_key(config: Config, section: ModelConfig) -> dict[str, Any]:
    """Returns what the YAML says of a model, without defaults: a new key in the schema redoes nothing.

    A default that changes must therefore come with a new `version` of the model.

    Args:
        config: holds the features, and how the values of pictures are read.
        section: of the model.
    """
    said = section.model_dump(mode="json", exclude={"enabled"}, exclude_defaults=True)
    depth = intensity_key(config.data) if section.picture() else {}
    return {"kind": section.kind, **said, **features_key(config, section), **depth}
