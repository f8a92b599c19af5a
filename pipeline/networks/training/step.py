"""The training step where the slope is not taken at the weights and rows as they are, but nearby."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ModelError
from pipeline.networks.keras_import import leaves, load_keras

BACKEND = "tensorflow"
TINY = 1e-12  # added to lengths that divide

Tensors = list[Any]


@dataclass(frozen=True)
class StepStructure:
    """The form of a training step.

    Attributes:
        sam: length of the way uphill from which the slope is taken, or None.
        adaptive: whether that is in the measure of each weight's size.
        awp: the same by matrix, as a share of its length, or None.
        begin: the epoch from which on `awp` is there, from 1.
        adversarial: how far inputs or embeddings are moved, or None.
        share: of the moved ones in the loss.
    """

    sam: float | None = None
    adaptive: bool = False
    awp: float | None = None
    begin: int = 1
    adversarial: float | None = None
    share: float = 0.0

    @property
    def passes(self) -> int:
        """Forward and backward passes of a step."""
        return (2 if self.sam or self.awp else 1) * (2 if self.adversarial else 1)


def take_steps(
    model: Any,
    structure: StepStructure,
    floats: Callable | None = None,
    limits: tuple[float, float] | None = None,
    embeddings: Sequence[Any] = (),
) -> None:
    """Says how a compiled model takes its training steps.

    Args:
        model: the Keras model.
        structure: how.
        floats: the model from inputs that are float32, where `adversarial` moves those.
        limits: least and largest value of an input.
        embeddings: variables that it moves instead where inputs are words.

    Raises:
        ModelError: another backend than TensorFlow is asked for more than plain steps.
    """
    if structure.passes == 1:
        return
    if (backend := load_keras().backend.backend()) != BACKEND:
        raise ModelError(
            f"sam, adversarial and awp: there with KERAS_BACKEND={BACKEND} only. Received: {backend}."
        )
    model.train_step = TrainStep(model, structure, floats, limits, list(embeddings))


def begin_epoch(model: Any, number: int) -> None:
    """Tells a model's step which epoch of its phase begins, from 1."""
    if isinstance(step := getattr(model, "train_step", None), TrainStep):
        step.awake.assign(float(number >= step.structure.begin))


