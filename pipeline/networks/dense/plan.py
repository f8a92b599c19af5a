"""Plan of a U-Net's training: what a section leaves open, decided from the number of training pictures."""

from __future__ import annotations

import numpy as np

from pipeline.networks.dense.encoder_config import EncoderConfig

STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 4000, 5, 200
STEPS_OF_AN_EPOCH = 30  # few pictures learn in small steps: half the time for the same score
BATCHES = (2, 16)


def batch_of(config: EncoderConfig, rows: int) -> int:
    """Returns how many pictures are learned from at a step."""
    if config.batch_size != "auto":
        return min(config.batch_size, rows)
    return min(rows, int(np.clip(round(rows / STEPS_OF_AN_EPOCH), *BATCHES)))


def epochs_of(config: EncoderConfig, rows: int) -> int:
    """Returns how often the whole network sees the pictures."""
    if config.epochs != "auto":
        return config.epochs
    steps = max(1, rows // batch_of(config, rows))
    return int(np.clip(round(STEPS / steps), FEWEST_EPOCHS, MOST_EPOCHS))
