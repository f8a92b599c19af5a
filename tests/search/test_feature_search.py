"""Features that a search finds: planted ones, none in noise, and rows that confirm what others chose."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.api import open_run
from pipeline.cli import main
from pipeline.clock import Clock
from pipeline.config.feature_section import Origin
from pipeline.config.found_features import features_path, read_features
from pipeline.config.load import known_competitions, load_config
from pipeline.errors import ConfigError, DataError
from pipeline.progress import Progress
from pipeline.search.features import held_part, search
from pipeline.search.features.candidates import Candidate, find_candidates
from pipeline.search.features.file import write_features
from pipeline.search.features.fits import ShortFits
from pipeline.search.features.held_part import Confirmed, FeaturePart
from pipeline.search.features.screen import Unsaid, sources_of
from pipeline.search.features.search import FeatureSearch, judge
from pipeline.search.gain import Gain
from pipeline.search.parts import part_of
from pipeline.tasks.base import make_task

CONFIG = """\
competition: toy
data: {target: answer}
metric: METRIC
folds: {n: 2}
models:
  least: {kind: baseline}
  lgbm: {kind: lightgbm}
"""
ROWS, TEST = 500, 10


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Returns a function that writes a competition of columns and answers into the current folder."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "data/toy").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search, "parts_for", lambda *_: 1)

    def make(metric, answer, **columns):
        (tmp_path / "configs/toy.yaml").write_text(CONFIG.replace("METRIC", metric), encoding="utf-8")
        table = pd.DataFrame({"id": np.arange(len(answer)), **columns, "answer": answer})
        table[:-TEST].to_csv("data/toy/train.csv", index=False)
        table[-TEST:].drop(columns="answer").to_csv("data/toy/test.csv", index=False)
        sample = table[-TEST:][["id"]].assign(answer=table["answer"].iloc[0])
        sample.to_csv("data/toy/sample_submission.csv", index=False)
        return features_path(tmp_path / "configs/toy.yaml")

    return make


def numbers(columns, seed=0):
    return np.random.default_rng(seed).uniform(1, 10, (columns, ROWS + TEST))


def wide(height, width):
    return np.where(height > 1.5 * width, "tall", "wide")


def searched(path, budget=1e6):
    return FeatureSearch(open_run("toy"), budget, Progress()).search(path)


def test_a_ratio_of_values_is_found_written_and_read_by_the_next_train(write, capsys):
    first, second = numbers(2)
    path = write("log_loss", wide(first, second), height=first, width=second)
    outcome = searched(path)
    assert [one.candidate.word for one in outcome.kept][:1] == ["ratio"]
    best = outcome.kept[0]
    assert best.gain.value > 2 * best.gain.error > 0
    name = best.candidate.name
    assert (
        f"# {name}: {best.gain} log_loss on 250 unseen rows (claimed {best.claimed:+.5f}): kept"
        in path.read_text()
    )
    assert " was luck" in path.read_text()
    features, origins, _ = read_features(path)
    assert features[name] == {"ratio": best.candidate.said}
    assert origins[name].held_back == pytest.approx(best.gain.value)
    run = open_run("toy")
    assert list(run.config.features) == list(features)
    (mark,) = run.plan.marks("lgbm")
    assert mark.startswith("features found on these folds: about 0.")
    assert main(["folds", "toy"]) == 0
    assert (
        f"features: {', '.join(features)} from configs/toy.features.yaml; --no-features"
        in capsys.readouterr().out
    )
    assert main(["folds", "toy", "--no-features"]) == 0
    assert "features.yaml" not in capsys.readouterr().out
    assert known_competitions() == ["toy"]


def test_a_difference_from_the_mean_of_a_group_tells_two_classes(write):
    (size,) = numbers(1)
    herd = np.arange(ROWS + TEST) % 12
    size += 30.0 * np.random.default_rng(5).permutation(12)[herd]
    means = pd.Series(size).groupby(herd).transform("mean").to_numpy()
    path = write(
        "log_loss",
        np.where(size > means, "tall", "small"),
        size=size,
        herd=[chr(97 + one) * 3 for one in herd],
    )
    kept = [one.candidate for one in searched(path).kept]
    assert kept[0].word == "group"
    assert (kept[0].said["by"], kept[0].said["of"]) == ("herd", "size")


def test_noise_brings_nothing_and_the_file_says_so(write, capsys):
    first, second, third = numbers(3)
    path = write(
        "log_loss", np.where(np.arange(ROWS + TEST) % 2, "b", "a"), one=first, two=second, three=third
    )
    assert main(["features", "toy", "--budget", "1h"]) == 0
    assert "nothing changes" in capsys.readouterr().out
    assert read_features(path)[0] == {}
    assert "0 kept" in path.read_text()
    assert open_run("toy").plan.marks("lgbm") == ()


def test_rows_that_confirm_are_never_among_those_that_screen_and_choose(write, monkeypatch):
    first, second = numbers(2)
    write("log_loss", wide(first, second), height=first, width=second)
    run = open_run("toy")
    part, seen, confirming = part_of(run, 0), [], []
    predict, screened, held = ShortFits.predict, held_part.screen, FeaturePart._on_held_back

    def watched(self, train, rows, *more, **keys):
        if not confirming:
            seen.append(rows)
        seen.append(train)
        return predict(self, train, rows, *more, **keys)

    def on_held_back(self, features):
        confirming.append(True)
        try:
            return held(self, features)
        finally:
            confirming.clear()

    def screen(candidates, frame, *more):
        seen.append(frame.index.to_numpy())
        return screened(candidates, frame, *more)

    monkeypatch.setattr(ShortFits, "predict", watched)
    monkeypatch.setattr(FeaturePart, "_on_held_back", on_held_back)
    monkeypatch.setattr(held_part, "screen", screen)
    one = FeaturePart(ShortFits(run), part, np.inf, Progress())
    one.run()
    assert one.confirmed
    assert set(np.concatenate(seen)) == set(part.outer.train)
    assert {found.gain.rows for found in one.confirmed} == {len(part.outer.valid)}


def test_what_the_held_back_rows_deny_is_not_kept_whatever_the_others_claim(write):
    first, second = numbers(2)
    path = write("log_loss", wide(first, second), height=first, width=second)
    run = open_run("toy")
    rows = part_of(run, 0).outer.valid
    run.competition.target[rows] = np.random.default_rng(1).permutation(run.competition.target[rows])
    outcome = FeatureSearch(run, 1e6, Progress()).search(path)
    assert outcome.found[0].claimed > 0
    assert outcome.kept == []
    assert outcome.luck > 0.5 * outcome.found[0].claimed


def test_ctrl_c_leaves_what_is_confirmed_by_then(write, monkeypatch):
    first, second = numbers(2)
    path = write("log_loss", wide(first, second), height=first, width=second)
    one = Candidate("each", "ratio", ["height", "width"])

    def chosen(self, shortlist):
        yield one, 0.5
        raise KeyboardInterrupt

    monkeypatch.setattr(FeaturePart, "_screened", lambda self: [one])
    monkeypatch.setattr(FeaturePart, "_chosen", chosen)
    outcome = searched(path)
    assert outcome.stopped
    assert read_features(path)[0] == {"each": {"ratio": ["height", "width"]}}


def test_a_budget_that_is_over_leaves_the_file_as_it_was(write, capsys, monkeypatch):
    path = write("rmse", numbers(1)[0], height=numbers(1)[0], width=numbers(1, 1)[0])
    path.write_text("features: {}\n")
    now = Clock.now()
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now + 100.0))
    outcome = FeatureSearch(open_run("toy"), 10.0, Progress()).search(path, now)
    assert outcome.rows == 0
    assert path.read_text() == "features: {}\n"


def test_a_bad_budget_and_competitions_that_it_cannot_search_are_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["features", "toy", "--budget", "soon"])
    assert "a time above zero, as in 90s, 10m or 1.5h. Received: 'soon'" in capsys.readouterr().err
    table, config = pd.DataFrame({"a": [1.0]}), SimpleNamespace(competition="toy")
    one, two = make_task("regression", ("y",)), make_task("regression", ("x", "y"))
    for train, task, match in (
        (None, one, "the training table of toy has no column"),
        (table, two, "asks for 2"),
    ):
        competition = SimpleNamespace(train=train, task=task)
        with pytest.raises(DataError, match=match):
            ShortFits(SimpleNamespace(competition=competition, config=config))


def test_a_stale_file_and_a_damaged_one_are_refused_by_name(write, capsys):
    path = write("rmse", numbers(1)[0], height=numbers(1)[0])
    said = {"each": {"ratio": ["height", "girth"]}}
    write_features(path, ["a line"], said, {"each": Origin(str(path), 0.3, 0.2, 0.05, 250)})
    assert main(["folds", "toy"]) == 1
    told = capsys.readouterr().err
    assert "`features.each` of configs/toy.features.yaml: models see no column 'girth'" in told
    assert "search again, or leave the file out with --no-features" in told
    for text, match in (
        ("models: {}\n", "must hold one section, `features`"),
        ("features: {}\nfound: {each: {claimed: much}}\n", "`found.each` must hold the numbers claimed"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=match):
            load_config(path.with_name("toy.yaml"))
    path.write_text("features: {each: {log: height}}\n")
    plain = path.with_name("toy.yaml")
    plain.write_text(plain.read_text() + "features: {each: {log: height}}\n")
    with pytest.raises(ConfigError, match="the YAML has a feature 'each' already"):
        load_config(plain)
    assert load_config(plain, features=False).features


def part_with(**gains):
    found = [
        Confirmed(Candidate(name, "log", name), 1.0, Gain(value, 0.1, 100)) for name, value in gains.items()
    ]
    return SimpleNamespace(confirmed=found, part=SimpleNamespace(outer=SimpleNamespace(valid=np.arange(100))))


def test_the_more_are_compared_the_surer_one_must_be_and_a_part_without_it_counts_as_no_gain():
    assert judge([part_with(a=0.15)])[0].kept  # 1.5 standard errors of one
    many = judge([part_with(a=0.15, b=0.0, c=0.0, d=0.0)])
    assert not any(one.kept for one in many)
    both = {one.candidate.name: one for one in judge([part_with(a=0.8), part_with(a=0.8, b=0.8)])}
    assert both["a"].gain.value == pytest.approx(0.8)
    assert both["b"].gain.value == pytest.approx(0.4)
    assert both["b"].claimed == pytest.approx(0.5)
    assert (both["a"].kept, both["b"].kept) == (True, False)


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_the_screening_knows_what_a_candidate_adds_to_its_columns(classes):
    rng = np.random.default_rng(0)
    first, second, noise = rng.normal(size=(3, 600))
    score = first * second
    target = (
        score if classes == 1 else np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))
    )
    names = tuple("abc"[:classes])
    task = make_task("regression", names) if classes == 1 else make_task("classification", names)
    base = np.full((600, classes), 0.0 if classes == 1 else 1.0 / classes)
    unsaid, learn = Unsaid(task, target, base), np.arange(600) % 2 == 0
    rows = np.arange(600)
    planted = unsaid.gain(rows, np.column_stack([first * second, first, second]), learn)
    alone = unsaid.gain(rows, np.column_stack([noise, first, second]), learn)
    assert planted > alone + 0.1


def test_candidates_have_names_of_their_own_and_the_strong_columns_come_first():
    frame = pd.DataFrame({"a b": np.arange(40.0), "c": np.arange(40.0) ** 2, "d": np.arange(40) % 7 + 0.5})
    sources = sources_of(frame, {})
    found = find_candidates(sources, sources.kinds, {"d": 0.9, "c": 0.1}, {"d_per_c"})
    assert found[0].yaml == {"ratio": ["d", "c"]}
    assert found[0].name == "d_per_c_"
    names = [one.name for one in found]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    for one in found:
        one.feature()