class TrainStep:
    """A step that looks nearby, in the place of Keras' own.

    All passes of a step draw the same dropout, and what batch normalisation learns is what the first one
    saw: the rows as they are, by the weights as they are. The loss that is told is that one's, too.

    Args: as `take_steps` has them.

    Attributes:
        awake: a variable, 1 where weights are moved in this epoch.
    """

    def __init__(
        self,
        model: Any,
        structure: StepStructure,
        floats: Callable | None,
        limits: tuple[float, float] | None,
        embeddings: list[Any],
    ) -> None:
        self.model, self.structure = model, structure
        self.floats, self.limits, self.embeddings = floats, limits, embeddings
        self.awake = load_keras().Variable(1.0, trainable=False, name="awake")

    def __call__(self, data: Any) -> dict[str, Any]:
        """Takes a step on a batch (inputs, targets, weights or None); returns its loss."""
        import tensorflow as tf

        batch = load_keras().utils.unpack_x_y_sample_weight(data)
        states, variables = self._states(), self.model.trainable_variables
        before = _copies(states)
        loss, gradients, after = self._slopes(batch, before)
        if self.structure.sam or self.structure.awp:
            ways = uphill(self.structure, _copies(variables), gradients)

            def nearby() -> Tensors:
                with self._moved(variables, ways, before):
                    return self._slopes(batch, before)[1]

            gradients = tf.cond(self.awake.value > 0.5, nearby, lambda: gradients)
        _assign(states, after)
        self.model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return {"loss": loss}

    def _slopes(self, batch: tuple, before: Tensors) -> tuple[Any, Tensors, Tensors]:
        """Returns loss, slopes by the weights where they are, and the states behind the first pass.

        With `adversarial` as Goodfellow, Shlens and Szegedy, ICLR 2015, section 6, have it; embeddings are
        moved as in Miyato, Dai and Goodfellow, ICLR 2017, equation 5, the table of a batch for its texts.
        """
        structure = self.structure
        loss, gradients, by_inputs = self._pass(batch)
        after = _copies(self._states())
        if structure.adversarial is None:
            return loss, gradients, after
        if self.floats is not None:
            _assign(self._states(), before)
            _, others, _ = self._pass((self._against(batch[0], by_inputs), *batch[1:]))
        else:
            known = {
                id(v): gradient for v, gradient in zip(self.model.trainable_variables, gradients, strict=True)
            }
            slopes = [known[id(variable)] for variable in self.embeddings]
            ways = _of_length(structure.adversarial, slopes, slopes)
            with self._moved(self.embeddings, ways, before):
                _, others, _ = self._pass(batch)
        share = structure.share
        mixed = [(1.0 - share) * own + share * other for own, other in zip(gradients, others, strict=True)]
        return loss, mixed, after

    def _pass(self, batch: tuple) -> tuple[Any, Tensors, Any]:
        """Returns the loss of a batch, and its slopes by weights and by inputs that are numbers.

        Slopes are as large as the optimiser wants them: with half precision those of a scaled loss.
        """
        import tensorflow as tf

        model, (x, y, weights) = self.model, batch
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            if self.floats is not None:
                x = tf.cast(x, tf.float32)
                tape.watch(x)
            outputs = (self.floats or model)(x, training=True)
            loss = model.compute_loss(x, y, outputs, weights, training=True)
            scaled = model.optimizer.scale_loss(loss)
        wanted = [v.value for v in variables] + ([x] if self.floats is not None else [])
        found = tape.gradient(scaled, wanted, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        found = [tf.convert_to_tensor(one) for one in found]
        return loss, found[: len(variables)], found[-1]

    def _against(self, x: Any, slopes: Any) -> Any:
        """Returns inputs moved along the signs of their slopes, each by `adversarial`."""
        import tensorflow as tf

        moved = tf.cast(x, tf.float32) + self.structure.adversarial * tf.sign(slopes)
        return moved if self.limits is None else tf.clip_by_value(moved, *self.limits)

    @contextlib.contextmanager
    def _moved(self, variables: Sequence[Any], ways: Tensors, before: Tensors) -> Iterator[None]:
        """Weights are moved within, to the bit where they were afterwards; states are those `before`."""
        kept = _copies(variables)
        _assign(variables, [own + way for own, way in zip(kept, ways, strict=True)])
        _assign(self._states(), before)
        yield
        _assign(variables, kept)

    def _states(self) -> list[Any]:
        """Returns what a pass changes: seeds of dropout, statistics of normalisations that learn."""
        known = {id(variable) for variable in self.model.weights}
        seeds = [variable for variable in self.model.variables if id(variable) not in known]
        norm = load_keras().layers.BatchNormalization
        norms = [layer for layer in leaves(self.model) if isinstance(layer, norm) and layer.trainable]
        return seeds + [variable for layer in norms for variable in layer.non_trainable_weights]


def uphill(structure: StepStructure, weights: Tensors, gradients: Tensors) -> Tensors:
    """Returns by how much each weight moves before the slope is taken.

    `sam` is equation 2 of Foret et al., "Sharpness-Aware Minimization for Efficiently Improving
    Generalization" (ICLR 2021), adaptive equation 10 of Kwon et al., "ASAM" (ICML 2021); `awp` is equation 7
    of Wu, Xia and Wang, "Adversarial Weight Perturbation Helps Robust Generalization" (NeurIPS 2020) in one
    step, of matrices and kernels alone, as their code has it.

    Args:
        structure: which, and how far.
        weights: float32 tensors.
        gradients: of the same shapes.
    """
    import tensorflow as tf

    if structure.sam is None:
        far = [structure.awp * tf.norm(weight) for weight in weights]
        ways = [_of_length(length, [slope], [slope])[0] for length, slope in zip(far, gradients, strict=True)]
        return [way if len(way.shape) > 1 else tf.zeros_like(way) for way in ways]
    if not structure.adaptive:
        return _of_length(structure.sam, gradients, gradients)
    measured = [tf.abs(weight) * slope for weight, slope in zip(weights, gradients, strict=True)]
    return _of_length(
        structure.sam, [tf.abs(weight) * one for weight, one in zip(weights, measured, strict=True)], measured
    )


def _of_length(length: Any, ways: Tensors, measured: Tensors) -> Tensors:
    """Returns ways times `length` over the length of what is measured; none where that is no number."""
    import tensorflow as tf

    whole = tf.linalg.global_norm(measured)
    factor = length / (whole + TINY)
    return [tf.where(tf.math.is_finite(whole), factor * way, tf.zeros_like(way)) for way in ways]


def _copies(variables: Sequence[Any]) -> Tensors:
    import tensorflow as tf

    return [tf.identity(variable.value) for variable in variables]


def _assign(variables: Sequence[Any], values: Tensors) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
