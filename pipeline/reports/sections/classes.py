"""Classes: which are taken for which, the most confused first, with examples."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from pipeline.reports.blocks import Block, Cell, Folded, Table, Text, Tiles
from pipeline.reports.section import SECTIONS, Advice, Section
from pipeline.reports.tiles import doubtful, tiles

MOST_CLASSES = 14  # of a whole matrix; of more classes the pairs and the hardest
MOST_PAIRS, MOST_EXAMPLES = 6, 4
HARDEST = 15
CONFUSED = 0.3  # share of a class that is taken for one other, from which it is worth a word
FEWEST = 5  # rows of it


@SECTIONS.register("classes")
class Classes(Section):
    """Confusion of classes."""

    title = "Confusion"
    place = 70

    def applies(self) -> bool:
        return self.material.task.exclusive and self.material.answer is not None

    def blocks(self) -> list[Block]:
        names, counts = self.material.task.outputs, self._counts
        right = np.trace(counts) / max(1, counts.sum())
        text = f"Of {counts.sum():,} rows, out of fold, {right:.2%} are answered with their class."
        found: list[Block] = [Text(text)]
        if len(names) <= MOST_CLASSES:
            found.append(self._matrix())
        else:
            found.append(self._hardest())
        return [*found, *self._pairs()]

    def advice(self) -> list[Advice]:
        """Says which class is always taken for another."""
        found = []
        for truth, said, count in self._confused()[:3]:
            rows = self._counts[truth].sum()
            if count >= FEWEST and count > CONFUSED * rows:
                a, b = self.material.task.outputs[truth], self.material.task.outputs[said]
                evidence = (
                    f"{count} of {rows} rows of {a} are answered {b}: see the examples under Confusion."
                )
                found.append(Advice(f"Find what tells {a} from {b}.", evidence, 0.65))
        return found

    @cached_property
    def _said(self) -> tuple[np.ndarray, np.ndarray]:
        """Truth and answer of the scored rows."""
        answer = self.material.answer
        if answer is None:
            return np.zeros(0, int), np.zeros(0, int)
        return np.asarray(self.material.target)[answer.rows], self.material.decided.astype(int)

    @cached_property
    def _counts(self) -> np.ndarray:
        """int (classes, classes): rows by truth and by what they are taken for."""
        truth, said = self._said
        n = self.material.task.n_outputs
        return np.bincount(truth * n + said, minlength=n * n).reshape(n, n)

    def _confused(self) -> list[tuple[int, int, int]]:
        """Returns truth, answer and count of the pairs that are confused, the most frequent first."""
        off = self._counts.copy()
        np.fill_diagonal(off, 0)
        order = np.argsort(-off, axis=None, kind="stable")[:MOST_PAIRS]
        pairs = [(*map(int, np.unravel_index(place, off.shape)), int(off.ravel()[place])) for place in order]
        return [pair for pair in pairs if pair[2] > 0]  # type: ignore[misc]

    def _matrix(self) -> Table:
        names, counts = self.material.task.outputs, self._counts
        linked = {(a, b) for a, b, _ in self._confused()}
        rows: list[list[str | Cell]] = []
        for truth, line in enumerate(counts):
            share = line / max(1, line.sum())
            cells = [
                Cell(
                    f"{count:,}" if count else "·",
                    float(share[said]),
                    link=_anchor(truth, said) if (truth, said) in linked else "",
                )
                for said, count in enumerate(line)
            ]
            recall = f"{share[truth]:.1%}" if line.sum() else "–"
            rows.append([names[truth], *cells, recall])
        right = [counts[k, k] / counts[:, k].sum() if counts[:, k].sum() else None for k in range(len(names))]
        rows.append(["precision", *(f"{one:.0%}" if one is not None else "–" for one in right), ""])
        text = "Rows: the truth; columns: the answer. Links lead to examples."
        return Table(text, ["truth", *names, "recall"], rows, dense=True)

    def _hardest(self) -> Table:
        counts, names = self._counts, self.material.task.outputs
        sums = counts.sum(axis=1)
        recall = np.diag(counts) / np.maximum(sums, 1)
        order = [k for k in np.lexsort((-sums, recall)) if sums[k]][:HARDEST]
        rows = []
        for k in order:
            off = counts[k].copy()
            off[k] = 0
            taken = f"{names[int(off.argmax())]} ({off.max()})" if off.max() else "–"
            rows.append([names[k], f"{sums[k]:,}", f"{recall[k]:.0%}", taken])
        return Table(
            f"The {len(rows)} hardest of {len(names):,} classes",
            ("class", "rows", "right", "most often taken for"),
            rows,
            (3,),
        )

    def _pairs(self) -> list[Block]:
        """Returns the most confused pairs with examples, the surest mistakes first."""
        material, answer = self.material, self.material.answer
        if answer is None:
            return []
        (truth, said), names, wrong = self._said, material.task.outputs, doubtful(material, answer)
        found: list[Block] = []
        for a, b, count in self._confused():
            rows = answer.rows[(truth == a) & (said == b)]
            sure = rows[np.argsort(-answer.oof[rows, b], kind="stable")[:MOST_EXAMPLES]]
            title = f"{names[a]} taken for {names[b]}: {count:,} of {self._counts[a].sum():,}"
            shown: list[Block] = [Tiles(tiles(material, answer, sure.tolist(), wrong))]
            found.append(Folded(title, shown, _anchor(a, b)))
        return found


def _anchor(truth: int, said: int) -> str:
    return f"taken-{truth}-{said}"
