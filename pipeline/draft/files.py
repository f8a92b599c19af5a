"""Which of a competition's files are the training table, the test table and the sample submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data.source import FolderSource, Source, open_source
from pipeline.data.tables import read_table
from pipeline.draft.classes import FolderPerClass, find_folders
from pipeline.draft.decision import Decision, words
from pipeline.draft.pictures import is_picture
from pipeline.draft.target import find_target
from pipeline.errors import DataError, PipelineError, listing

if TYPE_CHECKING:
    import pandas as pd

TABLE_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq")
SAMPLE_WORDS = {"sample", "submission", "submit", "example"}
TRAIN_WORDS = {"train", "training", "learn", "labels", "labelled", "labeled"}
TEST_WORDS = {"test", "testing", "eval", "evaluation", "holdout", "unlabelled", "unlabeled", "score"}


@dataclass(frozen=True)
class Files:
    """The three tables that a draft starts from.

    Attributes:
        train, test, sample: their names, each with the reason. `train` may be a pattern (a folder
            per class), `test` the sample itself.
        id: name of the id column.
        tables: their contents by name, ids and the sample as text.
        unread: other tables, which nothing reads.
        numbered: train or test have no id column.
    """

    train: Decision[str]
    test: Decision[str]
    sample: Decision[str]
    id: str
    tables: Mapping[str, pd.DataFrame]
    unread: list[str]
    numbered: bool
    folders: FolderPerClass | None = None

    @property
    def train_table(self) -> pd.DataFrame:
        return self.tables[self.train.value]

    @property
    def test_table(self) -> pd.DataFrame:
        return self.tables[self.test.value]

    @property
    def sample_table(self) -> pd.DataFrame:
        return self.tables[self.sample.value]


@dataclass(frozen=True)
class Asked:
    """What the person who drafts has said; None where the files are to tell."""

    train: str | None = None
    test: str | None = None
    sample: str | None = None
    target: str | None = None
    metric: str | None = None
    encoding: str = "utf-8-sig"


def open_files(root: Path, train: str | None) -> Source:
    """Opens a folder or a zip whose tables have names that are not known yet."""
    if root.is_dir() and any(is_table(path.name) for path in root.rglob("*")):
        return FolderSource(root)
    return open_source(root, train or "train.csv")


def is_table(name: str) -> bool:
    """Says whether a file's ending is one that `read_table` reads."""
    return name.lower().endswith(TABLE_ENDINGS)


def find_files(source: Source, asked: Asked) -> Files:
    """Decides which file is what, by names first and by what the tables hold.

    Raises:
        DataError: one of the three is not there; says what there is.
    """
    return _Search(source, asked).run()


