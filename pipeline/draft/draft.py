"""A draft: the configuration of a competition, and a line on each decision."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.load import CONFIGS, load_config
from pipeline.config.schema import Config, DataConfig
from pipeline.draft.cost import Machine
from pipeline.draft.files import BY_NAME, Asked, open_files
from pipeline.draft.findings import Findings, Surroundings, find_out
from pipeline.draft.text import ConfigText, scalar
from pipeline.errors import ConfigError, DataError, listing
from pipeline.networks.weights_file import keras_home
from pipeline.store import write_atomically

MOST_THREADS = 16


@dataclass(frozen=True)
class Draft:
    """A configuration that has been read back and fits its data.

    Attributes:
        name: of the competition.
        text: the YAML.
        lines: one a decision.
    """

    name: str
    text: str
    lines: list[str]

    def write(self, folder: Path = CONFIGS, force: bool = False) -> Path:
        """Writes `configs/NAME.yaml`.

        Raises:
            ConfigError: it is there already, and `force` does not allow to replace it.
        """
        path = config_path(self.name, folder, force)
        write_atomically(path, self.text.encode())
        return path


def config_path(name: str, folder: Path = CONFIGS, force: bool = False) -> Path:
    """Returns where the configuration goes; refuses a name that is none, or one that is taken."""
    pattern = Config.model_fields["competition"].metadata[0].pattern
    if not re.fullmatch(pattern, name):
        raise ConfigError(f"A competition's name must match {pattern}. Received: {name!r}.")
    path = folder / f"{name}.yaml"
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already; it is replaced only with --force (ARGS=--force).")
    return path


def this_machine() -> Surroundings:
    """Returns what this machine offers."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return Surroundings(Machine(threads=max(1, min(MOST_THREADS, count))), keras_home())


def make_draft(name: str, root: Path | None, asked: Asked, around: Surroundings) -> Draft:
    """Looks at a competition's files and drafts its configuration.

    Args:
        name: of the competition.
        root: folder or zip; None: `data/NAME`.
        asked: what the person says; all else is decided.
        around: machine and weights.

    Raises:
        PipelineError: the files do not hold a competition; says what is missing or wrong.
    """
    usual = Path("data") / name
    place = root or usual
    source = open_files(place, asked.train)
    found = find_out(name, source, asked, around)
    data = found.data if place == usual else {"root": str(place), **found.data}
    text = str(_yaml(name, place, data, found))
    _check(name, text, data)
    return Draft(name, text, _lines(found))


def _check(name: str, text: str, data: dict) -> None:
    """Reads the text back as `make train` will; the data has been read by the same section already."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        config = load_config(path)
    if config.data != DataConfig(**data):
        raise DataError(
            f"The draft does not say what was decided: {config.data} is not {DataConfig(**data)}."
        )


def _yaml(name: str, place: Path, data: dict, found: Findings) -> ConfigText:
    text = ConfigText()
    rows, test_rows = len(found.competition.ids), len(found.competition.test_ids)
    text.comment(
        f"Drafted by `make new` from {place}: {rows:,} training rows, {test_rows:,} test rows. Change what "
        f"you know better: `make train COMP={name}` redoes only what depends on it."
    )
    text.key("competition", name)
    text.key("metric", found.metric.value, reason=found.metric.reason)
    if found.threads != 2:
        text.key("threads", found.threads, reason="of the machine that drafted this")
    text.key("data")
    reasons = _data_reasons(found)
    for key, value in data.items():
        reason = reasons.get(key, "")
        text.key(key, value, depth=1, reason="" if reason == BY_NAME else reason)
    for line in found.competition.lines():
        text.comment(line, depth=1)
    if found.files.unread:
        text.comment(f"not read: {listing(found.files.unread)}", depth=1)
    text.comment(_folds_reason(found))
    text.key("folds", found.folds)
    if found.features:
        text.key("features")
        for name, section in found.features.items():
            reason = "how texts are written: lengths, capitals, punctuation, for boosting"
            text.key(name, section, depth=1, reason=found.codes.reasons.get(name, reason))
    text.key("models")
    for chosen in found.models:
        text.key(chosen.name, chosen.section, depth=1, reason=chosen.reason)
    for line in found.not_worth:
        text.comment(f"left out: {line}", depth=1)
    return text


def _data_reasons(found: Findings) -> dict[str, str]:
    """Returns key of the `data` section -> why."""
    files = found.files
    reasons = {
        "train": files.train.reason,
        "test": files.test.reason,
        "sample": files.sample.reason,
        "target": found.target.reason,
        "task": "files hold the answers" if files.answers else "the cells of the target hold it so",
        "answers": "they have the names and sizes of the training pictures",
        "classes": files.classes.reason if files.classes else "",
        "number_rows": "a table has no id column",
        "see_id": "the id is a time: hour, weekday, month and the like are columns",
        "encoding": "given as ENCODING",
        "missing_targets": "given as --missing-targets",
        "columns": found.codes.reasons.get("columns", ""),
        "tables": "; ".join(f"{name}: {choice.reason}" for name, choice in files.sides.items()),
        "drop": "; ".join(f"{name}: {reason}" for name, reason in list(found.useless.items())[:8]),
    }
    return reasons | found.seen.reasons


def _folds_reason(found: Findings) -> str:
    reasons = [found.n.reason] if found.n.reason else []
    if found.repeats.value > 1:
        reasons = [found.repeats.reason]
    for key, decision in (("time", found.split.time), ("group", found.split.group)):
        if decision:
            reasons.append(f"{key}: {decision.reason}")
    return "; ".join(reasons)


def _lines(found: Findings) -> list[str]:
    """Returns one short line a decision."""
    files, task = found.files, found.competition.task
    asked = f"the sample asks for a {found.competition.answer.kind}"
    lines = [
        f"train   {files.train.value}: {files.train.reason}",
        f"test    {files.test.value}: {files.test.reason}",
        f"sample  {files.sample.value}: {files.sample.reason}",
        f"id      {files.id}" + (" (a table lacks it: rows are numbered)" if files.numbered else ""),
        f"target  {listing(found.target.value)}: {found.target.reason}",
        f"task    {task.kind}: {listing(task.outputs, most=4)}; {asked}",
        f"metric  {found.metric.value}: {found.metric.reason}",
    ]
    reasons = _data_reasons(found)
    for key in ("images", "test_images", "sound", "arrays", "see_id", "tables", "drop"):
        if key in found.data:
            lines.append(f"{key:<7} {scalar(found.data[key])}: {reasons[key]}")
    if files.unread:
        lines.append(f"unread  {listing(files.unread)}")
    lines += [f"read    {line}" for line in found.competition.lines()]
    lines += [f"codes   {reason}" for reason in found.codes.reasons.values()]
    lines.append(f"folds   {scalar(found.folds)}: {_folds_reason(found)}")
    lines += [f"model   {chosen.name}: {chosen.reason}" for chosen in found.models]
    lines += [f"without {line}" for line in found.not_worth]
    return lines
