"""Size of a competition's data, measured on its tables and pictures."""

from __future__ import annotations

from pipeline.data.columns import is_text
from pipeline.data.competition import Competition
from pipeline.data.encoders.categories import MANY_LEVELS
from pipeline.models.size import Size


def size_of(competition: Competition, picture: tuple[int, int] | None) -> Size:
    """Returns how large the data is, from which models say what they cost and whether they suit.

    Args:
        competition: read and checked.
        picture: median height and width in pixels; None without pictures.
    """
    from pandas.api import types

    table = competition.train
    columns = [] if table is None else [name for name in table.columns if table[name].nunique() > 1]
    texts = [name for name in columns if table is not None and is_text(table[name])]
    characters = sum(float(table[name].str.len().mean()) for name in texts) if table is not None else 0.0
    numbers = [name for name in columns if table is not None and types.is_numeric_dtype(table[name].dtype)]
    many = [name for name in columns if table is not None and table[name].nunique() >= MANY_LEVELS]
    return Size(
        rows=len(competition.ids),
        test_rows=len(competition.test_ids),
        columns=len(columns),
        kind=competition.task.kind,
        outputs=competition.task.n_outputs,
        picture=picture,
        numeric=len(numbers) / max(1, len(columns)),
        categories=sum(competition.kinds.get(name) in ("category", "code") for name in many),
        texts=tuple(texts),
        characters=characters,
    )
