"""Progress of long work, told to whoever watches: the command line draws it, all else stays silent."""

from __future__ import annotations


class Progress:
    """Receives news of a run. This one ignores it; `pipeline.cli` has one that draws bars."""

    def message(self, text: str) -> None:
        """A line for the person: something was decided or found."""

    def warning(self, text: str) -> None:
        """A line that the person should not miss."""

    def expect(self, fits: int, side_by_side: int = 1, each: float | None = None) -> None:
        """So many pieces of like work follow, some at a time; one took `each` seconds, if that is known."""

    def begin(self, label: str, step: int, steps: int) -> None:
        """Work on one product starts; it is number `step` of `steps` in its stage."""

    def update(self, fraction: float, text: str) -> None:
        """The work is this far (0 to 1); the text holds epoch, loss or score."""

    def end(self, text: str) -> None:
        """The work is done; the text holds its score."""
