"""A search space: which keys of a model's section may take which values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from pipeline.config.schema import ModelConfig
from pipeline.errors import did_you_mean, listing

KINDS = ("int", "float", "choice")
OPTIONS = ("log", "step", "when")

Messages = list[tuple[str, str]]  # (name of the parameter, what is wrong)


@dataclass(frozen=True)
class Parameter:
    """One key that may be changed.

    Attributes:
        name: as the space calls it.
        key: dotted key of the model's section.
        kind: int, float or choice.
        low, high: the smallest and the largest value, both possible (int and float).
        step: distance of neighbouring values, or None.
        log: whether equal ratios are equally likely, not equal differences.
        choices: the possible values (choice).
        when: other parameter's name -> values of it for which this one exists; {}: it always does.
    """

    name: str
    key: str
    kind: Literal["int", "float", "choice"]
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def edges(self) -> list[Any]:
        """Returns the values at which a mistake would show."""
        return list(self.choices) if self.kind == "choice" else [self.low, self.high]


@dataclass(frozen=True)
class Space:
    """Parameters, each after those on which it depends."""

    parameters: tuple[Parameter, ...]

    def apply(self, section: ModelConfig, values: Mapping[str, Any]) -> ModelConfig:
        """Returns the section with the values, given by parameter name.

        Raises:
            ValidationError: pydantic's; a value is not accepted.
        """
        said = section.model_dump(exclude_defaults=True) | {"kind": section.kind}
        for key, value in flat_keys(self, values).items():
            put(said, key, value)
        return type(section).model_validate(said)

    def nested(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the values as the keys of a YAML section."""
        tree: dict[str, Any] = {}
        for key, value in flat_keys(self, values).items():
            put(tree, key, value)
        return tree


