"""The command that trains one model on what an ensemble says."""

from __future__ import annotations

import argparse
import json
from copy import copy

from rich.console import Console

from pipeline.commands.options import asked_run
from pipeline.commands.packaging import submitted_run
from pipeline.config.schema import ModelConfig
from pipeline.console import ConsoleProgress
from pipeline.errors import ConfigError, ModelError, did_you_mean, listing
from pipeline.package.distilled import Setting, choose, compare
from pipeline.run.run import Run
from pipeline.stages.blend import submitted_blend

SHARES = (0.0, 0.3, 0.6)  # of what is taught, tried where none is asked for
TEMPERATURES = (1.0, 2.0)  # of classes' probabilities; the same


def distil(options: argparse.Namespace, console: Console) -> int:
    """Trains one model on what the submission's ensemble says, and compares the two."""
    name = options.model
    with ConsoleProgress(console) as progress:
        known = asked_run(options, progress).config.models
        if name not in known:
            near = did_you_mean(name, known)
            raise ConfigError(f"--model: no model {name!r}.{near} Known: {listing(known)}.")
        submitted = submitted_run(copy(options), progress)
        submitted.refuse_untrained()
        blend = submitted_blend(submitted)
        if blend is None:
            raise ModelError(f"There is no submission of this configuration: make train COMP={options.name}.")
        outside = submitted.config.ensemble.outside
        teachers = [one for one in dict.fromkeys(blend.models) if one != name and one not in outside]
        found = {}
        for setting in _settings(options, submitted.competition.task.exclusive):
            said = _lesson(known[name], setting, teachers)
            alone = asked_run(_alone(options, submitted, name, known[name], said), progress)
            with alone.plan.store.exclusive(progress.message):
                found[setting] = compare(submitted, blend, alone, name)
    choice = choose(found)
    best = choice.setting
    for line in [*found[best].lines(), *(choice.lines(found) if len(found) > 1 else ())]:
        console.print(line, markup=False)
    if best.share == 0:
        console.print("Labels alone teach it best here: leave `distil` out.")
        return 0
    words = json.dumps(_lesson(known[name], best, teachers))
    member = f"`models.{name}: {{distil: {words}}}`, `ensemble: {{members: [{name}]}}`"
    console.print(f"To hand it in: {member}, then make train and make package", markup=False)
    return 0


def _alone(
    options: argparse.Namespace, submitted: Run, name: str, section: ModelConfig, said: dict
) -> argparse.Namespace:
    """Returns the options of a run whose only member is the model, beside the submission's models."""
    asked = copy(options)
    asked.only, asked.no_tuned = name, True
    models = {key: _said(one) for key, one in submitted.config.models.items() if key != name}
    asked.set = [
        *options.set,
        f"models={json.dumps(models)}",
        f"models.{name}={json.dumps({**_said(section), 'enabled': True, 'distil': said})}",
        f"folds={json.dumps(submitted.config.folds.model_dump(mode='json'))}",
        f"ensemble={json.dumps({'members': [name]})}",
    ]
    return asked


def _settings(options: argparse.Namespace, softens: bool) -> list[Setting]:
    """Returns the settings that are tried: one temperature is enough where nothing is taught.

    Args:
        options: of the command line: a share, a temperature, or neither.
        softens: whether a temperature changes anything: of the probabilities of classes.
    """
    shares = (options.share,) if options.share is not None else SHARES
    softer = (None,) if not softens else TEMPERATURES
    temperatures = (options.temperature,) if options.temperature is not None else softer
    if options.share is not None and options.temperature is None:
        temperatures = (None,)
    return [
        Setting(share, temperature)
        for share in shares
        for temperature in (temperatures if share else temperatures[:1])
    ]


def _lesson(section: ModelConfig, setting: Setting, teachers: list[str]) -> dict:
    """Returns what the model is to learn from: what its section says, and over it the command line.

    Raises:
        ModelError: nobody teaches.
    """
    said = section.distil.model_dump(exclude_defaults=True) if section.distil else {"of": teachers}
    if not said["of"]:
        raise ModelError("Nobody teaches: the submission's ensemble has no other model.")
    share, temperature = setting
    return said | {"share": share} | ({} if temperature is None else {"temperature": temperature})


def _said(section: ModelConfig) -> dict:
    return {"kind": section.kind, **section.model_dump(mode="json", exclude_defaults=True)}
