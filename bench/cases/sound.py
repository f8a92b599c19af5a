"""Clips to spectrograms against a bare loop over the same libraries; memory as the number of clips grows."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from bench.measure import least_seconds, resident
from bench.plain import sound as plain
from bench.results import Value
from pipeline.config.sound_section import SoundConfig
from pipeline.context import ignore
from pipeline.inputs.sound.clips import write_clips
from pipeline.inputs.sound.mel import mel_filters
from pipeline.inputs.sound.spectrogram import spectrograms
from pipeline.testing import write_tones

RATE, THREADS = 44_100, 2
CONFIG = SoundConfig(path="{id}.wav", sample_rate=16_000, seconds=2.0, n_mels=40)


def run(quick: bool) -> list[Value]:
    """Measures both; see docs/performance.md."""
    count, few, many = (8, 20, 60) if quick else (200, 2_000, 100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tones(folder, {f"{row:04d}": 200.0 + row for row in range(count)}, RATE, 2.0)
        held = {path.name: path.read_bytes() for path in folder.glob("*.wav")}
        write_tones(folder / "short", {"one": 500.0}, RATE, 0.1)
        held["short"] = (folder / "short" / "one.wav").read_bytes()
        names = [key for key in held if key != "short"]
        return [*_speed(folder, held, names), *_memory(folder, held, few, many)]


def _write(path: Path, held: dict[str, bytes], names: list[str], threads: int, config: SoundConfig) -> None:
    """Writes spectrograms as a run does."""
    shop: Any = SimpleNamespace(
        config=SimpleNamespace(data=SimpleNamespace(sound=config), threads=threads),
        source=SimpleNamespace(read=held.__getitem__),
        progress=SimpleNamespace(update=ignore),
    )
    shape = (config.windows, config.n_mels, config.frames)
    write_clips(path, shop, names, shape, np.uint8, partial(spectrograms, config=config))


def _speed(folder: Path, held: dict[str, bytes], names: list[str]) -> list[Value]:
    win, n_fft, hop = CONFIG.win, CONFIG.fft, CONFIG.hop
    filters = mel_filters(CONFIG.sample_rate, n_fft, CONFIG.n_mels, CONFIG.fmin, CONFIG.highest)
    asked = (CONFIG.sample_rate, win, n_fft, hop, filters, CONFIG.frames)

    def bare() -> None:
        np.save(folder / "plain.npy", plain.spectrograms(held.__getitem__, names, *asked))

    def ours(threads: int) -> None:
        _write(folder / "ours.npy", held, names, threads, CONFIG)

    ours(1)  # the first call imports
    loop, single, several = least_seconds(5, bare, lambda: ours(1), lambda: ours(THREADS))
    clips = f"clips of 2 s at {RATE:,} Hz a second"
    return [
        Value("sound.speed", loop / single, f"{clips}, one thread, against the bare loop"),
        Value("sound.threads", loop / several, f"{clips}, {THREADS} threads, against the bare loop"),
        Value("sound.clips", len(names) / single, f"{clips}, one thread", "a second"),
    ]


def _memory(folder: Path, held: dict[str, bytes], few: int, many: int) -> list[Value]:
    config = CONFIG.model_copy(update={"seconds": 0.1})
    _write(folder / "short.npy", held, ["short"] * few, THREADS, config)
    before = resident()
    _write(folder / "short.npy", held, ["short"] * many, THREADS, config)
    what = f"memory of {many:,} clips over that of {few:,}"
    return [Value("sound.growth", max(0.0, resident() - before), what, "MB")]
