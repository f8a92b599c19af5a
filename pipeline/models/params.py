"""Sections with `params`: a library's own names, beside the keys that stand for some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pipeline.config.schema import ModelConfig
from pipeline.models.arguments import check_params, known_params, own_key


class ParamsConfig(ModelConfig):
    """A section with the key `params`, which a subclass declares after its own keys.

    Attributes:
        library: as `check_params` takes it.
    """

    library: ClassVar[str]
    if TYPE_CHECKING:
        params: dict[str, Any]

    def problems(self, where: str) -> list[str]:
        keys, given = type(self).model_fields, self.model_fields_set
        return check_params(self.library, self.params, f"{where}.params", keys, given)

    def key_of(self, name: str) -> str:
        known = name in type(self).model_fields or "." in name
        return name if known else own_key(self.library, name)

    @classmethod
    def hint(cls, name: str) -> str:
        """Knows the library's names too: those that have a key, and those that belong under `params`."""
        try:
            known = known_params(cls.library)
        except ImportError:  # it is not installed
            known = {}
        if name not in known or name in cls.instead:
            return super().hint(name)
        key = own_key(cls.library, name)
        if key in cls.model_fields:
            return f" Did you mean {key!r}?"
        if messages := check_params(cls.library, [name], ""):
            return messages[0].removeprefix(":")
        return f" It is a parameter of the library: `params: {{{name}: ...}}`."
