"""What the features by name add to the key of a fit."""

from __future__ import annotations

from typing import Any

from pipeline.config.schema import Config, ModelConfig
from pipeline.registry import MODELS


def features_key(config: Config, section: ModelConfig) -> dict[str, Any]:
    """Returns {} for a fit that sees no features: its key is the one that it always had.

    Args:
        config: holds the features; their order counts, since each may read those before it.
        section: of the model; one that sees no table sees no features.
    """
    reads = {MODELS.get(section.kind).sees if entry == "auto" else entry for entry in section.inputs}
    if not config.features or "table" not in reads:
        return {}
    said = [[name, f.model_dump(mode="json", exclude_defaults=True)] for name, f in config.features.items()]
    return {"features": said}
