"""Pretrained vectors of words from a text file, in the form of GloVe or of fastText."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError

FORM = 'A line is a word and its numbers, "the 0.418 0.249 ..."; fastText\'s first line is two whole numbers.'


def width_of(path: Path) -> int:
    """Returns how many numbers a word has in a file, by its first line.

    Raises:
        ModelError: the file is missing, empty, no text, or has another form.
    """
    try:
        with path.open(encoding="utf-8", errors="strict") as file:
            first = file.readline().split()
    except OSError as error:
        raise ModelError(f"vectors: there is no file {str(path)!r} ({path.absolute()}).") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"vectors: {path} is no text in UTF-8. {FORM}") from error
    if _is_header(first):
        return int(first[1])
    if len(first) < 2:
        raise ModelError(f"vectors: line 1 of {path} holds no word and its numbers. {FORM}")
    return len(first) - 1


def _is_header(fields: list[str]) -> bool:
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, np.ndarray]:
    """Returns the vectors of words, float32 (width,) each, as far as the file has them.

    Args:
        path: a line for each word: the word, then its numbers with spaces between them (Pennington et al.,
            EMNLP 2014; Bojanowski et al., TACL 2017). A first line of two whole numbers is fastText's.
        wanted: words; the first line of a word counts.

    Raises:
        ModelError: the file is missing or has another form; names the line.
    """
    width, found = width_of(path), dict[str, np.ndarray]()
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                fields = line.rstrip().rsplit(" ", width)
                if number == 1 and _is_header(line.split()):
                    continue
                if len(fields) != width + 1:
                    raise ModelError(
                        f"vectors: line {number} of {path} holds {len(line.split()) - 1} numbers, and "
                        f"those before it {width}. {FORM}"
                    )
                if fields[0] in wanted and fields[0] not in found:
                    found[fields[0]] = _numbers(fields[1:], path, number)
    except UnicodeDecodeError as error:
        raise ModelError(f"vectors: {path} is no text in UTF-8. {FORM}") from error
    return found


def _numbers(fields: list[str], path: Path, line: int) -> np.ndarray:
    try:
        values = np.array(fields, np.float32)
    except ValueError as error:
        raise ModelError(f"vectors: line {line} of {path} holds what is no number. {FORM}") from error
    if not np.isfinite(values).all():
        raise ModelError(f"vectors: line {line} of {path} holds a number that is not finite.")
    return values


def table_of(path: Path, tokens: list[str], first: int, table: np.ndarray) -> tuple[np.ndarray, int]:
    """Puts a file's vectors into a table of embeddings.

    A word that the file has not is looked for in lower case.

    Args:
        path: the file.
        tokens: of the vocabulary.
        first: row of the first of them.
        table: float32 (rows, width), as it begins.

    Returns:
        The table with the vectors, and how many words have one.

    Raises:
        ModelError: the file cannot be read, or has none of the words.
    """
    vectors = read_vectors(path, {*tokens, *(token.lower() for token in tokens)})
    filled, count = table.copy(), 0
    for place, token in enumerate(tokens, start=first):
        vector = vectors.get(token, vectors.get(token.lower()))
        if vector is not None:
            filled[place], count = vector, count + 1
    if not count:
        raise ModelError(f"vectors: {path} has none of the {len(tokens):,} words of the training texts.")
    return filled, count
