"""Optimisers: made once per network, set back to their beginning for every fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.networks.keras_import import to_numpy
from pipeline.networks.structure import OptimizerStructure

EMA_MOMENTUM = 0.99
NO_DECAY = ["bias", "gamma", "beta"]


def make_optimizer(keras: Any, structure: OptimizerStructure, factors: Mapping[str, Any]) -> Any:
    """Returns an optimiser of rate 0; the rate is set before every step.

    Args:
        keras: the module.
        structure: kind and constants.
        factors: factor of the rate by a variable's path, a number or a variable; 1 where it is not named.
    """
    kinds = {"adamw": keras.optimizers.AdamW, "adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    kind = kinds[structure.kind]
    if any(not isinstance(factor, float) or factor != 1.0 for factor in factors.values()):
        if keras.backend.backend() == "torch":
            raise ModelError("layer_decay: the torch backend updates all layers at once. Set it to 1.")
        kind = _with_factors(kind, factors)
    own: dict[str, Any] = {"weight_decay": structure.weight_decay or None}
    if structure.kind == "sgd":
        own |= {"momentum": structure.momentum, "nesterov": structure.momentum > 0}
    elif structure.kind == "adamw":
        own["weight_decay"] = structure.weight_decay  # it refuses None
    optimizer = kind(
        learning_rate=0.0,
        global_clipnorm=structure.clip,
        use_ema=structure.ema,
        ema_momentum=EMA_MOMENTUM,
        gradient_accumulation_steps=structure.accumulate if structure.accumulate > 1 else None,
        **own,
    )
    if structure.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=NO_DECAY)
    return optimizer


def _with_factors(kind: Any, factors: Mapping[str, Any]) -> Any:
    class WithFactors(kind):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            known = self._trainable_variables[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * factors.get(known.path, 1.0))

    return WithFactors


def reset_optimizer(optimizer: Any, scalars: Mapping[str, Any]) -> None:
    """Sets counters and loss scale back to `scalars`, moments and averages to zero."""
    for variable in optimizer.variables:
        begin = scalars.get(variable.path)
        variable.assign(np.zeros(variable.shape, variable.dtype) if begin is None else begin)


def scalars_of(optimizer: Any) -> dict[str, Any]:
    """Returns the values of an optimiser's scalar variables by path."""
    return {v.path: to_numpy(v) for v in optimizer.variables if len(v.shape) == 0}