@dataclass
class _Search:
    source: Source
    asked: Asked
    id: str = ""
    read: dict[str, pd.DataFrame] = field(default_factory=dict)

    def run(self) -> Files:
        names = [name for name in self.source.names() if is_table(name)]
        names = [name for name in names if not Path(name).name.startswith(".")]
        for asked in (self.asked.train, self.asked.test, self.asked.sample):
            if asked and not self.source.has(asked):
                raise self.source.missing(asked)
        names = self._readable(names)
        sample = self._sample(names)
        table = read_table(self.source, sample.value, encoding=self.asked.encoding)
        text = read_table(self.source, sample.value, tuple(table.columns), self.asked.encoding)
        self.id = _id_column(text)
        self.read[sample.value] = text
        others = [name for name in names if name != sample.value]
        test = self._test(others, sample.value)
        others = [name for name in others if name != test.value]
        train = self._train(others, test.value, sample.value)
        folders = None
        if train is None:
            folders = self._folders(sample.value, test.value)
            self.read[folders.pattern] = read_table(self.source, folders.pattern)
            train = Decision(folders.pattern, folders.reason)
        used = {train.value, test.value, sample.value}
        tables = {name: self.read[name] for name in used}
        return Files(
            train,
            test,
            sample,
            self.id,
            tables,
            unread=[name for name in others if name not in used],
            numbered=any(self.id not in tables[name].columns for name in (train.value, test.value)),
            folders=folders,
        )

    def _readable(self, names: list[str]) -> list[str]:
        """Returns the tables that can be read; one that cannot matters only if its name says so."""
        hints = SAMPLE_WORDS | TRAIN_WORDS | TEST_WORDS
        given = {self.asked.train, self.asked.test, self.asked.sample}
        readable = []
        for name in names:
            try:
                read_table(self.source, name, encoding=self.asked.encoding)
            except DataError as error:
                if _says(name, hints) or name in given or len(names) <= 3:
                    raise _with_encoding(error) from error
                continue
            readable.append(name)
        return readable

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self.read:
            self.read[name] = read_table(self.source, name, (self.id,), self.asked.encoding)
        return self.read[name]

    def _sample(self, names: list[str]) -> Decision[str]:
        if self.asked.sample:
            return Decision(self.asked.sample, "given as SAMPLE")
        names = [name for name in names if name not in {self.asked.train, self.asked.test}]
        ranks = {name: len(SAMPLE_WORDS & set(words(Path(name).name))) for name in names}
        found = sorted((name for name in ranks if ranks[name]), key=lambda name: (-ranks[name], _order(name)))
        if found:
            return Decision(found[0], _chosen("its name says so", found))
        if like := self._like_a_sample(names):
            return like
        raise DataError(
            f"{self.source.root} holds no sample submission, which says what is to be predicted and in what "
            "form: a table with sample or submission in its name, or SAMPLE=file (--sample). "
            f"It holds: {listing(sorted(self.source.names()))}."
        )

    def _like_a_sample(self, names: list[str]) -> Decision[str] | None:
        """Returns a table with the ids of another one, and a column that the other lacks but a third has."""
        tables = {name: read_table(self.source, name, encoding=self.asked.encoding) for name in names}
        for name, table in sorted(tables.items(), key=lambda item: len(item[1].columns)):
            key, answers = table.columns[0], set(table.columns[1:])
            if not table[key].is_unique or not answers:
                continue
            for other, asked in tables.items():
                if other == name or key not in asked.columns or answers & set(asked.columns):
                    continue
                if set(asked[key]) == set(table[key]) and len(asked.columns) > 1:
                    return Decision(name, f"it has the ids of {other}, and {listing(sorted(answers), most=3)}")
        return None

    def _test(self, names: list[str], sample: str) -> Decision[str]:
        if self.asked.test:
            self._table(self.asked.test)
            return Decision(self.asked.test, "given as TEST")
        wanted = set(self.read[sample][self.id])
        names = [name for name in names if name != self.asked.train]
        same = [name for name in names if self._ids(name) == wanted]
        if same:
            best = max(same, key=lambda name: (_says(name, TEST_WORDS), len(self._table(name).columns)))
            return Decision(best, f"its ids are those of {sample}")
        named = sorted((name for name in names if _says(name, TEST_WORDS)), key=_order)
        if named:
            self._table(named[0])
            return Decision(named[0], _chosen("its name says so", named))
        if any(map(is_picture, self.source.names())):
            return Decision(sample, "there is no test table; the sample names the test pictures")
        raise DataError(
            f"{self.source.root} holds no test table: none has the ids of {sample}, and none has test in its "
            f"name. Name it with TEST=file (--test). It holds: {listing(names)}."
        )

    def _train(self, names: list[str], test: str, sample: str) -> Decision[str] | None:
        """Returns the training table; None where folders of pictures may take its place."""
        if self.asked.train:
            self._table(self.asked.train)
            return Decision(self.asked.train, "given as TRAIN")
        wanted = set(self.read[sample][self.id])
        names = [name for name in names if self._ids(name) != wanted]
        targets: dict[str, str] = {}
        wrong: dict[str, PipelineError] = {}
        for name in names:
            try:
                targets[name] = ", ".join(self._target(name, test, sample))
            except DataError as error:
                wrong[name] = error
        if targets:
            best = sorted(targets, key=lambda name: (not _says(name, TRAIN_WORDS), _order(name)))
            reason = "its name says so" if _says(best[0], TRAIN_WORDS) else f"it holds {targets[best[0]]}"
            return Decision(best[0], _chosen(reason, best))
        named = [name for name in wrong if _says(name, TRAIN_WORDS)]
        if named:
            raise wrong[sorted(named, key=_order)[0]]
        if any(map(is_picture, self.source.names())):
            return None
        raise DataError(
            f"{self.source.root} holds no training table: none holds what {sample} asks for. Name it with "
            f"TRAIN=file (--train). It holds: {listing(sorted(self.source.names()))}."
        )

    def _target(self, name: str, test: str, sample: str) -> list[str]:
        table = self._table(name)
        others = [] if test == sample else list(self._table(test).columns)
        return find_target(table, others, self.read[sample], self.id, self.asked.target, name).value

    def _ids(self, name: str) -> set[str]:
        table = self._table(name)
        return set(table[self.id]) if self.id in table.columns else set()

    def _folders(self, sample: str, test: str) -> FolderPerClass:
        table = self.read[sample]
        return find_folders(self.source, self.id, list(table[self.id]), list(table.columns.drop(self.id)), test)


def _id_column(sample: pd.DataFrame) -> str:
    """The first column whose values are all different: the ids, wherever they stand."""
    different = [name for name in sample.columns if sample[name].is_unique]
    return str(different[0] if different and len(sample) > 1 else sample.columns[0])


def _order(name: str) -> tuple[int, int, str]:
    """Files at the top go before those in folders, short names before long ones."""
    return name.count("/"), len(name), name


def _says(name: str, hints: set[str]) -> bool:
    return bool(hints & set(words(Path(name).name)))


def _chosen(reason: str, found: list[str]) -> str:
    return reason if len(found) == 1 else f"{reason}; {listing(found[1:], most=3)} would fit too"
