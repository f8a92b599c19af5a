"""A package at Kaggle: its data set and notebook pushed, run there, and the notebook's version handed in."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.board import now
from pipeline.errors import SubmissionError
from pipeline.kaggle.code import hand_in_notebook, push_dataset, push_notebook, wait_for_notebook
from pipeline.package.contents import FACTS
from pipeline.package.package import OWNER, Place, write_metadata
from pipeline.progress import Progress
from pipeline.store import file_digest, write_json

FILE = "pushed.json"  # beside data set and notebook: what was pushed, so that a second call goes on
UNPACKING = 3600.0  # seconds that Kaggle may take to make a data set of the folder


@dataclass(frozen=True)
class Pushed:
    """A package on its way.

    Attributes:
        place: of the package, and its names at Kaggle.
        submission: hash of the local file that the package answers for.
    """

    place: Place
    submission: str

    @classmethod
    def of(cls, place: Place, submission: Path) -> Pushed:
        """Returns the package of a submission.

        Raises:
            SubmissionError: there is none, or it was made of another submission; nobody says whose
                account it is.
        """
        facts = place.dataset / FACTS
        if not facts.is_file():
            raise SubmissionError(f"There is no package at {place.root}: run make package COMP={place.name}.")
        digest = file_digest(submission)
        if json.loads(facts.read_text(encoding="utf-8"))["submission"] != digest:
            raise SubmissionError(
                f"{place.root} was made of another submission than the one that lies there: run make package "
                f"COMP={place.name} again."
            )
        if place.owner == OWNER:
            raise SubmissionError(
                "Whose data set is it to be? Name your account at Kaggle: OWNER=name (--owner), or "
                "KAGGLE_USERNAME."
            )
        return cls(place, digest)

    def hand_in(
        self, message: str, progress: Progress, patience: float, again: bool
    ) -> tuple[dict[str, Any], frozenset[str]] | None:
        """Pushes what is not pushed yet, waits for the notebook and hands its version in.

        Args:
            message: that Kaggle lists beside it.
            progress: told how the waiting goes.
            patience: seconds that the notebook may take.
            again: whether to push a package that was pushed already.

        Returns:
            What the board notes, and the numbers of the submissions before it; None where the notebook
            still runs.

        Raises:
            KaggleError: Kaggle refused, or the notebook failed there.
        """
        place = self.place
        pushed = {} if again else self._noted()
        if "version" not in pushed:
            self._name_the_owner()
            progress.begin(f"{place.dataset_id}: data set", 0, 3)
            asked = (place.dataset, place.dataset_id, message, place.slug, progress.update, UNPACKING)
            push_dataset(*asked)
            progress.end("")
            pushed = {
                "submission": self.submission,
                "version": push_notebook(place.notebook.parent, place.slug),
            }
            self._note(pushed)
        progress.begin(f"{place.notebook_id}: version {pushed['version']}", 1, 3)
        done = wait_for_notebook(place.notebook_id, place.slug, progress.update, patience)
        progress.end("")
        if not done:
            return None
        if "facts" not in pushed:
            version = pushed["version"]
            message = f"{message} [{place.notebook_id} version {version}]"
            before = hand_in_notebook(place.slug, place.notebook_id, version, message)
            facts = {"upload": uuid.uuid4().hex, "when": now(), "submission": self.submission}
            pushed |= {"facts": {**facts, "message": message}, "before": sorted(before)}
            self._note(pushed)
        return pushed["facts"], frozenset(pushed["before"])

    def _noted(self) -> dict[str, Any]:
        """Returns what is known of an earlier push of the same package."""
        path = self.place.root / FILE
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return facts if facts.get("submission") == self.submission else {}

    def _note(self, facts: dict[str, Any]) -> None:
        write_json(self.place.root / FILE, facts)

    def _name_the_owner(self) -> None:
        """Writes the account into what Kaggle is told: it may have been unknown until now."""
        path = self.place.notebook.parent / "kernel-metadata.json"
        write_metadata(self.place, gpu=json.loads(path.read_text(encoding="utf-8"))["enable_gpu"])
