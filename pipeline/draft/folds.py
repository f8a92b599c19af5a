"""Number of folds, and how often they are drawn."""

from __future__ import annotations

from pipeline.draft.choice import Choice
from pipeline.models.size import Size

MANY_ROWS = 200_000
MANY_PICTURES = 20_000
TINY_ROWS = 500
SMALL_ROWS = 1_500


def choose_n(size: Size, groups: int | None, ordered: bool) -> Choice[int]:
    """Returns the number of folds.

    Args:
        size: of the data.
        groups: how many there are, where rows are split by groups.
        ordered: whether they are split by time.
    """
    if ordered:
        return Choice(3 if size.rows > MANY_ROWS else 5, "")
    if groups is not None and groups < 5:
        return Choice(groups, f"there are {groups} groups")
    if size.task.of_pictures:
        return Choice(3, "a network that draws learns long: three fits are enough to wait for")
    if size.picture and size.rows > MANY_PICTURES:
        return Choice(3, f"{size.rows:,} pictures: three fits of a network are enough to wait for")
    if size.rows > MANY_ROWS:
        return Choice(3, f"{size.rows:,} rows measure a score well with three")
    return Choice(5, f"{size.rows:,} rows, four fifths of which train at a time")


def choose_repeats(size: Size, ordered: bool) -> Choice[int]:
    """Returns how often the folds are drawn: more than once where one draw is mostly luck."""
    if ordered or size.picture or size.rows >= SMALL_ROWS:
        return Choice(1, "one draw is enough")
    times = 3 if size.rows < TINY_ROWS else 2
    return Choice(times, f"{size.rows:,} rows only: the mean of {times} draws depends less on luck")
