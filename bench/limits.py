"""What must hold, measured on two cores: the floors and ceilings of the speed bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Limit:
    """What a measured value is compared with.

    Attributes:
        kind: "floor" (at least) or "ceiling" (at most).
        value: the limit itself.
        unit: of the value; "" for a ratio.
    """

    kind: Literal["floor", "ceiling"]
    value: float
    unit: str = ""

    def holds(self, measured: float) -> bool:
        """Says whether a value keeps the limit; NaN keeps none."""
        return measured >= self.value if self.kind == "floor" else measured <= self.value

    def __str__(self) -> str:
        return f"{self.kind} {self.value:g}{f' {self.unit}' if self.unit else ''}"


LIMITS: dict[str, Limit] = {
    "input.batches": Limit("floor", 0.9),
    "input.training": Limit("floor", 0.95),
    "sound.speed": Limit("floor", 0.9),
    "sound.growth": Limit("ceiling", 50.0, "MB"),
    "step.speed": Limit("floor", 1.2),
    "masks.speed": Limit("floor", 0.95),
    "head.speed": Limit("floor", 10.0),
    "head.accuracy_lost": Limit("ceiling", 0.03),
    "finetune.speed": Limit("floor", 1.5),
    "finetune.accuracy_lost": Limit("ceiling", 0.03),
    "finetune.growth": Limit("ceiling", 50.0, "MB"),
    "inference.mobilenet.256 at a time": Limit("ceiling", 1.05),
    "tables.time": Limit("ceiling", 1.1),
    "side_by_side.small": Limit("floor", 1.0),
    "side_by_side.large": Limit("floor", 1.0),
    "texts.time": Limit("ceiling", 1.1),
    "texts.seconds": Limit("ceiling", 120.0, "s"),
    "texts.memory": Limit("ceiling", 3000.0, "MB"),
    "encoder.speed": Limit("floor", 0.95),
    "startup.help": Limit("ceiling", 0.5, "s"),
    "startup.config_error": Limit("ceiling", 1.0, "s"),
    "startup.rerun": Limit("ceiling", 2.0, "s"),
    "memory.spread": Limit("ceiling", 300.0, "MB"),
    "memory.time": Limit("ceiling", 1.2),
    "backends.jax_lost": Limit("ceiling", 0.01),
    "backends.torch_lost": Limit("ceiling", 0.01),
    "mask_tiles.own_tif_20000": Limit("ceiling", 2000.0, "MB"),
    "mask_tiles.own_png_20000": Limit("ceiling", 2000.0, "MB"),
    "mask_tiles.slides_own": Limit("ceiling", 2000.0, "MB"),
    "mask_tiles.spread": Limit("ceiling", 300.0, "MB"),
    "large_table.peak": Limit("ceiling", 2.0),
}
"""By the name under which a case reports the value; a name that is not here is only stated."""
