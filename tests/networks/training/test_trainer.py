"""The loop by itself: a model that counts its steps stands in for a network, and a step is a second."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.clock import Clock
from pipeline.context import ignore
from pipeline.errors import ModelError
from pipeline.networks.training.batches import Arrays, Batches
from pipeline.networks.training.checkpoint import Checkpoint
from pipeline.networks.training.phase import Phase
from pipeline.networks.training.schedule import Schedule
from pipeline.networks.training.trainer import Trainer

STEPS = 4  # of an epoch


class Counting:
    """Its only weight is the number of steps that it has taken; `losses` says what they cost."""

    def __init__(self, losses=()):
        self.optimizer = SimpleNamespace(learning_rate=None)
        self.losses, self.steps, self.rates = dict(losses), 0, []

    def train_on_batch(self, inputs, targets, weights):
        self.steps += 1
        self.rates.append(self.optimizer.learning_rate)
        return self.losses.get(self.steps, 1.0 / self.steps)

    def get_weights(self):
        return [np.array(float(self.steps))]


@pytest.fixture
def trained(monkeypatch):
    """Returns a function that trains, and returns the steps behind the found weights and the trainer."""

    def train(model=None, epochs=5, scores=None, schedule=None, report=ignore, until=math.inf, **phase):
        model = model or Counting()
        monkeypatch.setattr(Clock, "now", staticmethod(lambda: float(model.steps)))
        batches = Batches(Arrays(np.zeros((STEPS, 1)), np.zeros(STEPS)), STEPS, 1, seed=0)
        told = iter(scores or ())
        trainer = Trainer(
            model,
            Phase("network", epochs, schedule or Schedule(0.1, epochs * STEPS, "constant", 0.0), **phase),
            batches,
            report,
            Checkpoint(None, ""),
            judge=(lambda: next(told)) if scores else None,
            until=until,
            advice="Try less.",
        )
        return [int(weights[0]) for weights in trainer.train()], trainer

    return train


def test_without_a_limit_every_epoch_is_trained(trained):
    found, trainer = trained()
    assert found == [5 * STEPS]
    assert trainer.progress.epoch == 5
    assert trainer.progress.losses[0] == pytest.approx(np.mean([1, 1 / 2, 1 / 3, 1 / 4]))


def test_time_that_ends_within_an_epoch_leaves_the_best_whole_one(trained):
    found, trainer = trained(scores=[3.0, 2.0, 2.5, 1.0], patience=9, until=3 * STEPS + 2.0)
    assert trainer.model.steps == 3 * STEPS + 2
    assert found == [2 * STEPS]
    assert (trainer.progress.epoch, trainer.progress.best_epoch) == (3, 2)


def test_time_that_ends_with_an_epoch_counts_it(trained):
    found, trainer = trained(scores=[3.0, 2.0, 1.0], patience=9, until=2.0 * STEPS)
    assert found == [2 * STEPS]
    assert trainer.progress.epoch == 2


@pytest.mark.parametrize("scores", [None, [1.0]])
@pytest.mark.parametrize(("until", "steps"), [(3.0, 3), (-1.0, 1)], ids=["some", "none"])
def test_without_a_whole_epoch_the_weights_are_as_they_are(trained, until, steps, scores):
    found, trainer = trained(scores=scores, patience=9, until=until)
    assert found == [steps]
    assert trainer.progress.epoch == 0
    assert len(trainer.progress.losses) == 1


def test_time_leaves_the_snapshots_and_the_mean_that_there_are(trained):
    assert trained(epochs=6, cycles=3, until=5.0 * STEPS)[0] == [2 * STEPS, 4 * STEPS]
    assert trained(epochs=6, cycles=3, until=1.0 * STEPS)[0] == [STEPS]
    assert trained(epochs=8, averaging="swa", until=8 * STEPS - 1.0)[0] == [(6 + 7) * STEPS // 2]


def test_weights_are_averaged_from_where_the_rate_stays_where_time_runs_out_first(trained):
    """Of the whole epochs after three quarters of the time, however many epochs were wanted."""
    schedule = Schedule(1.0, 100 * STEPS, averaged=True, warmup=0.0)
    found, trainer = trained(epochs=100, schedule=schedule, averaging="swa", until=8.0 * STEPS)
    assert trainer.progress.averaged == 2
    assert found == [(7 + 8) * STEPS // 2]
    assert trainer.model.rates[-STEPS:] == [0.5] * STEPS
    assert trained(epochs=8, averaging="swa")[0] == [(7 + 8) * STEPS // 2]


def test_without_a_better_score_it_stops_and_goes_back_to_the_best(trained):
    found, trainer = trained(epochs=9, scores=[3.0, 1.0, 2.0, 1.5, 0.5], patience=2)
    assert found == [2 * STEPS]
    assert trainer.progress.epoch == 4


def test_the_rate_falls_with_the_time_where_that_runs_out_first(trained):
    schedule = Schedule(1.0, 10 * STEPS, warmup=0.0)
    _, short = trained(epochs=10, schedule=schedule, until=2.0 * STEPS)
    assert len(short.model.rates) == 2 * STEPS
    assert short.model.rates[0] > 0.99
    assert short.model.rates[-1] < 0.05
    assert np.all(np.diff(short.model.rates) < 0)
    _, whole = trained(epochs=10, schedule=schedule, until=1e9)
    assert whole.model.rates == [schedule.rate(step) for step in range(10 * STEPS)]


def test_a_score_that_is_no_number_is_never_the_best(trained):
    assert trained(scores=[math.nan, 3.0, math.inf, 2.0, 4.0], patience=9)[0] == [4 * STEPS]
    with pytest.raises(ModelError, match=r"number after no epoch. Try less\.$"):
        trained(scores=[math.nan, math.inf], patience=9, epochs=2)


def test_a_loss_that_is_no_number_ends_it_with_its_place_and_the_advice(trained):
    with pytest.raises(ModelError, match=r"became nan in epoch 2, step 3 of 4\. Try less\.$"):
        trained(Counting({STEPS + 3: math.nan}))


def test_every_step_has_the_rate_of_the_schedule(trained):
    schedule = Schedule(1.0, 2 * STEPS)
    _, trainer = trained(epochs=2, schedule=schedule)
    assert trainer.model.rates == [schedule.rate(step) for step in range(2 * STEPS)]


def test_what_is_reported_rises_over_the_share_of_the_phase(trained):
    said = []
    trained(epochs=4, report=lambda fraction, text: said.append((fraction, text)), share=(0.2, 1.0))
    fractions, texts = zip(*said, strict=True)
    np.testing.assert_allclose(fractions, [0.4, 0.6, 0.8, 1.0])
    assert [text.split(" loss")[0] for text in texts] == [f"network: epoch {n}/4" for n in (1, 2, 3, 4)]
