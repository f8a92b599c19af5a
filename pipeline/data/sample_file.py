"""The sample submission as text: a row for each thing that is asked for, or several for each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.data_section import DataConfig
from pipeline.data.class_rows import ClassKey, ClassRows
from pipeline.data.pixel_rows import PixelRows, read_pixel_rows
from pipeline.data.table_file import TableFile
from pipeline.registry import TASKS

if TYPE_CHECKING:
    import pandas as pd


def read_sample(
    file: TableFile, key: str, config: DataConfig
) -> tuple[pd.DataFrame, PixelRows | ClassRows | None]:
    """Returns the sample as text; where a picture has several rows, one for each, and what the rows are.

    Of pixels the answer's cells are then the greatest value that the sample holds; of classes they have a
    line for each.

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
    table = pd.DataFrame(columns, copy=False)
    if config.classes is None:
        return table, None
    classes = ClassKey(config.classes, key)
    rows = ClassRows.of(table, classes, file.name)
    return classes.gathered(
        table, [name for name in rows.header if name not in classes.columns], file.name
    ), rows
