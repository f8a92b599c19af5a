"""Search for the training table, the test table and the sample submission among a competition's files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.data_section import DataConfig
from pipeline.data.answer_files import answer_names
from pipeline.data.mask_files import mask_cells
from pipeline.data.sample_columns import UNNAMED, answer_columns, counts_rows
from pipeline.data.sample_file import read_sample
from pipeline.data.source import Source
from pipeline.data.table_file import TableFile
from pipeline.data.tables import read_table
from pipeline.draft.choice import Choice, words
from pipeline.draft.class_masks import find_classes
from pipeline.draft.classes import FolderPerClass, find_folders
from pipeline.draft.files import BY_NAME, Asked, Files, is_row_file, is_table, not_read
from pipeline.draft.long_tables import find_long_tables, repeats_ids
from pipeline.draft.masks import MaskFiles, find_masks
from pipeline.draft.pairs import Pairs, find_pairs
from pipeline.draft.row_tables import Places, crowds, of_rows, singles, values_of
from pipeline.draft.table_names import SAMPLE_WORDS, TEST_WORDS, TRAIN_WORDS, chosen, order, says
from pipeline.draft.target import find_target
from pipeline.errors import DataError, PipelineError, listing
from pipeline.inputs.images.names import is_picture

if TYPE_CHECKING:
    import pandas as pd


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
    row_tables: frozenset[str] = frozenset()

    def run(self) -> Files:
        names = [name for name in self.source.names() if is_table(name)]
        names = [name for name in names if not Path(name).name.startswith(".")]
        places = crowds(names)
        crowd = {name for place, files in places.items() if place[0] for name in files}
        everything, names = names, [name for name in names if name not in crowd] or names
        for asked in (self.asked.train, self.asked.test, self.asked.sample):
            if asked and not self.source.has(asked):
                raise self.source.missing(asked)
        sample = self._sample(names)
        if pairs := find_pairs(self.source, sample.value, self.asked.encoding):
            return self._paired(pairs, sample, names)
        text = self._read(sample.value, tuple(self._read(sample.value).columns))
        self.id = self._id(text, [name for name in names if name != sample.value])
        self.read[sample.value] = text
        self.row_tables = self._of_rows(places, everything, names)
        names = [name for name in everything if name not in self.row_tables]
        others = [name for name in names if name != sample.value and self._reads(name)]
        classes = find_classes(text, self.id, map(self._table, others))
        if classes:
            column = [classes.value]  # it is no answer
            self.read = {name: one.drop(columns=column, errors="ignore") for name, one in self.read.items()}
        test = self._test(others, sample.value)
        others = [name for name in others if name != test.value]
        found = find_masks(self.source, self.id, list(text[self.id]))
        masks = ""
        try:
            train = self._train(others, test.value, sample.value)
        except DataError:
            if found is None or self.asked.train:
                raise
            train = None  # its table lacks the target
        if train is None and found:
            train, masks = self._masks(found, text), found.masks
        if train is None:
            folders = self._folders(sample.value)
            self.read[folders.pattern] = self._read(folders.pattern)
            train = Choice(folders.pattern, folders.reason)
        used = {train.value, test.value, sample.value}
        tables = {name: self.read[name] for name in used}
        unread = [name for name in others if name not in used]
        return Files(
            train,
            test,
            sample,
            self.id,
            tables,
            unread=unread,
            numbered=any(self.id not in tables[name].columns for name in (train.value, test.value)),
            masks=masks,
            row_tables=tuple(sorted(self.row_tables)),
            long_tables=find_long_tables(
                {name: self.read[name] for name in unread},
                self.id,
                *(self._ids(name) for name in (train.value, test.value)),
            ),
            classes=classes,
        )

    def _of_rows(self, places: Places, everything: list[str], names: list[str]) -> frozenset[str]:
        """Returns the tables that are of a row each, by the values of the others' columns."""
        single = singles(places, names)
        tables = [self._table(name) for name in single if self._reads(name)]
        return of_rows(places, everything, values_of(tables)) - set(single)

    def _read(self, name: str, text: tuple[str, ...] = ()) -> pd.DataFrame:
        try:
            return read_table(self.source, name, text, DataConfig(encoding=self.asked.encoding))
        except DataError as error:
            if "`data.encoding`" in str(error):
                raise DataError(f"{error} For a draft: ENCODING=latin-1 (--encoding).") from error
            raise

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self.read:
            self.read[name] = self._read(name, (self.id,))
        return self.read[name]

    def _reads(self, name: str) -> bool:
        """Says whether a table can be read; one that cannot is an error where its name says it matters."""
        try:
            self._table(name)
        except DataError:
            if name in {self.asked.train, self.asked.test} or says(name, TRAIN_WORDS | TEST_WORDS):
                raise
            return False
        return True

    def _id(self, sample: pd.DataFrame, others: list[str]) -> str:
        """Returns the sample's id column: whose values all differ, and that another table holds too."""
        different = [str(name) for name in sample.columns if sample[name].is_unique and len(sample) > 1]
        first = different[0] if different else str(sample.columns[0])
        if len(different) < 2 or not (UNNAMED.fullmatch(first) or counts_rows(sample[first])):
            return first
        held = dict.fromkeys(different, 0.0)  # the first may be an index
        for name in others:
            try:
                table = self._read(name, tuple(different))
            except DataError:
                continue  # whether it matters is known once it is known what it is
            for column in set(different) & set(table.columns):
                held[column] = max(held[column], float(sample[column].isin(set(table[column])).mean()))
        return max(different, key=lambda name: (not UNNAMED.fullmatch(name), held[name]))

    def _sample(self, names: list[str]) -> Choice[str]:
        if self.asked.sample:
            return Choice(self.asked.sample, "given as SAMPLE")
        names = [name for name in names if name not in {self.asked.train, self.asked.test}]
        ranks = {name: len(SAMPLE_WORDS & set(words(Path(name).name))) for name in names}
        found = sorted((name for name in ranks if ranks[name]), key=lambda name: (-ranks[name], order(name)))
        if found:
            return Choice(found[0], chosen(BY_NAME, found))
        if like := self._like_a_sample(names):
            return like
        raise DataError(
            f"{self.source.root} holds no sample submission, which says what is to be predicted and in what "
            "form: a table with sample or submission in its name, or SAMPLE=file (--sample). "
            f"It holds: {listing(sorted(self.source.names()))}.{not_read(self.source)}"
        )

    def _like_a_sample(self, names: list[str]) -> Choice[str] | None:
        """Returns a table with the ids of another one and columns that the other lacks."""
        tables = {name: self._read(name) for name in names}
        for name, table in sorted(tables.items(), key=lambda item: len(item[1].columns)):
            key, answers = table.columns[0], set(table.columns[1:])
            if not table[key].is_unique or not answers:
                continue
            for other, asked in tables.items():
                if other == name or key not in asked.columns or answers & set(asked.columns):
                    continue
                if set(asked[key]) == set(table[key]) and len(asked.columns) > 1:
                    return Choice(name, f"it has the ids of {other}, and {listing(sorted(answers), most=3)}")
        return None

    def _test(self, names: list[str], sample: str) -> Choice[str]:
        if self.asked.test:
            self._table(self.asked.test)
            return Choice(self.asked.test, "given as TEST")
        wanted = set(self.read[sample][self.id])
        names = [name for name in names if name != self.asked.train]
        series = self._series(names, sample)
        names = [name for name in names if name not in series]
        same = [name for name in names if self._ids(name) == wanted]
        if same:
            answers = set(self.read[sample].columns) - {self.id}
            best = max(sorted(same, key=order), key=lambda name: self._test_rank(name, answers))
            return Choice(best, f"its ids are those of {sample}")
        named = sorted((name for name in names if says(name, TEST_WORDS)), key=order)
        if named:
            self._table(named[0])
            return Choice(named[0], chosen(BY_NAME, named))
        if series or self._row_files():
            shown = any(map(is_picture, self.source.names()))
            said = f"the sample names the test {'pictures' if shown else 'rows'}"
            return Choice(sample, f"there is no test table; {said}")
        raise DataError(
            f"{self.source.root} holds no test table: none has the ids of {sample}, and none has test in its "
            f"name. Name it with TEST=file (--test). It holds: {listing(names)}.{not_read(self.source)}"
        )

    def _test_rank(self, name: str, answers: set[str]) -> tuple[bool, bool, int]:
        """Ranks tables of the sample's ids: one that holds all answers was handed out afterwards."""
        columns = set(map(str, self._table(name).columns))
        return not answers <= columns, says(name, TEST_WORDS), len(columns)

    def _train(self, names: list[str], test: str, sample: str) -> Choice[str] | None:
        """Returns the training table; None where folders of pictures may take its place."""
        if self.asked.train:
            self._table(self.asked.train)
            return Choice(self.asked.train, "given as TRAIN")
        wanted = set(self.read[sample][self.id])
        known = set(self._table(test).columns)
        names = [
            name for name in names if self._ids(name) != wanted and known & set(self._table(name).columns)
        ]
        targets: dict[str, str] = {}
        wrong: dict[str, PipelineError] = {}
        for name in names:
            try:
                targets[name] = ", ".join(self._target(name, test, sample))
            except DataError as error:
                wrong[name] = error
        if targets:
            fitting = set(targets) - self._series(list(targets), sample) or set(targets)
            best = sorted(fitting, key=lambda name: (not says(name, TRAIN_WORDS), order(name)))
            reason = BY_NAME if says(best[0], TRAIN_WORDS) else f"it holds {targets[best[0]]}"
            return Choice(best[0], chosen(reason, best))
        named = [name for name in wrong if says(name, TRAIN_WORDS)]
        if named:
            raise wrong[sorted(named, key=order)[0]]
        if self._row_files():
            return None
        raise DataError(
            f"{self.source.root} holds no training table: none holds what {sample} asks for. Name it with "
            f"TRAIN=file (--train). It holds: {listing(sorted(self.source.names()))}.{not_read(self.source)}"
        )

    def _target(self, name: str, test: str, sample: str) -> list[str]:
        table = self._table(name)
        others = [] if test == sample else list(self._table(test).columns)
        return find_target(table, others, self.read[sample], self.id, self.asked.target, name).value

    def _ids(self, name: str) -> set[str]:
        table = self._table(name)
        return set(table[self.id]) if self.id in table.columns else set()

    def _series(self, names: list[str], sample: str) -> set[str]:
        """Returns the tables that may hold series: many rows for an id of which the sample wants one."""
        if not self.read[sample][self.id].is_unique:
            return set()
        return {name for name in names if repeats_ids(self._table(name), self.id)}

    def _row_files(self) -> bool:
        return bool(self.row_tables) or any(map(is_row_file, self.source.names()))

    def _masks(self, found: MaskFiles, sample: pd.DataFrame) -> Choice[str]:
        """Returns the pictures in the place of the training table, their masks read into its target."""
        table = self._read(found.train)
        answer = next(str(name) for name in sample.columns if name != self.id)
        columns = {str(name): table[name] for name in table.columns}
        cells = mask_cells(self.source, found.masks, found.train, columns)
        self.read[found.train] = table.assign(**{answer: cells})
        return Choice(found.train, found.reason)

    def _paired(self, pairs: Pairs, sample: Choice[str], names: list[str]) -> Files:
        """Returns the files of a contest from picture to picture; of the sample, the pictures named."""
        import pandas as pd

        config = DataConfig(task="image", sample=sample.value, encoding=self.asked.encoding)
        asked, _ = read_sample(TableFile.open(self.source, sample.value, config), pairs.id, config)
        table = self._read(pairs.train)
        cells = answer_names(self.source, pairs.answers, {str(name): table[name] for name in table.columns})
        train = table.assign(**{pairs.value: pd.Series(cells, dtype="str")})
        reason = "there is no test table; the sample names the test pictures, a row for each of their pixels"
        return Files(
            Choice(pairs.train, pairs.reason),
            Choice(sample.value, reason),
            sample,
            pairs.id,
            {pairs.train: train, sample.value: asked},
            unread=[name for name in names if name != sample.value],
            numbered=False,
            answers=pairs.answers,
        )

    def _folders(self, sample: str) -> FolderPerClass:
        table = self.read[sample]
        answers = answer_columns(table, self.id, (), ())
        return find_folders(self.source, self.id, list(table[self.id]), list(answers), self.row_tables)
