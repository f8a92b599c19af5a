"""Decisions of a draft, in the order in which one rests on another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.metric import metric_name
from pipeline.config.schema import Config, DataConfig, FoldsConfig
from pipeline.data.columns import as_text, guess_kind
from pipeline.data.competition import Competition, read_competition
from pipeline.data.file_pattern import FilePattern
from pipeline.data.folds import make_folds
from pipeline.data.sample_columns import answer_columns
from pipeline.data.source import Source
from pipeline.data.tables import Tables
from pipeline.draft.choice import Choice, Chosen
from pipeline.draft.codes import Codes, find_codes
from pipeline.draft.cost import Machine
from pipeline.draft.data import data_section, read_as_drafted
from pipeline.draft.drawn import Drawn, find_drawn
from pipeline.draft.file_search import find_files
from pipeline.draft.files import Asked, Files, not_read, unnamed
from pipeline.draft.folds import choose_n, choose_repeats
from pipeline.draft.forecast import Forecast, find_forecast, read_by_season, series_of, with_past
from pipeline.draft.leave_out import find_useless
from pipeline.draft.metric import Question, given_metric, likely_metric
from pipeline.draft.models import NOTHING, choose_models
from pipeline.draft.network import TINY
from pipeline.draft.seen import Seen, find_seen
from pipeline.draft.series_trial import series_gain
from pipeline.draft.side_tables import find_side_tables
from pipeline.draft.size import size_of
from pipeline.draft.split import Split, find_split
from pipeline.draft.target import find_target, told_task
from pipeline.draft.trial import TableReading, Trials
from pipeline.draft.weights import usable_weights
from pipeline.errors import DataError, listing
from pipeline.models.size import Size
from pipeline.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Surroundings:
    """Machine and weights that a draft takes into account beside the competition's files.

    Attributes:
        machine: what will train.
        home: Keras' folder, where ImageNet weights may lie.
        fetching: whether weights can be downloaded; None: find out, where it matters.
    """

    machine: Machine
    home: Path
    fetching: bool | None = None


@dataclass(frozen=True)
class Findings:
    """The decisions of a draft.

    Attributes:
        files: which file is what.
        target: column(s).
        metric: given or likely.
        seen: pictures, sound or arrays of the rows.
        split: how the test rows were set apart.
        useless: column -> why it is left out.
        data: the `data` section, without `root`.
        competition: what the pipeline reads by these decisions.
        n: number of folds.
        repeats: how often they are drawn.
        models: in the order of the YAML.
        not_worth: a line on what was left out: models, pictures that no column names.
        threads: of this machine.
        texts: columns that are text.
        codes: integers that are codes, and what is made of categories.
    """

    files: Files
    target: Choice[list[str]]
    metric: Choice[str]
    seen: Seen
    split: Split
    useless: dict[str, str]
    data: dict[str, Any]
    competition: Competition
    n: Choice[int]
    repeats: Choice[int]
    models: list[Chosen]
    not_worth: list[str]
    threads: int
    texts: tuple[str, ...] = ()
    codes: Codes = field(default_factory=Codes)

    @property
    def folds(self) -> dict[str, Any]:
        """The `folds` section."""
        repeats = {"repeats": self.repeats.value} if self.repeats.value > 1 else {}
        return {"n": self.n.value, **repeats, **self.split.section}

    @property
    def features(self) -> dict[str, Any]:
        """The `features` section: pairs of categories, and how each text is written.

        The latter for models that read a few of its words only.
        """
        if self.competition.task.dense:
            return {}
        taken = set(self.files.train_table.columns)
        names = {text: f"{text}_style" for text in self.texts}
        styles = {name: {"style": text} for text, name in names.items() if name not in taken}
        return {**styles, **self.codes.features}


def find_out(name: str, source: Source, asked: Asked, around: Surroundings) -> Findings:
    """Looks at a competition's files and decides.

    Raises:
        PipelineError: the files do not hold a competition; says what is missing or wrong.
    """
    files = find_files(source, asked)
    key = files.id
    asking = files.test_table if files.test.value != files.sample.value else files.sample_table[[key]]
    target = find_target(
        files.train_table, list(asking.columns), files.sample_table, key, asked.target, files.train.value
    )
    sides = find_side_tables(source, files, target.value, asked.encoding)
    files = replace(files, unread=[name for name in files.unread if name not in sides], sides=sides)
    tables = read_as_drafted(source, data_section(files, target.value, {}, [], asked))
    train, test = tables.train, tables.test
    task = told_task(files, target.value, asked.metric)
    metric = _metric(asked, tables, task)
    seen = find_seen(source, files, train, test, target.value)
    free = _free_columns(train, key, target.value, seen.patterns)
    split = find_split(train, test, key, free, files.long_tables)
    both = [column for column in free if column in test.columns and column not in split.section.values()]
    forecast = find_forecast(train, test, split.time.value, both) if split.time else None
    split = replace(split, ahead=forecast.ahead) if forecast else split
    useless = find_useless(train, test, both)
    data = data_section(files, target.value, seen.section, list(useless), asked)
    if not files.numbered and guess_kind(train[key]) == "date":
        data["see_id"] = True
    config = _config(name, metric.value, data, split)
    competition = read_competition(source, config, tables=tables)
    codes, idle = _tried(competition, seen, source, config, forecast, around.machine.threads)
    seen = Seen() if idle else seen
    if codes.kinds or idle:
        data = {**data, "columns": dict(codes.kinds)} if codes.kinds else data
        data = {key: value for key, value in data.items() if key != "arrays" or not idle}
        competition = read_competition(source, config.model_copy(update={"data": DataConfig(**data)}))
    n, repeats = _folds(competition, split, seen.shown, forecast)
    drawn = find_drawn(source, files.unread, competition) if seen.picture else NOTHING
    read = {*drawn.files, *seen.tables}
    files = replace(files, unread=[name for name in files.unread if name not in read])
    fits = n.value * repeats.value
    models, not_worth = _models(competition, seen, fits, metric.value, around, drawn, not_read(source))
    return Findings(
        files=files,
        target=target,
        metric=metric,
        seen=seen,
        split=split,
        useless=useless,
        data=data,
        competition=competition,
        n=n,
        repeats=repeats,
        models=models,
        not_worth=[*idle, *([] if seen.any else unnamed(source)), *not_worth],
        threads=around.machine.threads,
        texts=size_of(competition, seen.picture).texts,
        codes=codes,
    )


def _metric(asked: Asked, tables: Tables, task: type[Task] | None) -> Choice[str]:
    """Returns the metric that was given, once it is known to exist, or the likely one."""
    import pandas as pd

    if asked.metric:
        return given_metric(asked.metric, task)
    if task:
        cells = [as_text(tables.sample[name]).tolist() for name in tables.sample.columns if name != tables.id]
        return Choice(*task.usual([cell for column in cells for cell in column]))
    sample, targets = tables.sample, list(tables.targets)
    answers = list(answer_columns(sample, tables.id, targets, tables.test.columns))
    plain = {name: tables.reading.form(name).plain(tables.train[name]) for name in targets}
    truth = pd.DataFrame({name: as_text(column) for name, column in plain.items()}, dtype=str)
    cells = sample[answers[0]].unique().tolist() if answers else []
    return likely_metric(Question(targets, truth, answers, cells))


def _free_columns(train: pd.DataFrame, key: str, targets: list[str], patterns: list[str]) -> list[str]:
    """Returns the training columns that are neither id nor target nor name of a file."""
    named = {field for pattern in patterns for field in FilePattern(pattern).fields}
    return [str(name) for name in train.columns if name not in {key, *targets, *named}]


def _config(name: str, metric: str, data: dict[str, Any], split: Split) -> Config:
    """Returns the configuration as far as the data are read by it."""
    folds = FoldsConfig(**split.section)
    return Config(competition=name, metric=metric, models={}, data=DataConfig(**data), folds=folds)


def _tried(
    competition: Competition,
    seen: Seen,
    source: Source,
    config: Config,
    forecast: Forecast | None,
    threads: int,
) -> tuple[Codes, list[str]]:
    """Returns how the table is best read, as far as folds of the training rows can tell.

    Beside it a line on series of a long table that say no more than the table, aggregates of it included;
    none where they are worth reading.
    """
    size = size_of(competition, seen.picture)
    if competition.train is None or not size.columns:
        return Codes(), []
    series = series_of(competition.train, forecast) if forecast else None
    trials = Trials(competition, competition.train, metric_name(config.metric), config.folds, threads, series)
    codes = _codes(trials, size, forecast)
    if seen.arrays is None or not seen.tables:
        return codes, []
    reading = TableReading(codes.kinds, codes.features)
    gained = series_gain(trials, reading, seen.size(competition), source, config.data)
    if gained == "":
        return codes, [f"series of {listing(seen.tables)}: statistics gain nothing sure beside the table"]
    return codes, []


def _codes(trials: Trials, size: Size, forecast: Forecast | None) -> Codes:
    if forecast is None or not trials.affordable(size, size.columns):
        return find_codes(trials, size)
    codes = find_codes(trials, size, read_by_season(forecast, trials), forecast.series)
    return with_past(forecast, trials, codes) if trials.competition.task.n_outputs == 1 else codes


def _folds(
    competition: Competition, split: Split, picture: tuple[int, int] | None, forecast: Forecast | None
) -> tuple[Choice[int], Choice[int]]:
    """Returns the number of folds and of draws, once such folds have been drawn."""
    groups = len(set(competition.splitter.tolist())) if competition.splitter is not None else None
    size = size_of(competition, picture)
    n = forecast.n if forecast else choose_n(size, groups if split.group else None, split.time is not None)
    repeats = choose_repeats(size, ordered=split.time is not None)
    folds = FoldsConfig(n=n.value, repeats=repeats.value, **split.section)
    make_folds(folds, competition.task, competition.target, competition.splitter)
    return n, repeats


def _models(
    competition: Competition,
    seen: Seen,
    fits: int,
    metric: str,
    around: Surroundings,
    drawn: Drawn,
    unread: str,
) -> tuple[list[Chosen], list[str]]:
    large = seen.picture is not None and max(drawn.crop or seen.picture) > TINY
    weights = usable_weights(around.home, around.fetching) if large else []
    chosen, left_out = choose_models(seen.size(competition), fits, metric, around.machine, weights, drawn)
    chosen = seen.models(chosen, competition, fits, metric, around.machine)
    if not chosen:
        raise DataError(
            "There is nothing to learn from: train and test share no column beside the id that varies, and "
            f"no pictures go with their rows.{unread}"
        )
    return chosen, left_out
