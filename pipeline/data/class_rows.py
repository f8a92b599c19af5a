"""Rows of a file that are a class of a picture: a column names it, or the ids do, as `0002cc93b.jpg_1`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import DataError, SubmissionError, did_you_mean, listing
from pipeline.tasks.class_masks import MARK, marked

if TYPE_CHECKING:
    import pandas as pd

FACTS, ROWS = "class_rows.json", "class_rows.npy"
ID, CLASS = "{id}", "{class}"


@dataclass(frozen=True)
class ClassKey:
    """Names of picture and class in a row: two columns, or parts of its id.

    Attributes:
        text: `data.classes`: a column, or a pattern of the ids.
        id: the id column.
    """

    text: str
    id: str

    @property
    def in_ids(self) -> bool:
        return CLASS in self.text

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that name picture and class."""
        return (self.id,) if self.in_ids else (self.id, self.text)

    def written(self, picture: str, name: str) -> tuple[str, ...]:
        """Returns the cells of `columns`."""
        if self.in_ids:
            return (self.text.replace(ID, picture).replace(CLASS, name),)
        return picture, name

    def renamed(self, key: str, rename: Callable[[str], str]) -> str:
        """Returns the id of a row whose picture has another name."""
        match = re.match(self._expression, key) if self.in_ids else None
        if match is None:
            return rename(key)
        return self.written(rename(match["picture"]), match["name"])[0]

    def split(self, table: pd.DataFrame, where: str) -> tuple[pd.Series, pd.Series]:
        """Returns picture and class of every row of a table, text (rows,).

        A class is the shortest that fits: of `a_b_c`, by `{id}_{class}`, it is `c`.

        Raises:
            DataError: the column is not there, or ids do not fit the pattern.
        """
        if not self.in_ids:
            if self.text not in table.columns:
                near = did_you_mean(self.text, table.columns)
                raise DataError(f"`data.classes`: {where} has no column {self.text!r}.{near}")
            return table[self.id].astype(str), table[self.text].astype(str).str.strip()
        parts = table[self.id].astype(str).str.extract(self._expression)
        wrong = table[self.id][parts["name"].isna()]
        if len(wrong):
            raise DataError(
                f"`data.classes`: {where}: ids that do not fit {self.text!r}: {listing(wrong)} "
                f"({len(wrong):,} of {len(table):,})."
            )
        return parts["picture"], parts["name"]

    def gathered(self, table: pd.DataFrame, targets: Collection[str], where: str) -> pd.DataFrame:
        """Returns a table with one row per picture, without a column of classes.

        A target's cell has a line for each class, after its name; of other columns the first row's value
        stays.
        """
        pictures, names = self.split(table, where)
        first = table.assign(**{self.id: pictures}).drop_duplicates(self.id).set_index(self.id)
        for target in targets:
            cells = table[target].fillna("").str.strip()
            lines = names.map(lambda name: marked(name, "")) + cells
            first[target] = lines.groupby(pictures.to_numpy(), sort=False).agg("\n".join)
        kept = [name for name in table.columns if self.in_ids or name != self.text]
        return first.reset_index()[kept]

    def of_pictures(self, table: pd.DataFrame, known: Collection[str], where: str) -> pd.DataFrame:
        """Returns a table without answers with one row per picture, whether it has rows of classes or not.

        Args:
            table: whose ids may be those of pictures.
            known: the classes.
            where: what an error calls the table.
        """
        if self.in_ids:
            names = table[self.id].astype(str).str.extract(self._expression)["name"]
            return self.gathered(table, (), where) if names.isin(list(known)).all() else table
        return self.gathered(table, (), where) if self.text in table.columns else table

    @property
    def _expression(self) -> str:
        literal = re.escape(self.text)
        named = literal.replace(re.escape(ID), "(?P<picture>.+)").replace(re.escape(CLASS), "(?P<name>.+?)")
        return f"^{named}$"


