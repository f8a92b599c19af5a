"""The board of a competition: every finished run, what changed since the one before, public scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError
from pipeline.store import digest, write_json

FILE = "board.json"
MODELS = "models."


@dataclass(frozen=True)
class Board:
    """The runs and submissions of one competition, kept in `runs/NAME/board.json`.

    Attributes:
        path: of the file.
        runs: oldest first; see `record_run`.
        submissions: oldest first; see `record_submission`.
    """

    path: Path
    runs: list[dict[str, Any]]
    submissions: list[dict[str, Any]]

    @classmethod
    def open(cls, root: Path) -> Board:
        """Reads the board of `runs/NAME`; an empty one where there is none.

        Raises:
            StoreError: the file is not what this class wrote.
        """
        path = root / FILE
        if not path.exists():
            return cls(path, [], [])
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            return cls(path, list(facts["runs"]), list(facts["submissions"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is damaged: {error!r}. Move it away; a new one is begun.") from error

    def record_run(self, summary: Mapping[str, Any], config: Mapping[str, Any], name: str) -> None:
        """Adds a finished run, unless it is the one before it again.

        Args:
            summary: the submission's manifest.
            config: the configuration's keys that are not at their defaults, nested.
            name: of the run: what it published earlier, on its way, is replaced.
        """
        flat = flatten(config)
        run = {
            "key": digest([flat, summary["files"], sorted(summary["models"])]),
            "name": name,
            "when": now(),
            "metric": summary["metric"],
            "greater_is_better": summary["greater_is_better"],
            "score": summary["cross_fitted_score"],
            "optimistic": summary["optimistic"],
            "method": summary["ensemble"]["method"],
            "models": {name: model["score"] for name, model in summary["models"].items()},
            "seconds": summary["seconds"],
            "submission": summary["files"]["submission.csv"],
            "config": flat,
        }
        before = [one for one in self.runs if one["name"] != name]
        again = bool(before) and before[-1]["key"] == run["key"]
        runs = before if again else [*before, run]
        if runs != self.runs:
            self.runs[:] = runs
            self._write()

    def record_submission(self, facts: Mapping[str, Any]) -> None:
        """Adds what was handed in, or replaces what is known of the same upload.

        Args:
            facts: "upload" (a name of its own), "when", "submission" (hash of the file), "message",
                "status", "public" and "private" score or None.
        """
        self.submissions[:] = [one for one in self.submissions if one["upload"] != facts["upload"]]
        self.submissions.append(dict(facts))
        self._write()

    def handed_in(self, file: str) -> dict[str, Any] | None:
        """Returns the last upload of a file, given by its hash, that Kaggle did not refuse."""
        found = [one for one in self.submissions if one["submission"] == file and one["status"] != "error"]
        return found[-1] if found else None

    def public_score(self, run: Mapping[str, Any]) -> float | None:
        """Returns the public score of the file that a run wrote, or None where it has none."""
        scores = [one["public"] for one in self.submissions if one["submission"] == run["submission"]]
        known = [score for score in scores if score is not None]
        return known[-1] if known else None

    def changes(self, number: int) -> list[str]:
        """Returns what changed in the configuration between a run and the one before it."""
        if number == 0:
            return ["first run"]
        before, after = self.runs[number - 1], self.runs[number]
        found = _differences(before["config"], after["config"])
        for sign, here, there in (("+", after, before), ("-", before, after)):
            names = [name for name in here["models"] if name not in there["models"]]
            found += [f"{sign} {MODELS}{name}" for name in names]
        return list(dict.fromkeys(found)) or ["data, code or members"]

    def _write(self) -> None:
        write_json(self.path, {"runs": self.runs, "submissions": self.submissions})


def flatten(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Returns dotted key -> value of a nested mapping."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


def now() -> str:
    """Returns the local time to the second, with its offset from UTC."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Returns a line per key that changed; a model that came or went is one line."""
    models, old_models = _models(after), _models(before)
    found = [f"+ {name}" for name in models if name not in old_models]
    found += [f"- {name}" for name in old_models if name not in models]
    for key in dict.fromkeys([*before, *after]):
        name = ".".join(key.split(".")[:2])
        if key.startswith(MODELS) and not (name in models and name in old_models):
            continue
        if before.get(key) != after.get(key):
            found.append(f"{key} {_shown(before, key)} -> {_shown(after, key)}")
    return found


def _models(flat: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(".".join(key.split(".")[:2]) for key in flat if key.startswith(MODELS)))


def _shown(flat: Mapping[str, Any], key: str) -> str:
    return json.dumps(flat[key], ensure_ascii=False) if key in flat else "default"
