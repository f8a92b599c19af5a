"""Commands around a contest: its files, its audit, what is handed in, what was scored."""

from __future__ import annotations

import argparse
import sys
import uuid
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.audit.finding import stopping
from pipeline.board import Board, now
from pipeline.commands.options import asked_run, slug_of
from pipeline.commands.packaging import place_of, submitted_run
from pipeline.config.load import CONFIGS, find_config, known_competitions, load_config
from pipeline.console import ConsoleProgress, board_table, registry_table
from pipeline.data.submission import verify_submission
from pipeline.draft.draft import config_path, make_draft, this_machine
from pipeline.draft.files import Asked
from pipeline.errors import SubmissionError
from pipeline.kaggle.download import download
from pipeline.kaggle.submit import PATIENCE, Submitted, upload, wait_for_score
from pipeline.metrics import metric_names
from pipeline.networks.backbones import BACKBONES
from pipeline.package.pushed import Pushed
from pipeline.registry import METHODS, MODELS
from pipeline.run.plan import RUNS
from pipeline.stages.audit import make_audit, make_labels, newest_blend
from pipeline.store import file_digest


def new(options: argparse.Namespace, console: Console) -> int:
    """Drafts a configuration from a competition's files."""
    config_path(options.name, force=options.force)
    keys = ("metric", "target", "train", "test", "sample", "encoding", "missing_targets")
    asked = Asked(**{key: getattr(options, key) for key in keys if getattr(options, key)})
    draft = make_draft(options.name, Path(options.data) if options.data else None, asked, this_machine())
    path = draft.write(force=options.force)
    for line in draft.lines:
        console.print(line, markup=False)
    console.print(f"{path} is written. Now: make train COMP={options.name}")
    return 0


def audit(options: argparse.Namespace, console: Console) -> int:
    """Looks for what would make the score a lie; exit code 1 where training would be refused."""
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        findings = make_audit(run)
        blend = newest_blend(run)
        if blend:
            findings += make_labels(run, blend)
    allowed = run.config.audit.allow
    for found in findings:
        console.print(found.line(allowed), markup=False)
    stop = stopping(findings, allowed)
    end = (
        "training is refused until this is mended or allowed by name" if stop else "nothing forbids training"
    )
    console.print(f"findings: {len(findings)}; {end}.")
    return 1 if stop else 0


def data(options: argparse.Namespace, console: Console) -> int:
    """Fetches a contest's files by Kaggle's command line."""
    known = (CONFIGS / f"{options.name}.yaml").is_file()
    config = load_config(find_config(options.name)) if known else None
    folder = Path((config.data.root if config else None) or f"data/{options.name}")
    slug = options.slug or slug_of(options.name, config)
    console.print(f"fetching {slug} from Kaggle into {folder} ...")
    for line in download(slug, folder, options.force, _echo if console.is_terminal else None):
        console.print(line, markup=False)
    if not known:
        console.print(f"Now: make new COMP={options.name}")
    return 0


def submit(options: argparse.Namespace, console: Console) -> int:
    """Verifies the newest submission, hands it in and notes its score on the board."""
    if options.code:
        return submit_package(options, console)
    root = RUNS / options.name
    file = root / "submission.csv"
    if not file.is_file():
        raise SubmissionError(f"There is no {file}. Run make train COMP={options.name} first.")
    with ConsoleProgress(console) as progress:
        run = asked_run(options, progress)
        slug = options.slug or slug_of(options.name, run.config)
        verify_submission(file.read_text(encoding="utf-8"), run.competition)
        board = Board.open(root)
        facts = board.handed_in(file_digest(file))
        if facts and facts["status"] == "complete" and not options.again:
            raise SubmissionError(
                f"This very file was handed in on {facts['when']} (public score {facts['public']}). "
                "Hand it in again with ARGS=--again (--again)."
            )
        before: frozenset[str] = frozenset()
        if facts is None or options.again:
            message = options.message or message_of(board, file)
            before = upload(slug, file, message)
            named = {"upload": uuid.uuid4().hex, "when": now()}
            facts = {**named, "submission": file_digest(file), "message": message}
            board.record_submission({**facts, "status": "pending", "public": None, "private": None})
        progress.begin(f"{slug}: score", 0, 1)
        found = wait_for_score(slug, facts["message"], before, progress.update, PATIENCE)
        progress.end("")
    return scored(board, facts, found, slug, console)


def submit_package(options: argparse.Namespace, console: Console) -> int:
    """Pushes the package, hands in its notebook and notes its score on the board."""
    root = RUNS / options.name
    with ConsoleProgress(console) as progress:
        run = submitted_run(options, progress)
        board, pushed = Board.open(root), Pushed.of(place_of(options, run), root / "submission.csv")
        message = options.message or message_of(board, root / "submission.csv")
        found = pushed.hand_in(message, progress, options.hours * 3600, options.again)
        if found is None:
            console.print("The notebook still runs at Kaggle. The same command asks again.")
            return 1
        facts, before = found
        board.record_submission({**facts, "status": "pending", "public": None, "private": None})
        progress.begin(f"{pushed.place.slug}: score", 0, 1)
        score = wait_for_score(pushed.place.slug, facts["message"], before, progress.update, PATIENCE)
        progress.end("")
    return scored(board, facts, score, pushed.place.slug, console)


def board(options: argparse.Namespace, console: Console) -> int:
    """Lists the runs of a competition, what changed between them, and their public scores."""
    find_config(options.name)
    found = Board.open(RUNS / options.name)
    if not found.runs:
        console.print(f"No run of {options.name} has ended yet: make train COMP={options.name}")
        return 0
    console.print(board_table(found))
    return 0


def known(options: argparse.Namespace, console: Console) -> int:
    """Lists competitions and everything that a configuration may name."""
    lists = {
        "competitions": known_competitions(),
        "models": MODELS.names(),
        "metrics": metric_names(),
        "backbones": sorted(BACKBONES),
        "ensemble methods": METHODS.names(),
    }
    for title, names in lists.items():
        console.print(registry_table(title, names))
    return 0


def message_of(board: Board, file: Path) -> str:
    """Describes a file by the run that wrote it."""
    digest = file_digest(file)
    for run in reversed(board.runs):
        if run["submission"] == digest:
            return f"cross-fitted {run['metric']} {run['score']:.5f} ({', '.join(run['models'])})"
    return f"submission {digest[:12]}"


def scored(board: Board, facts: dict[str, Any], found: Submitted | None, slug: str, console: Console) -> int:
    """Notes what Kaggle says of an upload and tells it; 1 where there is no score."""
    where = f"https://www.kaggle.com/competitions/{slug}/submissions"
    if found is None:
        console.print(f"The file is uploaded, but Kaggle does not list it yet: {where}")
        return 1
    scores = {"ref": found.ref, "status": found.status, "public": found.public, "private": found.private}
    board.record_submission({**facts, **scores})
    if found.status == "error":
        raise SubmissionError(f"Kaggle found an error in the file: see {where}.")
    if found.status == "pending":
        console.print(
            f"The file is uploaded; its score is not there yet. The same command asks again: {where}"
        )
        return 1
    private = "" if found.private is None else f", private score {found.private}"
    console.print(f"public score {found.public}{private}  ({facts['message']})", markup=False)
    return 0


def _echo(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
