"""The sample submission as text: a row for each thing that is asked for, or for each pixel of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.data_section import DataConfig
from pipeline.data.pixel_rows import PixelRows, read_pixel_rows
from pipeline.data.table_file import TableFile
from pipeline.registry import TASKS

if TYPE_CHECKING:
    import pandas as pd


def read_sample(file: TableFile, key: str, config: DataConfig) -> tuple[pd.DataFrame, PixelRows | None]:
    """Returns the sample as text; of one with a row per pixel a row for each picture, and its pixels.

    The answer's cells are then the greatest value that the sample holds.

    Args:
        file: of the sample.
        key: the id column.
        config: says what the task is.
    """
    import pandas as pd

    if config.task in TASKS and TASKS.get(config.task).a_row_per_pixel:
        pixels, (_, greatest) = read_pixel_rows(file, key)
        cells = {name: [f"{greatest:g}"] * len(pixels.names) for name in file.names}
        return pd.DataFrame(cells | {key: list(pixels.names)}, dtype="str"), pixels
    columns = {name: column.astype(str) for name, column in file.read(file.names).items()}
    return pd.DataFrame(columns, copy=False), None
