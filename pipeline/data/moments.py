"""Moments as words: dates, times of day, dates that are written as digits, seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

_MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[.]?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([ T].*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([ T].*)?"
    rf"|([a-z]{{3,9}},? )?{_DAY}[- ]?{_MONTHS},?[- ]?(\d{{4}}|\d{{2}})([ T:]\d.*)?"  # 18JUN2012:10:00:00
    rf"|([a-z]{{3,9}},? )?{_MONTHS} {_DAY},?( \d.*)? \d{{4}}([ T]\d.*)?"  # Mon Jun 18 10:00:00 2012
    rf"|{_MONTHS}[- ]\d{{4}}",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
_COMPACT = re.compile(
    r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"(?:[T ]?([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d)(?:[.]\d+)?)?)?Z?)?"
)
_SAS = re.compile(r"(\d{1,2}[a-z]{3}\d{2,4}):(\d.*)", re.IGNORECASE)
_SINCE_1970 = re.compile(r"\d{9,10}|\d{12,13}")
_TIMELY = re.compile(r"time|date|stamp|epoch|utc|unix|_at$|^ts$", re.IGNORECASE)
_EPOCH = (631_152_000, 2_524_608_000)  # seconds of 1990 and 2050

EARLIEST = 19_000_101  # the least number that is a date
LEAST_DIGITS = 3  # distinct numbers that must all be dates before numbers are read as such


def is_moment(word: str) -> bool:
    """Says whether a word is a date, a time of day or both, and no mere number."""
    return any(form.fullmatch(word) for form in (_DATE, _CLOCK)) or (
        not word.isdigit() and _COMPACT.fullmatch(word) is not None
    )


def are_moments(words: Sequence[str], name: str = "") -> bool:
    """Says whether all of some numbers are moments: 20120618, 201206181921, or seconds since 1970.

    Fewer than one number of eight digits in a thousand is a date of these two centuries, so that three that
    all are say enough. Seconds (or milliseconds) look like other numbers: the column's name has to speak of
    time.

    Args:
        words: distinct, no gaps.
        name: of the column.
    """
    if len(words) < LEAST_DIGITS:
        return False
    if all(word.isdigit() and _COMPACT.fullmatch(word) for word in words):
        return True
    return bool(_TIMELY.search(name)) and all(_seconds(word) is not None for word in words)


def read_moments(words: Iterable[str], day_first: bool = False) -> np.ndarray:
    """Returns datetime64[s] (words,), NaT where there is no date; times of day on 1970-01-01, in UTC.

    Args:
        words: one for each moment, "" for a gap.
        day_first: whether 01/02/2020 is in February.
    """
    import pandas as pd

    plain = pd.Series([_plain(word) for word in words], dtype=object)
    parsed = pd.to_datetime(plain, format="mixed", dayfirst=day_first, errors="coerce", utc=True)
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def shows_day_first(words: Iterable[str]) -> bool:
    """Returns whether dates like 31/12/2020 show that the day precedes the month."""
    firsts = (re.match(r"(\d{1,2})[-/.]\d{1,2}[-/.]\d{2,4}", word) for word in words)
    return any(first is not None and int(first[1]) > 12 for first in firsts)


def _plain(word: str) -> str:
    """Returns a moment as pandas reads it."""
    if _CLOCK.fullmatch(word):
        return f"1970-01-01 {word}"
    if found := _COMPACT.fullmatch(word):
        year, month, day, *clock = found.groups()
        return f"{year}-{month}-{day} {':'.join(part or '00' for part in clock)}"
    if (seconds := _seconds(word)) is not None:
        return str(np.datetime64(seconds, "s"))
    return _SAS.sub(r"\1 \2", word)


def _seconds(word: str) -> int | None:
    """Returns the seconds since 1970 that a word may be, also where it gives milliseconds."""
    if not _SINCE_1970.fullmatch(word):
        return None
    seconds = int(word) // (1 if len(word) <= 10 else 1000)
    return seconds if _EPOCH[0] <= seconds < _EPOCH[1] else None
