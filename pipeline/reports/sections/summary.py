"""Summary: the score that can be believed, what it is made of, and what to try next."""

from __future__ import annotations

import numpy as np

from pipeline.reports.blocks import (
    Block,
    Cell,
    Fact,
    Facts,
    Folded,
    Line,
    Lines,
    Table,
    Text,
    score_text,
    seconds_text,
    signed,
)
from pipeline.reports.material import Blended
from pipeline.reports.section import SECTIONS, Section, gathered
from pipeline.validation import cross_validation

MOST_ADVICE, MOST_WARNINGS = 7, 8


@SECTIONS.register("summary")
class Summary(Section):
    """Summary of a run: all that a person needs to decide."""

    title = "Summary"
    place = 0

    def applies(self) -> bool:
        return True

    def blocks(self) -> list[Block]:
        blended = self.material.blended
        said, advice = gathered(self.others, without=self)
        warnings = [Line(text, "warn", "warning") for text in self._warnings() + said]
        found: list[Block] = [Facts(self._facts())]
        if warnings:
            found.append(Lines(warnings[:MOST_WARNINGS]))
        if self.material.scores:
            found.append(self._members())
        if blended:
            found += [*self._files(blended), Folded("What the ensemble says of itself", self._lines(blended))]
        found.append(Text("What to try next, each with what speaks for it:"))
        next_ = [Line(one.text, "good", evidence=one.evidence) for one in advice[:MOST_ADVICE]]
        found.append(Lines(next_ or [Line("Nothing stands out in what was measured.")]))
        return found

    def _facts(self) -> list[Fact]:
        material, blended = self.material, self.material.blended
        facts = []
        if blended:
            low, high = blended.facts["intervals"].get("ensemble", (float("nan"),) * 2)
            interval = f"95 %: {score_text(low)} to {score_text(high)}" if low == low else ""
            facts.append(
                Fact(
                    f"{material.metric.name}, cross-fitted",
                    score_text(blended.summary["cross_fitted_score"]),
                    interval,
                )
            )
            inside = blended.facts.get("in_sample_score")
            facts.append(
                Fact("in-sample, optimistic", score_text(inside), "by weights that have seen these rows")
            )
        if material.ranked:
            best = material.ranked[0]
            facts.append(Fact("best single model", score_text(material.scores[best]), best))
        if (constant := self._constant()) is not None:
            facts.append(Fact("baseline", score_text(constant), "one answer for every row, the same folds"))
        if blended and (public := self._public(blended)) is not None:
            facts.append(Fact("public score", score_text(public), "of this very file"))
        fits = sum(len(one.done) for one in material.trained.values())
        planned = sum(one.planned for one in material.trained.values())
        seconds = seconds_text(sum(one.seconds for one in material.trained.values()))
        facts.append(Fact("models", f"{len(material.trained)}", f"{fits} of {planned} fits, {seconds}"))
        return facts

    def _constant(self) -> float | None:
        """Returns the score of the answer that knows nothing of a row, each fold's from its training rows."""
        run, task = self.material.run, self.material.task
        if task.dense:
            return None
        said = np.full((len(self.material.target), task.n_outputs), np.nan)
        for fold in run.folds:
            if fold.repeat == 0:
                said[fold.valid] = task.constant(np.asarray(self.material.target)[fold.train])
        rows = np.flatnonzero(np.isfinite(said).all(axis=1))
        return cross_validation.score(self.material.metric, self.material.target, rows, said[rows])

    def _public(self, blended: Blended) -> float | None:
        file = blended.summary["files"].get("submission.csv")
        return self.material.board.public_score({"submission": file}) if file else None

    def _members(self) -> Table:
        """Returns the scores of the models, the best first, with what each adds."""
        material, blended = self.material, self.material.blended
        facts = blended.facts if blended else {}
        known = blended.summary["models"] if blended else {}
        rows: list[list[str | Cell]] = []
        for name in material.ranked:
            model = known.get(name, {})
            scores = model.get("fold_scores") or list(self._fold_scores(name))
            low, high = facts.get("intervals", {}).get(name, (float("nan"),) * 2)
            adds = facts.get("adds", {}).get(name)
            kind = model.get("kind") or material.trained[name].section.kind
            marked = Cell(name + (" (optimistic)" if model.get("optimistic") else ""))
            rows.append([
                marked,
                kind,
                score_text(material.scores[name]),
                f"{score_text(low)} to {score_text(high)}" if low == low else "–",
                f"{np.std(scores):.5f}" if len(scores) > 1 else "–",
                "–" if model.get("weight") is None else f"{model['weight']:.3f}",
                "–" if adds is None else Cell(signed(adds), tone="good" if adds > 0 else ""),
                seconds_text(model["seconds"] if model else material.trained[name].seconds),
            ])  # fmt: skip
        if blended:
            rows.append(self._ensemble_row(blended))
        headings = ("model", "kind", "score", "95 % interval", "± folds", "weight", "adds", "time")
        return Table(
            "Models out of fold, the best first. Adds: what the ensemble loses without it.",
            headings,
            rows,
            (1,),
        )

    def _fold_scores(self, name: str) -> list[float]:
        return list(self.material.trained[name].fold_scores.values())

    def _ensemble_row(self, blended: Blended) -> list[str | Cell]:
        facts, score = blended.facts, blended.summary["cross_fitted_score"]
        low, high = facts["intervals"].get("ensemble", (float("nan"),) * 2)
        interval = f"{score_text(low)} to {score_text(high)}" if low == low else "–"
        spread = f"{np.std(facts['cross_fitted_fold_scores']):.5f}"
        time = seconds_text(blended.summary["seconds"])
        return ["ensemble", facts["method"], score_text(score), interval, spread, "", "", time]

    def _files(self, blended: Blended) -> list[Block]:
        root = self.material.run.plan.store.root
        lines = [Line(f"{root / 'submission.csv'}: the ensemble", "good", "hand in")]
        if second := blended.facts.get("second"):
            why = [line for line in blended.facts["lines"] if line.startswith("two to submit")]
            file = root / "second_submission.csv"
            lines.append(Line(f"{file}: {second}", "info", "and beside it", why[0] if why else ""))
        return [Lines(lines)]

    def _lines(self, blended: Blended) -> list[Block]:
        return [Lines([Line(text) for text in blended.facts["lines"]])]

    def _warnings(self) -> list[str]:
        """Returns what is said of the run as a whole."""
        material, blended = self.material, self.material.blended
        found = []
        if blended is None:
            found.append("There is no ensemble yet: this page shows the fits that are done.")
        elif blended.stale:
            found.append(blended.stale)
        if not material.whole:
            lacking = [one.name for one in material.trained.values() if len(one.done) < one.planned]
            lacking += [name for name in material.run.plan.models if name not in material.trained]
            found.append(f"Not trained on every fold yet: {', '.join(lacking)}.")
        if blended:
            found += [f"Optimistic: {mark}." for mark in blended.summary["optimistic"]]
            found += self._beaten(blended)
        return found

    def _beaten(self, blended: Blended) -> list[str]:
        """Says where the ensemble is no better than its best member."""
        if len(self.material.scores) < 2:
            return []
        best, score = self.material.ranked[0], blended.summary["cross_fitted_score"]
        if self.material.sign * (score - self.material.scores[best]) >= 0:
            return []
        return [
            f"The ensemble ({score_text(score)}) scores below its best member {best} "
            f"({score_text(self.material.scores[best])}): chosen among many, that member may be lucky, too."
        ]
