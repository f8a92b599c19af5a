"""Pictures as a task looks at them: their sizes, and a few of them in grey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.data.source import Source

LOOKED_AT = 2**24  # pixels


@dataclass(frozen=True)
class Album:
    """Pictures of all rows of a side, none of them read yet.

    Attributes:
        names: their files, one for each row; none without pictures.
        source: where they lie.
        threads: that read headers.
    """

    names: tuple[str, ...]
    source: Source
    threads: int

    def sizes(self) -> np.ndarray:
        """Returns int64 (rows, 2), height and width of each, upright; no rows without pictures."""
        from pipeline.inputs.images.decoding import image_sizes

        if not self.names:
            return np.zeros((0, 2), np.int64)
        return image_sizes(self.source.open, self.names, threads=self.threads)[0].astype(np.int64)

    def grey(self, row: int) -> np.ndarray:
        """Returns one picture in grey, uint8 (height, width); one of more than LOOKED_AT pixels is shrunk."""
        from pipeline.inputs.images.bands import decode_at_most

        with self.source.open(self.names[row]) as file:
            return decode_at_most(file, 1, self.names[row], LOOKED_AT)[:, :, 0]
