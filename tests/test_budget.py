"""Within a time budget there is always a valid submission, and the time is used."""

import json
import re
from itertools import islice

import pandas as pd
import pytest

from pipeline.budget import Budget
from pipeline.cli import main
from pipeline.clock import Clock, OutOfTime, coarse, process_age
from pipeline.ensemble import hurried
from pipeline.models.tabular import Tabular
from pipeline.progress import Progress
from pipeline.run.model_products import ModelProducts
from pipeline.run.run import Run

pytestmark = pytest.mark.slow

CONFIG = """\
competition: toy
data: {target: species}
metric: log_loss
folds: {n: 3}
threads: 1
models:
  logit: {kind: logistic}
  lgbm: {kind: lightgbm, n_estimators: 30}
"""


@pytest.fixture
def place(workplace):
    (workplace / "configs" / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    return workplace


@pytest.fixture
def costs(monkeypatch):
    """Seconds per fold by the name of a model: the budget's clock goes on by them, and stands still else."""
    now, found, fit = [0.0], {}, ModelProducts._fit

    def ticking(self, name, fold, save_to):
        output = fit(self, name, fold, save_to)
        end = getattr(self.config.models[name], "max_seconds", None) or float("inf")
        seconds = min(found.get(name, found.get(name.partition("_")[0], 0.0)), end)
        now[0] += seconds + (found.get("encoding", 0.0) if name.startswith("lgbm") else 0.0)
        return output

    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    monkeypatch.setattr(ModelProducts, "_fit", ticking)
    return found


def manifest(place):
    return json.loads((place / "runs/toy/submission.json").read_text())


def members(place):
    return set(manifest(place)["models"])


def test_the_time_is_filled_with_more_of_what_is_done(place, costs, capsys):
    """22 s to train in: 3.3 s each for the model, its other setting and four seeds, not for a fifth."""
    costs.update(lgbm=1.0)
    assert main(["train", "toy", "--budget", "25s"]) == 0
    assert members(place) == {"logit", "lgbm", "lgbm_v1"}, "seeds of a model are averaged into one member"
    seeds = {f"lgbm_s{number}" for number in range(1, 5)}
    assert set(manifest(place)["config"]["models"]) == {"logit", "lgbm", "lgbm_v1"} | seeds
    assert "lgbm_s5" in capsys.readouterr().out, "what does not fit is said"
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    assert "which a budget cut to its time" in capsys.readouterr().out
    assert list(pd.read_csv("new.csv")["id"]) == list(pd.read_csv("data/toy/test.csv")["id"])


@pytest.mark.parametrize("slow", [{"logit": 9.0, "lgbm": 9.0}, {"baseline": 9.0}])
def test_with_no_time_at_all_the_baseline_is_submitted(place, costs, slow):
    costs.update(slow)
    assert main(["train", "toy", "--budget", "5s"]) == 0
    assert members(place) == {"baseline"}


def test_a_baseline_needs_neither_table_nor_pictures(place, monkeypatch):
    """Pictures and nothing else: the tables hold ids and the target."""
    for name, kept in (("train", ["id", "species"]), ("test", ["id"])):
        path = place / f"data/toy/{name}.csv"
        pd.read_csv(path, dtype=str)[kept].to_csv(path, index=False)
    net = "models: {net: {kind: cnn, backbone: 4C3 MP2 FC8, size: 12, epochs: 1}}\n"
    text = CONFIG[: CONFIG.index("models:")].replace("species}", 'species, images: "images/{id}.png"}') + net
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    original = Run.train_model

    def only_the_baseline(self, name):
        if name != "baseline":
            raise OutOfTime
        return original(self, name)

    monkeypatch.setattr(Run, "train_model", only_the_baseline)
    assert main(["train", "toy", "--budget", "10m"]) == 0
    assert members(place) == {"baseline"}


def test_the_main_model_decides_how_many_folds_fit(place, costs, capsys):
    costs.update(lgbm=2.0)
    assert main(["train", "toy", "--budget", "30s", "--set", "folds.n=10"]) == 0
    assert "folds, drawn once: what fits into the time" in capsys.readouterr().out
    assert 3 <= manifest(place)["config"]["folds"]["n"] < 10
    assert "lgbm" in members(place)


def test_time_is_filled_with_seeds_of_what_a_seed_changes(place):
    from pipeline.config.load import load_config
    from pipeline.data.source import open_source
    from pipeline.run.plan import Plan
    from pipeline.run.run import Run
    from pipeline.store import Store

    text = CONFIG.replace("  lgbm:", "  alike: {kind: gallery}\n  lgbm:")
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    config = load_config(place / "configs" / "toy.yaml")
    plan = Plan(config, open_source(place / "data/toy", "train.csv"), Store(place / "runs/toy"))
    budget = Budget(Run(plan, Progress()), seconds=1.0, done=["alike", "logit", "lgbm"])
    assert [name for name, _ in islice(budget._more(), 3)] == ["lgbm_v1", "lgbm_s1", "lgbm_s2"]


def test_a_blend_is_told_how_long_it_may_take_and_is_found_again(place, costs, monkeypatch):
    monkeypatch.setattr(hurried, "SMALL", 0)
    costs.update(lgbm=1.7, logit=1.7)
    assert main(["train", "toy", "--budget", "25s"]) == 0
    assert 0.5 <= manifest(place)["config"]["ensemble"]["max_seconds"] <= 0.8 * (25.0 - Clock.now())
    assert manifest(place)["asked"]["ensemble"]["max_seconds"] is None
    made = sorted((place / "runs/toy").glob("**/ensemble.json"))
    assert main(["report", "toy"]) == 0
    assert main(["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]) == 0
    assert sorted((place / "runs/toy").glob("**/ensemble.json")) == made


def test_a_network_that_only_finds_for_others_is_no_submission(workplace):
    chain = """\
  box: {kind: cnn, backbone: "4C3 FC8", size: 8, target: box, annotations: boxes.csv}
  net: {kind: cnn, backbone: "4C3 FC8", size: 8, view: {by: box}}
"""
    from pipeline.config.load import load_config
    from pipeline.data.source import FolderSource
    from pipeline.registry import MODELS
    from pipeline.run.plan import Plan
    from pipeline.store import Store

    path = workplace / "configs" / "toy.yaml"
    text = CONFIG[: CONFIG.index("  logit")].replace("species}", 'species, images: "images/{id}.png"}')
    path.write_text(text + chain, encoding="utf-8")
    plan = Plan(load_config(path), FolderSource(workplace / "data/toy"), Store(workplace / "runs/toy"))
    budget = Budget(Run(plan, Progress()), seconds=1.0, done=["baseline", "box"])
    budget._add("baseline", MODELS.get("baseline").Config(kind="baseline"))
    assert budget.made().plan.members == ["baseline"]
    budget.done.append("net")
    assert budget.made().plan.members == ["net"]


def test_a_model_that_is_too_slow_is_cut_and_not_thrown_away(place, costs):
    """Three folds share half of 270 s: each fit gets 0.8 of a third, rounded down to 33 s, and not 200 s."""
    costs.update(lgbm=200.0)
    assert main(["train", "toy", "--budget", "300s"]) == 0
    assert "lgbm" in members(place)
    config = manifest(place)["config"]
    assert config["models"]["lgbm"]["max_seconds"] == 33.0
    assert config["folds"]["n"] == 3


def test_folds_side_by_side_share_the_time_by_their_rounds(place, costs):
    """Two rounds (two folds, then one) and not three fits: half as much again for each."""
    costs.update(lgbm=40.0)
    assert main(["train", "toy", "--budget", "300s", "--set", "threads=2"]) == 0
    assert manifest(place)["config"]["models"]["lgbm"]["max_seconds"] == 50.0


def test_a_network_that_is_too_slow_is_cut_and_not_thrown_away(place, costs):
    """Three folds are the fewest: the quick model comes first, and the network gets what is left."""
    net = "models: {net: {kind: cnn, backbone: 4C3 MP2 FC8, size: 12, epochs: 1}, logit: {kind: logistic}}\n"
    text = CONFIG[: CONFIG.index("models:")].replace("species}", 'species, images: "images/{id}.png"}') + net
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    costs.update(net=900.0)
    assert main(["train", "toy", "--budget", "300s"]) == 0
    assert "net" in members(place)
    assert manifest(place)["config"]["models"]["net"]["max_seconds"] == 70.0


def test_a_net_whose_fits_would_be_too_short_is_left_out_at_once(place, costs, monkeypatch, capsys):
    monkeypatch.setattr(Tabular, "least_seconds", classmethod(lambda cls, size: 0.5 * size.rows))
    text = CONFIG + "  net: {kind: tabular, epochs: 2, members: 2, units: 8}\n"
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    assert main(["train", "toy", "--budget", "60s"]) == 0
    assert "net" not in members(place)
    assert re.search(r"net +left out: a fit of [\d.]+ s would not be of use", capsys.readouterr().out)


def test_new_rows_are_predicted_by_boosting_that_took_larger_steps(place, costs, capsys):
    costs.update(lgbm=2.0)
    assert main(["train", "toy", "--budget", "12s"]) == 0
    assert "boosting in larger steps" in capsys.readouterr().out
    assert manifest(place)["config"]["models"]["lgbm"]["learning_rate"] == 0.1
    predicting = ["predict", "toy", "--rows", "data/toy/test.csv", "--out", "new.csv"]
    assert main(predicting) == 0
    assert "which a budget cut to its time" in capsys.readouterr().out
    assert main([*predicting, "--set", "models.lgbm.num_leaves=9"]) == 1, "other models than were trained"


def test_nothing_begins_once_the_time_is_over(place, costs, monkeypatch, capsys):
    """A model that cannot be cut runs over the end: the fits of the next would each be a whole one."""
    text = CONFIG + "  near: {kind: neighbours}\n  trees: {kind: extra_trees, n_estimators: 5}\n"
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    costs.update(near=200.0)
    begun, fit = [], Run._fit
    monkeypatch.setattr(Run, "_fit", lambda self, name, *rest: begun.append(name) or fit(self, name, *rest))
    assert main(["train", "toy", "--budget", "60s"]) == 0
    assert begun.count("near") == 1
    assert "trees" not in begun
    assert re.search(r"trees +left out: the time is over", capsys.readouterr().out)


def test_copies_of_the_best_model_come_first_and_take_no_longer_than_it(place, costs):
    text = CONFIG + "  worse: {kind: lightgbm, n_estimators: 1, learning_rate: 0.001}\n"
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    costs.update(lgbm=40.0, worse=4.0)
    assert main(["train", "toy", "--budget", "300s"]) == 0
    models = manifest(place)["config"]["models"]
    copies = [name for name in models if "_" in name]
    assert copies[:2] == ["lgbm_v1", "lgbm_s1"]
    assert all(models[name]["max_seconds"] <= models["lgbm"]["max_seconds"] for name in copies[:2])


def test_that_copies_do_not_fit_is_said_once_of_a_model(place, costs, capsys):
    """The first copy of the model is cut to what is left of 240 s, too little for its second fold."""
    costs.update(lgbm=100.0)
    assert main(["train", "toy", "--budget", "300s"]) == 0
    said = re.findall(r"^(lgbm_\w+) +left out", capsys.readouterr().out, re.MULTILINE)
    assert len(said) == len({name.partition("_")[0] for name in said}) == 1


def test_a_limit_of_the_users_own_is_never_too_short(place, costs, monkeypatch):
    monkeypatch.setattr(Tabular, "least_seconds", classmethod(lambda cls, size: 1e9))
    monkeypatch.setattr(Budget, "_more", lambda self: iter(()))  # else copies fill a clock that stands still
    text = CONFIG + "  net: {kind: tabular, epochs: 2, members: 2, units: 8, max_seconds: 5}\n"
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    assert main(["train", "toy", "--budget", "60s"]) == 0
    assert "net" in members(place)


def test_whole_fits_that_are_there_are_used(place, costs):
    assert main(["train", "toy"]) == 0
    costs.update(lgbm=200.0)
    assert main(["train", "toy", "--budget", "60s"]) == 0
    assert manifest(place)["config"]["models"]["lgbm"]["max_seconds"] is None


@pytest.mark.parametrize(
    "seconds, rounded",
    [
        (0.4, 0.0),
        (0.5, 0.5),
        (0.9, 0.85),
        (1.0, 1.0),
        (1.3, 1.2),
        (4.9, 4.5),
        (69.0, 65.0),
        (100.0, 100.0),
        (1e5, 1e5),
    ],
)
def test_shares_are_rounded_down_to_a_coarse_grid(seconds, rounded):
    assert coarse(seconds) == rounded


def test_a_clock_ends_what_cannot_be_done_in_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(Clock, "now", staticmethod(lambda: now[0]))
    clock = Clock(Progress(), deadline=100.0)
    clock.start_model(50.0)
    clock.begin("a fold0", 0, 5)
    now[0] = 9.0
    clock.update(0.5, "half way")
    clock.begin("a fold1", 1, 5)
    now[0] = 30.0
    with pytest.raises(OutOfTime, match=r"^$"):
        clock.begin("a fold2", 2, 5)
    assert clock.per_round == 15.0
    now[0] = 51.0
    with pytest.raises(OutOfTime, match=r"^$"):
        clock.update(0.1, "late")


@pytest.mark.parametrize("text", ["0", "-3m", "soon", "infh"])
def test_a_budget_is_a_time_above_zero(place, text, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["train", "toy", f"--budget={text}"])
    assert "a time above zero, as in 90s, 10m or 1.5h" in capsys.readouterr().err


def test_a_budget_counts_from_when_the_command_was_given(place, costs, capsys):
    """20 s went by before: what is left is the time of the baseline and no more."""
    costs.update(logit=9.0, lgbm=9.0)
    assert main(["train", "toy", "--budget", "25s"], age=20.0) == 0
    assert members(place) == {"baseline"}
    assert main(["train", "toy", "--budget", "250s"], age=20.0) == 0
    assert "lgbm" in members(place)


def test_a_process_knows_its_age():
    first = process_age()
    assert 0 <= first <= process_age()


def test_what_folds_take_beside_their_fits_is_learned(place, costs):
    """Encoding takes 20 s of every fold: of 36 s for a fold of the next model 16 are left."""
    costs.update(lgbm=200.0, encoding=20.0)
    assert main(["train", "toy", "--budget", "300s"]) == 0
    models = manifest(place)["config"]["models"]
    assert [models[name]["max_seconds"] for name in ("lgbm", "lgbm_v1")] == [33.0, 15.0]


@pytest.mark.parametrize(("least", "started"), [(1e9, []), (0.0, ["net"])])
def test_a_library_is_loaded_only_for_a_fit_that_may_be_of_use(place, costs, monkeypatch, least, started):
    text = CONFIG + "  net: {kind: tabular, epochs: 1, members: 1, units: 8}\n"
    (place / "configs" / "toy.yaml").write_text(text, encoding="utf-8")
    seen = []
    monkeypatch.setattr(Tabular, "start", classmethod(lambda cls, threads: seen.append("net")))
    monkeypatch.setattr(Tabular, "least_seconds", classmethod(lambda cls, size: least))
    monkeypatch.setattr(Tabular, "variants", ())
    monkeypatch.setattr(Tabular, "seeded", False)
    assert main(["train", "toy", "--budget", "300s"]) == 0
    assert sorted(set(seen)) == started
    assert ("net" in members(place)) == bool(started)


def test_a_budget_reads_the_competition_once(place, costs, monkeypatch):
    from pipeline.data.competition import Competition

    loads, load = [], Competition.load
    monkeypatch.setattr(Competition, "load", lambda folder: loads.append(folder) or load(folder))
    assert main(["train", "toy", "--budget", "8s"]) == 0
    assert members(place) >= {"lgbm"}
    assert len(loads) == 1
