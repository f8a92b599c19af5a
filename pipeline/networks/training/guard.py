"""Training that fails: what a person may do about a loss that is no number, and where memory runs out."""

from __future__ import annotations

from pipeline.errors import ModelError
from pipeline.networks.training.trainer import Trainer, Values

LESS_MEMORY = "Halve `batch_size`, take a smaller `size` or backbone, or set `mixed_precision: true` on a GPU"
NOT_A_NUMBER = (
    "Try a smaller `learning_rate` (a tenth), `clip: 1.0`, a longer `warmup`, or `mixed_precision: false`."
)


def guarded(
    trainer: Trainer,
    unit: str = "pictures",
    advice: str = LESS_MEMORY,
) -> list[Values]:
    """Weights found by training, as `Trainer.train` returns them; says what to do where memory runs out."""
    try:
        return trainer.train()
    except Exception as error:
        text = str(error)
        if any(word in text for word in ("RESOURCE_EXHAUSTED", "OOM when", "out of memory")):
            raise ModelError(f"Out of memory with {trainer.batches.size} {unit} a step. {advice}.") from error
        raise
