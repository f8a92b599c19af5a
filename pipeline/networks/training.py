"""One phase of training: epochs, averages of weights, early stopping, progress that survives."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.batches import Batches
from pipeline.networks.checkpoint import Checkpoint, Groups
from pipeline.networks.keras_import import to_numpy
from pipeline.networks.schedule import SWA_START, Schedule

SECONDS_BETWEEN_REPORTS = 2.0

Values = list[np.ndarray]


@dataclass(frozen=True)
class Phase:
    """What is trained for how long.

    Attributes:
        name: "head" or "network".
        epochs: how many.
        schedule: the rate at every step.
        averaging: none, ema or swa.
        cycles: cosine cycles; the weights at the end of each are kept.
        patience: epochs without a better score before it stops, or None.
        share: fractions of the whole fit at which the phase begins and ends.
    """

    name: str
    epochs: int
    schedule: Schedule
    averaging: str = "none"
    cycles: int = 1
    patience: int | None = None
    share: tuple[float, float] = (0.0, 1.0)


@dataclass
class EpochNews:
    """How far a phase has come."""

    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    averaged: int = 0
    kept: Groups = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The epoch with the best score, from 1; 0 where nothing was scored."""
        return int(np.argmin(self.scores)) + 1 if self.scores else 0


class Trainer:
    """Trains a compiled Keras model.

    Args:
        model: compiled; its weights and optimiser are at their beginning.
        phase: what to do.
        batches: what to learn from.
        report: as in `Context`.
        checkpoint: where progress is kept.
        judge: returns what early stopping wants to be small, of the model as it is.
        watch: called with the fraction of the whole fit that is done, after each epoch.
    """

    def __init__(
        self,
        model: Any,
        phase: Phase,
        batches: Batches,
        report: Callable[[float, str], None],
        checkpoint: Checkpoint,
        judge: Callable[[], float] | None = None,
        watch: Callable[[float], None] | None = None,
    ) -> None:
        self.model, self.phase, self.batches = model, phase, batches
        self.report, self.checkpoint, self.judge, self.watch = report, checkpoint, judge, watch
        self.progress = EpochNews()

    def take_up(self, facts: dict[str, Any], groups: Groups) -> None:
        """Goes back to a saved state of this phase."""
        for name, variables in self._variables().items():
            for variable, value in zip(variables, groups.pop(name), strict=True):
                variable.assign(value)
        known = {key: facts[key] for key in ("epoch", "losses", "scores", "averaged")}
        self.progress = EpochNews(**known, kept=groups)

    def train(self) -> list[Values]:
        """Trains to the end and returns the weights found: one set, or one per snapshot.

        Raises:
            ModelError: the loss became NaN or infinite.
        """
        while self.progress.epoch < self.phase.epochs and not self._stopped():
            self._epoch()
            self._keep()
            self.progress.epoch += 1
            self._save()
            self._say(self.progress.epoch, self.progress.losses[-1])
            if self.watch:
                self.watch(self._fraction(self.progress.epoch))
        return self._result()

    def _epoch(self) -> None:
        epoch, steps = self.progress.epoch, len(self.batches)
        total, said = 0.0, time.monotonic()
        for step, (inputs, targets, weights) in enumerate(self.batches.epoch(epoch)):
            self.model.optimizer.learning_rate = self.phase.schedule.rate(epoch * steps + step)
            loss = float(np.asarray(self.model.train_on_batch(inputs, targets, weights)).ravel()[0])
            if not math.isfinite(loss):
                raise ModelError(
                    f"The loss became {loss} in epoch {epoch + 1}, step {step + 1} of {steps}. Try a smaller "
                    "`learning_rate` (a tenth), `clip: 1.0`, a longer `warmup`, or `mixed_precision: false`."
                )
            total += loss
            if time.monotonic() - said > SECONDS_BETWEEN_REPORTS:
                said = time.monotonic()
                self._say(epoch + (step + 1) / steps, total / (step + 1))
        self.progress.losses.append(total / steps)

    def _keep(self) -> None:
        """Keeps weights at the end of an epoch, where the phase asks for it."""
        phase, progress, done = self.phase, self.progress, self.progress.epoch + 1
        if self.judge and phase.patience:
            score = self.judge()
            if not progress.scores or score < min(progress.scores):
                progress.kept["best"] = self.model.get_weights()
            progress.scores.append(score)
        if phase.averaging == "swa" and (done > SWA_START * phase.epochs or done == phase.epochs):
            old = progress.kept.get("mean", self.model.get_weights())
            progress.averaged += 1
            share = 1.0 / progress.averaged
            progress.kept["mean"] = [
                (mean + share * (new - mean)).astype(mean.dtype)
                for mean, new in zip(old, self.model.get_weights(), strict=True)
            ]
        cycle = len([name for name in progress.kept if name.startswith("snapshot")]) + 1
        if phase.cycles > 1 and done >= round(cycle * phase.epochs / phase.cycles):
            progress.kept[f"snapshot {cycle}"] = self.model.get_weights()

    def _stopped(self) -> bool:
        """Whether the score has not become better for `patience` epochs."""
        progress, patience = self.progress, self.phase.patience
        return bool(patience and len(progress.scores) - progress.best_epoch >= patience)

    def _result(self) -> list[Values]:
        kept = self.progress.kept
        if self.phase.averaging == "ema" and self.phase.epochs:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        if self.phase.cycles > 1:
            return [kept[name] for name in kept if name.startswith("snapshot")]
        for name in ("best", "mean"):
            if name in kept:
                return [kept[name]]
        return [self.model.get_weights()]

    def _variables(self) -> dict[str, list[Any]]:
        return {"model": self.model.variables, "optimizer": self.model.optimizer.variables}

    def _save(self) -> None:
        if self.checkpoint.path is None:
            return
        progress = self.progress
        now = {name: [to_numpy(v) for v in variables] for name, variables in self._variables().items()}
        facts = {
            "phase": self.phase.name,
            "epoch": progress.epoch,
            "losses": progress.losses,
            "scores": progress.scores,
            "averaged": progress.averaged,
        }
        self.checkpoint.write(facts, {**now, **progress.kept}, must=progress.epoch == self.phase.epochs)

    def _say(self, epoch: float, loss: float) -> None:
        text = f"{self.phase.name}: epoch {math.ceil(epoch)}/{self.phase.epochs} loss {loss:.4g}"
        if self.progress.scores and epoch == int(epoch):
            text += f" inner {self.progress.scores[-1]:.4g}"
        self.report(self._fraction(epoch), text)

    def _fraction(self, epoch: float) -> float:
        """Returns how much of the whole fit is done after that many epochs of this phase."""
        begin, end = self.phase.share
        return begin + (end - begin) * epoch / self.phase.epochs
