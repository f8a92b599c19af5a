"""CSV dialects: separator, quotes and encoding, found in each file."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, TextIO

from pipeline.config.data_section import DataConfig
from pipeline.data.source import Source
from pipeline.errors import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}  # the likelier first
HEAD = 1 << 18  # bytes that are looked at for all but the encoding
ROWS = 200  # of them
CHUNK = 1 << 20
LONGEST = 1 << 30  # characters of a field; by itself Python's reader refuses 131,073

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Dialect:
    """Separator, quotes and encoding of one CSV.

    Attributes:
        separator: between fields.
        quote: around fields; "" for none.
        encoding: a codec of Python.
        skip: lines before the header ("sep=;", as Excel writes it).
        names: the columns, as the header names them.
    """

    separator: str
    quote: str
    encoding: str
    skip: int
    names: tuple[str, ...]

    def said(self) -> str:
        """Returns what is unusual about it, or ""."""
        unusual = []
        if self.separator != ",":
            unusual.append(f"fields between {SEPARATORS.get(self.separator, repr(self.separator))}")
        if self.quote != '"':
            unusual.append(f"quotes are {self.quote}" if self.quote else "no quotes")
        if self.encoding not in ("utf-8", "utf-8-sig"):
            unusual.append(f"encoding {self.encoding}")
        return ", ".join(unusual)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Dialect:
        return cls(**facts | {"names": tuple(facts["names"])})


def open_csv(source: Source, name: str) -> BinaryIO:
    """Opens a CSV or a gzipped one, which is known by its content."""
    file = source.open(name)
    magic = file.read(2)
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if magic == b"\x1f\x8b" else file  # type: ignore[return-value]


def find_dialect(source: Source, name: str, data: DataConfig) -> Dialect:
    """Returns how a CSV is written: what the configuration says, the rest from the file.

    Raises:
        DataError: it is empty, or not of the encoding that the configuration says.
    """
    where = f"{source.root}: {name}"
    encoding = _encoding(source, name, data.encoding)
    with open_csv(source, name) as file:
        head = file.read(HEAD)
        while not (b"\n" in head or b"\r" in head) and (more := file.read(HEAD)):
            head += more  # a header of many columns
    text = codecs.getincrementaldecoder(encoding)().decode(head)
    if not text.strip():
        raise DataError(f"{where} is empty.")
    first = re.match(r"(?:[ \t]*\r?\n)*sep=(.)\r?\n", text)
    skip = first[0].count("\n") if first else 0
    text = text[first.end() :] if first else text
    separator = {"auto": first[1] if first else "", "tab": "\t"}.get(data.separator, data.separator)
    quote = {"none": ""}.get(data.quote, data.quote)
    whole = len(head) < HEAD
    if quote == "auto":
        quote = _quote(text)
    separator = separator or _separator(text, quote, whole)
    header = next(row for row in _rows(text, separator, quote) if any(row))
    names = tuple(field or f"Unnamed: {place}" for place, field in enumerate(header))
    return Dialect(separator, quote, encoding, skip, names)


def _encoding(source: Source, name: str, asked: str) -> str:
    if asked != "auto":
        try:
            at = _undecodable(source, name, asked)
        except LookupError as error:
            raise DataError(f"`data.encoding`: there is no encoding {asked!r}.") from error
        if at is not None:
            raise DataError(
                f"{source.root}: {name} is not {asked} at byte {at}: set `data.encoding`, latin-1 for "
                "example, or `auto`."
            )
        return asked
    with open_csv(source, name) as file:
        head = file.read(1024)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if head and head.count(0) > len(head) / 4:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    return next(code for code in ("utf-8", "cp1252", "latin-1") if _undecodable(source, name, code) is None)


def _undecodable(source: Source, name: str, encoding: str) -> int | None:
    """Returns the byte at which a file is not of the encoding; None where all of it is."""
    decoder, done = codecs.getincrementaldecoder(encoding)(), 0
    with open_csv(source, name) as file:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return done - held + error.start
            done += len(chunk)
            if not chunk:
                return None


def _quote(text: str) -> str:
    """Returns the quote that fields begin and end with; the usual one where none do."""
    found = Counter(re.findall(r"(?:^|[,;|\t])(['\"])[^'\"\n]*\1(?=[,;|\t\r\n]|$)", text, re.MULTILINE))
    return "'" if found["'"] > found['"'] else '"'


def _separator(text: str, quote: str, whole: bool) -> str:
    """Returns what parts the header and most rows into equally many fields."""
    best, rank = ",", (0.0, 0)
    for separator in SEPARATORS:
        rows = [row for row in itertools.islice(_rows(text, separator, quote), ROWS) if row]
        if not whole and len(rows) > 1 and len(rows) < ROWS:
            rows.pop()  # cut off
        width = len(rows[0])
        if width < 2:
            continue
        even = sum(len(row) == width for row in rows) / len(rows)
        if (round(even, 1), width) > rank:
            best, rank = separator, (round(even, 1), width)
    return best


def csv_rows(file: TextIO, separator: str, quote: str) -> Any:
    """Returns Python's reader of a CSV, which yields lists of fields and counts lines (`line_num`)."""
    csv.field_size_limit(LONGEST)
    if not quote:
        return csv.reader(file, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(file, delimiter=separator, quotechar=quote)


def _rows(text: str, separator: str, quote: str) -> Iterator[list[str]]:
    return csv_rows(io.StringIO(text, newline=""), separator, quote)
