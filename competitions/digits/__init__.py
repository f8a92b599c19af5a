"""Handwritten digits that ship with scikit-learn, written as a competition gives its files.

1,797 pictures of 8 x 8 pixels (Alpaydin and Kaynak, 1998: Optical Recognition of Handwritten
Digits, UCI repository, CC BY 4.0), as PNG files and as a table of their 64 grey values.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SCALE = 15  # grey values come as 0 to 16
TEST_SHARE = 0.2


def prepare(root: Path) -> str | None:
    """Writes the competition's files where they are not there yet; says what it did."""
    if (root / "train.csv").exists():
        return None
    temporary = root.with_name(f".{root.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        rows = _write(temporary)
        shutil.rmtree(root, ignore_errors=True)
        os.replace(temporary, root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return f"No data in {root}: wrote scikit-learn's {rows:,} handwritten digits there."


def _write(folder: Path) -> int:
    import numpy as np
    import pandas as pd
    from PIL import Image
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    values, labels = load_digits(return_X_y=True)
    ids = np.array([f"{number:04d}" for number in range(len(values))])
    (folder / "images").mkdir(parents=True)
    for name, row in zip(ids, values, strict=True):
        pixels = np.minimum(row * SCALE, 255).astype(np.uint8).reshape(8, 8)
        Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
    table = pd.DataFrame(values.astype(int), columns=[f"pixel_{r}_{c}" for r in range(8) for c in range(8)])
    table.insert(0, "id", ids)
    table.insert(1, "label", labels)
    train, test = train_test_split(np.arange(len(ids)), test_size=TEST_SHARE, stratify=labels, random_state=0)
    train, test = np.sort(train), np.sort(test)
    table.iloc[train].to_csv(folder / "train.csv", index=False)
    table.iloc[test].drop(columns="label").to_csv(folder / "test.csv", index=False)
    table.iloc[test][["id", "label"]].assign(label=0).to_csv(folder / "sample_submission.csv", index=False)
    return len(ids)
