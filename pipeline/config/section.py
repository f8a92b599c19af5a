"""A section of the YAML: frozen, strict, with every default stated once."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of every part of the schema. Unknown keys and wrong types are refused.

    A subclass declares its keys as annotated fields with defaults and says in `Field` what
    values are accepted; `description` is what the documentation prints.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