@dataclass(frozen=True, eq=False)
class ClassRows:
    """The rows of a sample, in its order, where each is a class of a picture.

    Attributes:
        key: what names the two.
        header: the sample's columns in its order: those of `key`, and the answer.
        names: of the pictures, in the order in which they appear.
        classes: their names.
        places: int64 (rows, 2): number of the picture, and of the class.
    """

    key: ClassKey
    header: tuple[str, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    places: np.ndarray

    @classmethod
    def of(cls, sample: pd.DataFrame, key: ClassKey, where: str) -> ClassRows:
        """Returns the rows of a sample.

        Raises:
            DataError: it has other columns, or a class of a picture twice.
        """
        import pandas as pd

        others = [str(name) for name in sample.columns if name not in key.columns]
        if len(others) != 1:
            raise DataError(
                f"{where}: a row for each class of a picture has {listing(key.columns)} and one column of "
                f"run lengths. Received beside them: {listing(others) or 'none'}."
            )
        pictures, names = key.split(sample, where)
        number, pictures_there = pd.factorize(pictures)
        kind, classes = pd.factorize(names)
        places = np.column_stack([number, kind]).astype(np.int64)
        if doubled := np.flatnonzero(pd.DataFrame(places).duplicated()).tolist():
            found = [f"{pictures.iloc[row]} {names.iloc[row]}" for row in doubled]
            raise DataError(f"{where}: classes that stand twice for a picture: {listing(found)}.")
        header, there = tuple(map(str, sample.columns)), tuple(map(str, pictures_there))
        return cls(key, header, there, tuple(map(str, classes)), places)

    def __len__(self) -> int:
        return len(self.places)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClassRows):
            return NotImplemented
        mine, theirs = ((one.key, one.header, one.names, one.classes) for one in (self, other))
        return mine == theirs and np.array_equal(self.places, other.places)

    __hash__ = None  # type: ignore[assignment]

    def check(self, known: Collection[str]) -> None:
        """Raises DataError for classes that no training row has."""
        if strange := [name for name in self.classes if name not in known]:
            raise DataError(
                f"The sample asks for classes that no training row has: {listing(strange)}. `data.classes: "
                f"{self.key.text}` finds in the training table: {listing(known)}."
            )

    @property
    def one_by_one(self) -> bool:
        """Whether all rows of a picture stand together: then it can be written when it is answered."""
        return bool((np.diff(self.places[:, 0]) >= 0).all())

    def placed(self, sizes: Mapping[str, Sequence[int]]) -> ClassRows:
        """Returns the rows: none can lie outside of its picture."""
        return self

    def part(self, names: Sequence[str]) -> ClassRows:
        """Returns the rows of some of the pictures, in their order."""
        wanted = {name: number for number, name in enumerate(names)}
        number = np.array([wanted.get(name, -1) for name in self.names], np.int64)[self.places[:, 0]]
        kept = number >= 0
        return replace(self, names=tuple(names), places=np.column_stack([number, self.places[:, 1]])[kept])

    def of_pictures(self, names: Sequence[str], sizes: np.ndarray | None = None) -> ClassRows:
        """Returns the rows of all classes of other pictures; nobody asks for `sizes`."""
        count = len(self.classes)
        places = [np.repeat(np.arange(len(names)), count), np.tile(np.arange(count), len(names))]
        return replace(self, names=tuple(names), places=np.column_stack(places))

    def and_all_of(self, names: Sequence[str], sizes: np.ndarray | None = None) -> ClassRows:
        """Returns the rows, and behind them those of all classes of other pictures."""
        more = self.of_pictures(names).places + np.array([len(self.names), 0])
        return replace(self, names=(*self.names, *names), places=np.concatenate([self.places, more]))

    def lines(self, cells: Mapping[str, str], classes: Sequence[str]) -> list[list[str]]:
        """Returns the rows of a file.

        Args:
            cells: name of a picture -> a line for each class.
            classes: in the order of those lines.
        """
        found = []
        order = [classes.index(name) for name in self.classes]
        for number, kind in self.places.tolist():
            picture = self.names[number]
            named = dict(zip(self.key.columns, self.key.written(picture, self.classes[kind]), strict=True))
            answer = cells[picture].split("\n")[order[kind]]
            found.append([named.get(name, answer) for name in self.header])
        return found

    def cells(self, rows: Sequence[Sequence[str]], classes: Sequence[str]) -> dict[str, str]:
        """Returns a line for each class by picture, of the rows of a file; undoes `lines`.

        Raises:
            SubmissionError: they are not the sample's rows in its order.
        """
        wanted = self.lines(dict.fromkeys(self.names, "\n" * len(classes)), classes)
        at = [self.header.index(name) for name in self.key.columns]
        place = next(number for number, name in enumerate(self.header) if name not in self.key.columns)
        there = [[row[k] for k in at] if len(row) == len(self.header) else [] for row in rows]
        asked = [[row[k] for k in at] for row in wanted]
        if there != asked:
            wrong = [
                row for row, other in zip(asked, [*there, *[None] * len(asked)], strict=False) if row != other
            ]
            named = listing(" ".join(row) for row in wrong) or f"{len(there) - len(asked)} rows too many"
            raise SubmissionError(f"The rows must be the sample's, in its order. Not so: {named}.")
        found = {name: [""] * len(classes) for name in self.names}
        for (number, kind), row in zip(self.places.tolist(), rows, strict=True):
            found[self.names[number]][classes.index(self.classes[kind])] = row[place]
        return {name: "\n".join(lines) for name, lines in found.items()}

    def save(self, folder: Path) -> None:
        np.save(folder / ROWS, self.places)
        facts = {"classes_by": self.key.text, "id": self.key.id}
        facts |= {name: getattr(self, name) for name in ("header", "names", "classes")}
        (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ClassRows | None:
        """Reads what `save` wrote; None where it wrote nothing."""
        if not (folder / FACTS).exists():
            return None
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        named = {name: tuple(facts[name]) for name in ("header", "names", "classes")}
        places = np.load(folder / ROWS, allow_pickle=False)
        return cls(ClassKey(facts["classes_by"], facts["id"]), **named, places=places)


def class_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Returns the classes of gathered cells, numbers in their order, then others in that of the alphabet."""
    found = {line.partition(MARK)[0] for cell in cells for line in cell.split("\n")}
    return tuple(
        sorted(found, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name))
    )
