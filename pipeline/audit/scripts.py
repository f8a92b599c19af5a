"""Scripts of texts: letters that the test has and training has not."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from pipeline.audit.columns import Column
from pipeline.audit.finding import Finding

SHARE = 0.05  # of the test texts, from which a script matters
RARE = 0.2  # of its share in the test, below which training hardly knows it
SEEN = 200  # letters of a text that are looked at
MOST = 5_000  # texts of a table


def unseen_scripts(columns: Sequence[Column]) -> list[Finding]:
    """Finds columns of text whose test rows are often in a script that is rare in training.

    A model of words or characters has nothing to go by there: its score says nothing of these rows.

    Args:
        columns: of both tables.
    """
    findings = []
    for column in columns:
        if not column.is_text:
            continue
        train, test = (_shares(side) for side in (column.train, column.test))
        new = {name: share for name, share in test.items() if share >= SHARE and train[name] < RARE * share}
        if new:
            said = ", ".join(
                f"{share:.1%} of the test's are {name} ({train[name]:.1%} of training's)"
                for name, share in sorted(new.items())
            )
            text = (
                f"{column.name}: {said}: the score does not speak of such rows. Look for more rows to learn "
                "from, or for an encoder that knows these languages (`kind: transformer`)."
            )
            findings.append(Finding("unseen-scripts", "warn", text))
    return findings


def _shares(texts: np.ndarray) -> defaultdict[str, float]:
    """Returns the share of the texts by the script of most of their letters; of very many, of every nth."""
    found = Counter(filter(None, map(script_of, texts[:: -(-len(texts) // MOST) or 1])))
    total = max(found.total(), 1)
    return defaultdict(float, {name: count / total for name, count in found.items()})


def script_of(text: str) -> str:
    """Returns the script of most of the first letters of a text ("Latin"), "" where it has no letter.

    A text with Japanese syllables counts as theirs, however many Chinese characters it has.
    """
    counts = Counter(_script(letter) for letter in text[:SEEN] if letter.isalpha())
    if not counts:
        return ""
    if syllables := counts.pop("Hiragana", 0) + counts.pop("Katakana", 0):
        counts["Japanese"] = syllables + counts.pop("Cjk", 0)
    return max(counts, key=lambda name: (counts[name], name))


@functools.cache
def _script(letter: str) -> str:
    """Returns the first word of a letter's name in Unicode, which is its script."""
    return unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0].capitalize()
