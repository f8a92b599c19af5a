"""Memory and time of reading a large table and drawing its folds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from bench.cases.startup import command
from bench.child import in_child
from bench.measure import MB
from bench.results import Value

COLUMNS = 50
ROWS_AT_ONCE = 200_000
CONFIG = """\
competition: large
data: {id: id, target: kind, train: train.parquet, test: test.parquet}
metric: log_loss
folds: {kind: stratified, n: 5}
models:
  lgbm: {kind: lightgbm}
"""


def run(quick: bool) -> list[Value]:
    """Reads a large table and a tiny one; see docs/performance.md."""
    rows = 20_000 if quick else 5_000_000
    base, large = (in_child(__name__, "fold", rows=count) for count in (1_000, rows))
    table = rows * COLUMNS * np.dtype(np.float32).itemsize / MB
    what = f"{rows:,} x {COLUMNS} float32 from Parquet, folds drawn"
    values = [
        Value("large_table.peak", (large["own"] - base["own"]) / table, f"{what}: peak in tables"),
        Value("large_table.own", large["own"], "its peak memory", "MB"),
        Value("large_table.table", table, "the table itself", "MB"),
        Value("large_table.seconds", large["seconds"], "its time", "s"),
    ]
    return values


def fold(rows: int) -> dict[str, float]:
    """Returns seconds and most memory of the command `folds` on a generated table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configs").mkdir()
        (folder / "configs" / "large.yaml").write_text(CONFIG, encoding="utf-8")
        write_large(folder / "data" / "large", rows)
        done = command(folder, "folds", "large")
    return {"seconds": done.seconds, "own": done.own}


def write_large(root: Path, rows: int) -> None:
    """Writes the tables as Parquet, a part at a time, and a sample submission."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    root.mkdir(parents=True)
    rng, test_rows, names = np.random.default_rng(0), 1_000, [f"number_{place}" for place in range(COLUMNS)]

    def part(start: int, count: int) -> pd.DataFrame:
        table = pd.DataFrame(rng.random((count, COLUMNS), np.float32), columns=names)
        table.insert(0, "id", np.arange(start, start + count))
        return table

    test = part(rows, test_rows)
    test.to_parquet(root / "test.parquet", index=False)
    sample = pd.DataFrame({"id": test["id"], "no": 0.5, "yes": 0.5})
    sample.to_csv(root / "sample_submission.csv", index=False)
    writer = None
    for start in range(0, rows, ROWS_AT_ONCE):
        table = part(start, min(ROWS_AT_ONCE, rows - start))
        table["kind"] = np.where(rng.random(len(table)) < 0.5, "yes", "no")
        chunk = pa.Table.from_pandas(table, preserve_index=False)
        writer = writer or pq.ParquetWriter(root / "train.parquet", chunk.schema, use_dictionary=["kind"])
        writer.write_table(chunk)
    if writer:
        writer.close()
