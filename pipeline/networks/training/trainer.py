"""One phase of training: epochs, averages of weights, early stopping, progress that survives."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pipeline.clock import Clock
from pipeline.errors import ModelError
from pipeline.networks.keras_import import to_numpy
from pipeline.networks.training.batches import Batch, Batches
from pipeline.networks.training.checkpoint import Checkpoint, Groups
from pipeline.networks.training.phase import EpochNews, Phase, curve
from pipeline.networks.training.schedule import SWA_START
from pipeline.networks.training.step import begin_epoch

SECONDS_BETWEEN_REPORTS = 2.0

Values = list[np.ndarray]


class Trainer:
    """Trains a compiled Keras model, whatever it looks at.

    Args:
        model: compiled, its optimiser built; both are at their beginning.
        phase: what to do.
        batches: what to learn from.
        report: as in `Context`.
        checkpoint: where progress is kept.
        judge: returns what early stopping wants to be small, of the model as it is.
        watch: called with the fraction of the whole fit that is done, after each epoch.
        until: when the time of the phase is over, by `Clock.now`: within an epoch too, but never
            before the first step. What is kept by then is the result.
        advice: what to do where a loss is not a number; ends the error's text.
        before: how the phases before this one went, as `curve` says it.
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
        until: float = math.inf,
        advice: str = "",
        before: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.model, self.phase, self.batches = model, phase, batches
        self.report, self.checkpoint, self.judge, self.watch = report, checkpoint, judge, watch
        self.until, self.advice, self.before = until, advice, list(before)
        self.progress = EpochNews()
        self._rate: float | None = None  # as it was last set
        self._begun: float | None = None  # when the first step was taken

    def resume(self) -> None:
        """Goes on from where the checkpoint has this phase; stays at its beginning where it has not."""
        saved = self.checkpoint.read()
        if saved and saved[0]["phase"] == self.phase.name:
            self._take_up(*saved)

    def _take_up(self, facts: dict[str, Any], groups: Groups) -> None:
        for name, variables in self._variables().items():
            for variable, value in zip(variables, groups.pop(name), strict=True):
                variable.assign(value)
        known = {key: facts[key] for key in ("epoch", "losses", "scores", "averaged")}
        self.progress = EpochNews(**known, rates=facts.get("rates", []), kept=groups)
        self.before = facts.get("before", self.before)

    def train(self) -> list[Values]:
        """Trains to the end and returns the weights found: one set, or one per snapshot.

        Where the time is over before, these are the best, the mean or the snapshots of the whole
        epochs, and the weights as they are where none is kept yet.

        Raises:
            ModelError: the loss became NaN or infinite, or no epoch's score is a number.
        """
        while self.progress.epoch < self.phase.epochs and not self._stopped():
            if not self._epoch():
                break
            self._keep()
            self.progress.epoch += 1
            self._save()
            self._say(self.progress.epoch, self.progress.losses[-1])
            if self.watch:
                self.watch(self._fraction(self.progress.epoch))
            if self._late():
                break
        return self._result()

    def history(self) -> list[dict[str, Any]]:
        """Returns how this phase and those before it went, as `curve` says it."""
        progress, phase = self.progress, self.phase
        late = progress.epoch < phase.epochs and not self._stopped() and self._late()
        curves = (progress.losses, progress.scores, progress.rates)
        own = curve(phase.name, "epoch", phase.epochs, *curves, chosen=progress.best_epoch, late=late)
        return [*self.before, own]

    def notes(self) -> dict[str, Any]:
        """Returns what a fit notes of its training: epochs, loss, curves; what inner rows said, if any."""
        progress = self.progress
        found = {"epochs": progress.epoch, "loss": round(progress.losses[-1], 5), "history": self.history()}
        if progress.scores:
            found |= {"best_epoch": progress.best_epoch, "inner_score": round(progress.best_score, 5)}
        return found

    def _epoch(self) -> bool:
        """Takes a step per batch; returns whether there was time for all of them."""
        epoch, steps = self.progress.epoch, len(self.batches)
        total, said = 0.0, time.monotonic()
        begin_epoch(self.model, epoch + 1)
        for done, batch in enumerate(self.batches.epoch(epoch), start=1):
            total += self._step(batch, epoch * steps + done - 1)
            if done < steps and self._late():
                break
            if time.monotonic() - said > SECONDS_BETWEEN_REPORTS:
                said = time.monotonic()
                self._say(epoch + done / steps, total / done)
        self.progress.losses.append(total / done)
        self.progress.rates.append(self._rate or 0.0)
        return done == steps

    def _step(self, batch: Batch, step: int) -> float:
        """Takes a step, counted from 0 over all epochs; returns its loss."""
        rate = self.phase.schedule.rate(self._place(step))
        if rate != self._rate:  # a variable on the device: not set for nothing
            self.model.optimizer.learning_rate = self._rate = rate
        loss = float(np.asarray(self.model.train_on_batch(*batch)).ravel()[0])
        if not math.isfinite(loss):
            epoch, place = divmod(step, len(self.batches))
            raise ModelError(
                f"The loss became {loss} in epoch {epoch + 1}, step {place + 1} of {len(self.batches)}. "
                f"{self.advice}".rstrip()
            )
        return loss

    def _place(self, step: int) -> int:
        """Returns the step of the schedule: a later one where the time runs out faster than the steps.

        So the rate has fallen when the time is over (Li, Yumer and Ramanan, "Budgeted Training", ICLR
        2020: what schedules have in common is that they are spread over the budget).
        """
        schedule, used = self.phase.schedule, self._time_used()
        if math.isinf(self.until) or schedule.kind == "constant":
            return step
        return min(max(step, int(used * schedule.steps)), schedule.steps - 1)

    def _time_used(self) -> float:
        """Returns the share of the time from the first step on that is over; 0 without an end."""
        if math.isinf(self.until):
            return 0.0
        now = Clock.now()
        if self._begun is None:
            self._begun = now
        return (now - self._begun) / max(self.until - self._begun, 1e-9)

    def _late(self) -> bool:
        return Clock.now() >= self.until

    def _keep(self) -> None:
        """Keeps weights at the end of an epoch, where the phase asks for it."""
        phase, progress, done = self.phase, self.progress, self.progress.epoch + 1
        if self.judge and phase.patience:
            score = self.judge()
            score = score if math.isfinite(score) else math.inf  # NaN would pass for the best
            if score < progress.best_score:
                progress.kept["best"] = self.model.get_weights()
            progress.scores.append(score)
        far = max(done / phase.epochs, self._time_used())
        if phase.averaging == "swa" and (far > SWA_START or done == phase.epochs):
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
        if self.progress.scores and "best" not in kept:
            raise ModelError(f"The inner rows' loss was a number after no epoch. {self.advice}".rstrip())
        if self.phase.averaging == "ema" and self.phase.epochs:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
        snapshots = [kept[name] for name in kept if name.startswith("snapshot")]
        if snapshots:
            return snapshots
        for name in ("best", "mean"):
            if name in kept:
                return [kept[name]]
        return [self.model.get_weights()]

    def _variables(self) -> dict[str, list[Any]]:
        return {"model": self.model.variables, "optimizer": self.model.optimizer.variables}

    def _save(self) -> None:
        progress = self.progress
        must = progress.epoch == self.phase.epochs
        if not self.checkpoint.due(must):
            return
        now = {name: [to_numpy(v) for v in variables] for name, variables in self._variables().items()}
        facts = {
            "phase": self.phase.name,
            "epochs": self.phase.epochs,
            "epoch": progress.epoch,
            "losses": progress.losses,
            "scores": progress.scores,
            "averaged": progress.averaged,
            "rates": progress.rates,
            "before": self.before,
        }
        self.checkpoint.write(facts, {**now, **progress.kept}, must)

    def _say(self, epoch: float, loss: float) -> None:
        text = f"{self.phase.name}: epoch {math.ceil(epoch)}/{self.phase.epochs} loss {loss:.4g}"
        if self.progress.scores and epoch == int(epoch):
            text += f" inner {self.progress.scores[-1]:.4g}"
        self.report(self._fraction(epoch), text)

    def _fraction(self, epoch: float) -> float:
        """Returns how much of the whole fit is done after that many epochs of this phase."""
        begin, end = self.phase.share
        return begin + (end - begin) * epoch / self.phase.epochs
