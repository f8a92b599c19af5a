"""Any number of objects per picture, each with a mask of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pipeline.registry import TASKS
from pipeline.tasks.contest import Contest
from pipeline.tasks.mask import Mask
from pipeline.tasks.mask_cells import holds_masks
from pipeline.tasks.mask_rule import INSIDE, PLAIN, MaskRule, core


@TASKS.register("objects")
@dataclass(frozen=True)
class Objects(Mask):
    """Any number of objects per picture, a line of run lengths for each; no two share a pixel."""

    kind: ClassVar[str] = "objects"
    usual_metric: ClassVar[str] = "object_precision"
    usual_reason: ClassVar[str] = "objects, each a mask; the files cannot tell it from dice or iou"
    network_keys: ClassVar[Mapping[str, Any]] = {}
    objects: ClassVar[bool] = True
    many_rows: ClassVar[bool] = True

    @property
    def layers(self) -> int:
        """Two: of the mask, and of the objects' cores."""
        return 2

    @property
    def plain(self) -> MaskRule:
        return PLAIN._replace(split=INSIDE)

    @classmethod
    def told(cls, contest: Contest) -> bool:
        if contest.several or len(contest.columns) != 1:
            return False
        ids = contest.ids()
        several = len(set(ids.tolist())) < len(ids) or any("\n" in cell for cell in contest.only.distinct)
        return several and holds_masks(contest.only.distinct)

    def layers_of(self, labels: np.ndarray) -> np.ndarray:
        return np.stack([labels > 0, core(labels)], axis=2).astype(np.uint8)
