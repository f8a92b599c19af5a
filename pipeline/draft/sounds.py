"""Sound of the rows: where the clips lie, how long they are, and the windows that suit them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.sound_section import SoundConfig
from pipeline.data.source import Source
from pipeline.draft.row_files import RowFiles, files_of, find_row_files
from pipeline.errors import DataError
from pipeline.inputs.sound.decoding import clip_length, fetch_clip
from pipeline.inputs.sound.statistics import statistic_names

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au"}
MEASURED = 400  # training clips whose length is read
HIGHEST_RATE = 22_050  # samples per second above which little is heard that tells things apart
LONGEST = 3.0  # seconds of a window
SHORTEST = 0.25
MOST_WINDOWS = 5  # of a clip
MOST_PICTURES = 20_000  # windows of all training clips: more of them take fewer epochs, not more time
FRAMES = 64  # per window that are aimed at
SHORTEST_HOP, LONGEST_HOP = 0.008, 0.032  # seconds
BANDS = 40
TRIM = 25.0  # decibels below the loudest at which a clip begins and ends


def is_clip(name: str) -> bool:
    """Says whether a file's ending is one of sound."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


@dataclass(frozen=True)
class ClipFiles:
    """Patterns of the clips' files, and what suits their lengths and rates.

    Attributes:
        files: the patterns.
        settings: keys of `data.sound` beside them.
        reason: what the settings rest on.
        broken: how many of the clips that were looked at cannot be read.
    """

    files: RowFiles
    settings: dict[str, Any]
    reason: str
    broken: int = 0

    @property
    def section(self) -> dict[str, Any]:
        """The section `data.sound`."""
        own = {"test_path": self.files.test.value} if self.files.test else {}
        broken = {"broken": "leave_out"} if self.broken else {}
        return {"path": self.files.train.value, **own, **self.settings, **broken}

    @property
    def config(self) -> SoundConfig:
        return SoundConfig(**self.section)

    @property
    def columns(self) -> int:
        """Number of statistics that models of tables read."""
        return len(statistic_names(self.config))


def find_clips(
    source: Source, train: pd.DataFrame, test: pd.DataFrame, key: str, pattern: str | None = None
) -> ClipFiles | None:
    """Returns where the rows' clips lie, or None where no column names clips.

    Args:
        source: the competition's files.
        train: training table.
        test: test table.
        key: the id column, which is tried first.
        pattern: of the training clips, where it is known already.

    Raises:
        DataError: none of the clips that are measured can be read.
    """
    files = [name for name in source.names() if is_clip(name)]
    found = find_row_files(files, train, test, key, "clip", pattern) if files else None
    if found is None:
        return None
    own = files_of(found.train.value, train, files)
    lengths, rates, broken = _measured(source, own)
    settings, reason = window_settings(lengths, rates, len(train))
    return ClipFiles(found, settings, reason, broken)


def window_settings(lengths: np.ndarray, rates: Sequence[int], rows: int) -> tuple[dict[str, Any], str]:
    """Returns the keys of `data.sound` that suit clips, and what they rest on.

    Args:
        lengths: seconds of each clip.
        rates: samples per second of each.
        rows: of the training table.
    """
    usual = Counter(rates).most_common(1)[0][0]
    median, long = (float(np.quantile(lengths, share)) for share in (0.5, 0.95))
    seconds = float(np.clip(round(long, 2), SHORTEST, LONGEST))
    fitting = min(MOST_WINDOWS, max(1, MOST_PICTURES // max(1, rows)))
    windows = int(np.clip(np.ceil(median / seconds), 1, fitting)) if long > LONGEST else 1
    rate = min(int(usual), HIGHEST_RATE)
    hop = float(np.clip(seconds / FRAMES, SHORTEST_HOP, LONGEST_HOP))
    settings: dict[str, Any] = {
        "sample_rate": rate,
        "seconds": seconds,
        "hop_length": max(1, round(hop * rate)),
        "trim": TRIM,
        "n_mels": BANDS,
    }
    if windows > 1:
        settings["windows"] = windows
    return settings, f"clips of {median:.3g} s (median) to {lengths.max():.3g} s at {usual:,} Hz"


def _measured(source: Source, names: Sequence[str]) -> tuple[np.ndarray, list[int], int]:
    """Returns the seconds and the rates of clips, and how many cannot be read."""
    chosen = [names[place] for place in np.unique(np.linspace(0, len(names) - 1, MEASURED).astype(int))]
    lengths, rates, failed = [], [], ""
    for name in chosen:
        try:
            samples, rate = clip_length(fetch_clip(source.read, name), name)
        except DataError as error:
            failed = str(error)
            continue
        if samples and rate:
            lengths.append(samples / rate)
            rates.append(rate)
    if not lengths:
        raise DataError(failed or f"None of the {len(chosen)} clips that were looked at holds a sample.")
    return np.array(lengths), rates, len(chosen) - len(lengths)
