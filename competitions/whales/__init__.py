"""Right whales: which whale is it? With the real competition's files, or a generated sample."""

from __future__ import annotations

from pathlib import Path


def prepare(root: Path) -> str:
    """Draws the sample where there is no data, and says what it did.

    Args:
        root: where the competition's files are looked for: a folder or a zip.

    Raises:
        DataError: `root` is a folder with files, but without a train.csv or a zip.
    """
    if (root / "train.csv").is_file() or any(root.glob("*.zip")):
        return f"{root}: data found."
    if root.is_file() or root.with_name(f"{root.name}.zip").is_file():
        return f"{root}: a zip found."
    from competitions.whales.sample import DAYS, PICTURES, WHALES, write_sample

    write_sample(root)
    return (
        f"No data in {root}: drew a sample of {PICTURES} pictures of {WHALES} whales on {DAYS} days "
        "(generated, not the real competition)."
    )
