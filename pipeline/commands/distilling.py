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
from pipeline.package.distilled import compare
from pipeline.stages.blend import submitted_blend


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
        said = _lesson(known[name], options, teachers)
        models = {key: section for key, section in submitted.config.models.items() if key != name}
        asked = copy(options)
        asked.only, asked.no_tuned = name, True
        asked.set = [
            *options.set,
            f"models={json.dumps({key: _said(section) for key, section in models.items()})}",
            f"models.{name}={json.dumps({**_said(known[name]), 'enabled': True, 'distil': said})}",
            f"folds={json.dumps(submitted.config.folds.model_dump(mode='json'))}",
            f"ensemble={json.dumps({'members': [name]})}",
        ]
        alone = asked_run(asked, progress)
        with alone.plan.store.exclusive(progress.message):
            found = compare(submitted, blend, alone, name)
    for line in found.lines():
        console.print(line, markup=False)
    console.print(f"To hand it in: `models.{name}: {{distil: {json.dumps(said)}}}`, ", markup=False, end="")
    console.print(f"`ensemble: {{members: [{name}]}}`, then make train and make package", markup=False)
    return 0


def _lesson(section: ModelConfig, options: argparse.Namespace, teachers: list[str]) -> dict:
    """Returns what the model is to learn from: what its section says, and over it the command line."""
    said = section.distil.model_dump(exclude_defaults=True) if section.distil else {"of": teachers}
    if not said["of"]:
        raise ModelError("Nobody teaches: the submission's ensemble has no other model.")
    given = {"share": options.share, "temperature": options.temperature}
    return said | {key: value for key, value in given.items() if value is not None}


def _said(section: ModelConfig) -> dict:
    return {"kind": section.kind, **section.model_dump(mode="json", exclude_defaults=True)}