def flat_keys(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns dotted key -> value of those parameters that have one."""
    return {p.key: values[p.name] for p in space.parameters if p.name in values}


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Sets a dotted key; the sections above it are copied, never shared."""
    first, _, rest = key.partition(".")
    if rest:
        inner = dict(tree.get(first) or {})
        put(inner, rest, value)
        value = inner
    tree[first] = value


def parse_space(specs: Mapping[str, Any], section: ModelConfig) -> tuple[Space, Messages]:
    """Returns the space that the YAML describes, and everything that is wrong with it.

    Args:
        specs: parameter -> `{int: [low, high]}`, `{float: [low, high]}` or `{choice: [...]}`, with
            `log: true`, `step: ...` and `when: {other parameter: value or values}` where wanted.
        section: the model that is searched.
    """
    parameters: dict[str, Parameter] = {}
    messages: Messages = []
    for name, spec in specs.items():
        parameter, wrong = _parse(name, spec, section)
        messages += [(name, text) for text in wrong]
        if parameter:
            same = [other for other, one in parameters.items() if one.key == parameter.key]
            messages += [
                (name, f"and {other!r} are both the key `{parameter.key}`; keep one.") for other in same
            ]
            parameters[name] = parameter
    messages += _when_messages(parameters, specs)
    graph = {name: [other for other in p.when if other in parameters] for name, p in parameters.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return Space(()), [
            *messages,
            (error.args[1][0], "`when` goes in a circle: " + " -> ".join(error.args[1])),
        ]
    return Space(tuple(parameters[name] for name in order)), messages


def _parse(name: str, spec: Any, section: ModelConfig) -> tuple[Parameter | None, list[str]]:
    """Returns one parameter, or None and why there is none."""
    form = "one of {int: [low, high]}, {float: [low, high]}, {choice: [...]}"
    if not isinstance(spec, dict) or len(kinds := [key for key in spec if key in KINDS]) != 1:
        return None, [f"must be {form}. Received: {spec!r}."]
    unknown = [key for key in spec if key not in (*KINDS, *OPTIONS)]
    wrong = [
        f"unknown key {key!r}.{did_you_mean(key, (*KINDS, *OPTIONS))} Known: {listing((*KINDS, *OPTIONS))}."
        for key in unknown
    ]
    kind, when = kinds[0], spec.get("when", {})
    if not isinstance(when, dict):
        wrong.append(f"`when` must be {{parameter: value}} or {{parameter: [values]}}. Received: {when!r}.")
        when = {}
    facts: dict[str, Any] = {
        "name": name,
        "key": section.key_of(name),
        "kind": kind,
        "when": {
            key: tuple(values if isinstance(values, list) else [values]) for key, values in when.items()
        },
    }
    if kind == "choice":
        wrong += _choice_messages(spec)
        facts["choices"] = tuple(spec["choice"]) if not wrong else ()
    else:
        wrong += _range_messages(spec, kind)
        if not wrong:
            low, high = (int(v) if kind == "int" else float(v) for v in spec[kind])
            facts |= {"low": low, "high": high, "log": spec.get("log", False), "step": spec.get("step")}
    return (None if wrong else Parameter(**facts)), wrong


def _choice_messages(spec: Mapping[str, Any]) -> list[str]:
    wrong, choices = [], spec["choice"]
    if not isinstance(choices, list) or not choices:
        wrong.append(f"`choice` must be a list of at least one value. Received: {choices!r}.")
    elif len({json.dumps(value, sort_keys=True) for value in choices}) < len(choices):
        wrong.append(f"`choice` holds a value twice: {choices!r}.")
    wrong += [f"`{key}` does not go with `choice`." for key in ("log", "step") if key in spec]
    return wrong


def _range_messages(spec: Mapping[str, Any], kind: str) -> list[str]:
    edges, log, step = spec[kind], spec.get("log", False), spec.get("step")
    numbers = (int,) if kind == "int" else (int, float)
    word = "whole numbers" if kind == "int" else "numbers"
    if (
        not isinstance(edges, list)
        or len(edges) != 2
        or any(isinstance(v, bool) or not isinstance(v, numbers) or not math.isfinite(v) for v in edges)
    ):
        return [f"`{kind}` must be two {word}, [low, high]. Received: {edges!r}."]
    wrong = []
    if not isinstance(log, bool):
        wrong.append(f"`log` must be true or false. Received: {log!r}.")
    if edges[0] >= edges[1]:
        wrong.append(f"`{kind}`: low must be below high. Received: {edges!r}.")
    if log and edges[0] <= 0:
        wrong.append(f"`log: true` needs a low above 0. Received: {edges!r}.")
    if step is not None:
        if isinstance(step, bool) or not isinstance(step, numbers) or step <= 0:
            wrong.append(f"`step` must be a number above 0. Received: {step!r}.")
        if log:
            wrong.append("`step` does not go with `log: true`.")
    return wrong


def _when_messages(parameters: Mapping[str, Parameter], specs: Mapping[str, Any]) -> Messages:
    """Checks that conditions speak of parameters of the space and of values that they can take."""
    wrong = []
    for name, parameter in parameters.items():
        for other, values in parameter.when.items():
            if other not in specs:
                near = did_you_mean(other, specs)
                wrong.append((name, f"`when`: {other!r} is no parameter of this space.{near}"))
            elif other in parameters and parameters[other].kind != "choice":
                wrong.append((name, f"`when`: {other!r} must be a `choice` to be a condition."))
            elif other in parameters:
                choices = parameters[other].choices
                strange = [value for value in values if value not in choices]
                if strange or not values:
                    text = f"`when`: {other!r} cannot be {listing(map(repr, strange))}. Its choices:"
                    wrong.append((name, f"{text} {listing(map(repr, choices))}."))
    return wrong


def value_messages(space: Space, section: ModelConfig) -> Messages:
    """Tries every edge of every parameter in the section, as if the YAML had said it.

    Returns:
        What the section says against a value, unless it says the same without it.
    """
    from pydantic import ValidationError

    from pipeline.config.problems import explain

    wrong: Messages = []
    usual = set(section.problems("it"))
    by_name = {parameter.name: parameter for parameter in space.parameters}
    for parameter in space.parameters:
        conditions = _conditions(parameter, by_name)
        for edge in parameter.edges():
            try:
                tried = space.apply(section, {**conditions, parameter.name: edge})
            except ValidationError as error:
                wrong += [(parameter.name, text) for _, text in explain(error, type(section))]
                break
            if texts := [text for text in tried.problems("it") if text not in usual]:
                shown = [text.replace("`it.", "`").replace("it.", "") for text in texts]
                wrong += [(parameter.name, text) for text in shown]
                break
    return wrong


def _conditions(parameter: Parameter, by_name: Mapping[str, Parameter]) -> dict[str, Any]:
    """Returns values of other parameters under which this one exists."""
    found: dict[str, Any] = {}
    for other, values in parameter.when.items():
        if other in by_name and values:
            found |= _conditions(by_name[other], by_name) | {other: values[0]}
    return found
