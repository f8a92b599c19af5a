"""Linear models on columns and what two or three of them say together, sparse from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pipeline.data.columns import column_kinds
from pipeline.data.encoders.crosses import MOST_SETS, CrossEncoder
from pipeline.data.encoders.parts import PartsMaker
from pipeline.data.rows import Rows
from pipeline.errors import DataError, listing
from pipeline.models.base import MODELS, ModelConfig
from pipeline.models.size import Size
from pipeline.models.sparse import SparseConfig, SparseModel

PER_CELL = 3e-6  # seconds per row, set of columns and problem, the choice of C included


class CrossesConfig(SparseConfig):
    """Keys of `kind: crosses`."""

    degree: int = Field(
        default=3,
        ge=1,
        le=3,
        description="most columns that are taken together, as far as not more than "
        f"{MOST_SETS} sets of them come of it",
    )

    def problems(self, where: str) -> list[str]:
        found = super().problems(where)
        if set(self.inputs) - {"auto", *Crosses.sees}:
            found.append(f"{where}.inputs: it reads the table alone. Received: {self.inputs}.")
        return found


@MODELS.register("crosses")
class Crosses(SparseModel):
    """Logistic or ridge regression on every level of every column, and of each two and three together.

    What wins where columns are names with many levels (Amazon.com's Employee Access Challenge, 2013).
    """

    Config: ClassVar[type[ModelConfig]] = CrossesConfig
    sees = SparseModel.sees[:1]  # the table without its free text
    config: CrossesConfig

    @classmethod
    def seconds(cls, size: Size) -> float:
        columns = size.columns
        sets = min(MOST_SETS, columns + columns * (columns - 1) // 2 + columns**3 // 6)
        return PER_CELL * size.rows * sets * size.problems

    def _fit_features(self, rows: Rows) -> Any:
        frame = rows.of(self.sees[0])
        kinds = column_kinds(frame, rows.dataset.part(self.sees[0]).kinds)
        self.maker_ = PartsMaker(kinds).fit(frame)
        self.encoder_ = CrossEncoder(self.config.degree)
        features = self.encoder_.fit_transform(self.maker_.transform(frame))
        if not features.shape[1]:
            raise DataError(f"The {len(rows)} training rows have no column with a level that two rows share.")
        self.notes_ |= {"sets": len(self.encoder_.sets_), "levels": features.shape[1]}
        return features

    def _features(self, rows: Rows) -> Any:
        frame = rows.of(self.sees[0])
        if lost := [name for name in self.maker_.kinds if name not in frame]:
            raise DataError(f"The table lacks columns that the model was trained with: {listing(lost)}.")
        return self.encoder_.transform(self.maker_.transform(frame))

    def _names(self, columns: np.ndarray) -> list[str]:
        return self.encoder_.names(columns)

    def _save_features(self, folder: Path) -> None:
        facts, arrays = self.encoder_.state()
        maker = {
            "kinds": self.maker_.kinds,
            "day_first": self.maker_.day_first_,
            "varying": self.maker_.varying_,
        }
        (folder / "crosses.json").write_text(json.dumps({**facts, "maker": maker}), encoding="utf-8")
        np.savez(folder / "crosses.npz", **arrays)  # type: ignore[arg-type]

    def _load_features(self, folder: Path) -> None:
        facts = json.loads((folder / "crosses.json").read_text(encoding="utf-8"))
        self.maker_ = PartsMaker(facts["maker"]["kinds"])
        self.maker_.day_first_, self.maker_.varying_ = facts["maker"]["day_first"], facts["maker"]["varying"]
        with np.load(folder / "crosses.npz", allow_pickle=False) as saved:
            self.encoder_ = CrossEncoder(self.config.degree).restore(facts, dict(saved))
