"""Characters that a file spells out: HTML's entities, and Python's escapes."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MARKED = r"&#?\w+;|\\[xun]"  # what an escape begins with: most columns have none, and are left alone at once
BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
CODE = re.compile(r"\\u([0-9a-fA-F]{4})")
BREAK = re.compile(r"\\[nrt]")
SURROGATES = range(0xD800, 0xE000)


def unescape_table(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with the escapes in its words undone; columns without any are not copied."""
    from pandas.api import types

    changed = {}
    for name in table.columns:
        column = table[name]
        if not types.is_string_dtype(column.dtype):
            continue
        marked = column.str.contains(MARKED, regex=True, na=False).to_numpy(bool)
        if marked.any():
            changed[name] = column.copy()
            changed[name][marked] = [unescape(text) for text in column[marked]]
    return table.assign(**changed) if changed else table


def unescape(text: str) -> str:
    r"""Returns a text with `&amp;`, `\xc3\xa9` and `\u2019` as the characters that they stand for.

    Bytes in a row are UTF-8 where they can be, else Latin-1. `\n` and `\t` are a space where the text
    has white space: a path such as C:\new has none.
    """
    text = html.unescape(text)
    if "\\" not in text:
        return text
    text = CODE.sub(_character, BYTES.sub(_characters, text))
    return BREAK.sub(" ", text) if any(letter.isspace() for letter in text) else text


def _characters(found: re.Match[str]) -> str:
    data = bytes.fromhex(found[0].replace("\\x", ""))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _character(found: re.Match[str]) -> str:
    """Half of a pair (an emoji is written as two) is no character: the pair is left as it is."""
    number = int(found[1], 16)
    return found[0] if number in SURROGATES else chr(number)
