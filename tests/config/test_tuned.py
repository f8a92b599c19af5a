import pytest

from pipeline.config.load import load_config
from pipeline.config.marks import marks_of
from pipeline.config.tuned import UNKNOWN, Found, read_found, read_tuned, tuned_mark, tuned_path
from pipeline.errors import ConfigError
from pipeline.search.tuned_file import write_tuned

YAML = """\
competition: toy
metric: log_loss
models:
  lgbm: {kind: lightgbm, num_leaves: 5, params: {max_bin: 63}}
  logit: {kind: logistic, C: 1.0}
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "toy.yaml").write_text(YAML)
    return tmp_path / "toy.yaml"


def test_found_keys_lie_over_the_yaml_and_overrides_over_both(path):
    write_tuned(tuned_path(path), "lgbm", {"num_leaves": 9, "params": {"lambda_l1": 0.5}}, "trial 3")
    lgbm = load_config(path).models["lgbm"]
    assert (lgbm.num_leaves, lgbm.params) == (9, {"max_bin": 63, "lambda_l1": 0.5})
    assert load_config(path, tuned=False).models["lgbm"].num_leaves == 5
    assert load_config(path, besides="lgbm").models["lgbm"].num_leaves == 5
    assert load_config(path, ["models.lgbm.num_leaves=31"]).models["lgbm"].num_leaves == 31


def test_each_model_keeps_its_section_and_its_newest_comment(path):
    tuned = tuned_path(path)
    write_tuned(tuned, "lgbm", {"num_leaves": 9}, "trial 3 of 10, 2026-01-01")
    write_tuned(tuned, "logit", {"C": 0.5}, "trial 8 of 10, 2026-01-02")
    write_tuned(tuned, "lgbm", {"num_leaves": 11}, "trial 5 of 10, 2026-01-03")
    text = tuned.read_text()
    assert read_tuned(tuned)[0] == {"lgbm": {"num_leaves": 11}, "logit": {"C": 0.5}}
    assert "# trial 5 of 10, 2026-01-03" in text
    assert "# trial 8 of 10, 2026-01-02" in text
    assert "trial 3" not in text


FOUND = Found(trials=40, claimed=0.0123, held_back=0.004, error=0.0031, rows=178)
MARK = "tuned on these folds: about 0.00830 too good (+0.01230 there, +0.00400 ± 0.00310 on rows held back)"


def test_a_tuned_model_carries_what_its_search_says_of_it(path):
    tuned = tuned_path(path)
    write_tuned(tuned, "lgbm", {"num_leaves": 9}, "trial 3", FOUND)
    write_tuned(tuned, "logit", {"C": 0.5}, "trial 4")
    assert read_found(tuned) == {"lgbm": FOUND}
    models = load_config(path).models
    assert tuned_mark(models["lgbm"]) == MARK
    assert tuned_mark(models["logit"]) == UNKNOWN
    assert marks_of("lgbm", models) == (MARK,)
    copies = {"lgbm_s1": models["lgbm"].model_copy(update={"seed": 1})}
    assert marks_of("lgbm_s1", copies) == (MARK,)
    assert (
        models["lgbm"].model_dump()
        == load_config(path, ["models.lgbm.num_leaves=9"], False).models["lgbm"].model_dump()
    )
    for plain in (load_config(path, tuned=False), load_config(path, besides="lgbm")):
        assert tuned_mark(plain.models["lgbm"]) is None


def test_a_search_that_finds_nothing_leaves_no_mark(path):
    tuned = tuned_path(path)
    write_tuned(tuned, "lgbm", {"num_leaves": 9}, "trial 3", FOUND)
    write_tuned(tuned, "lgbm", {}, "none of 10 trials")
    assert read_found(tuned) == {}
    assert tuned_mark(load_config(path).models["lgbm"]) is None


@pytest.mark.parametrize("facts", ["{rows: 3}", "{trials: many}", "7", "[1]"])
def test_a_damaged_record_is_named(path, facts):
    tuned_path(path).write_text(f"models:\n  lgbm: {{num_leaves: 9}}\nfound:\n  lgbm: {facts}\n")
    with pytest.raises(
        ConfigError, match=r"toy\.tuned\.yaml:4: `found\.lgbm` must hold the numbers trials, claimed"
    ):
        load_config(path)


def test_a_section_of_records_that_is_none_is_named(path):
    tuned_path(path).write_text("models:\n  lgbm: {num_leaves: 9}\nfound: 7\n")
    with pytest.raises(ConfigError, match=r"toy\.tuned\.yaml:3: `found` must be a section"):
        load_config(path)


def test_a_mistake_in_the_tuned_file_is_named_with_that_file(path):
    tuned_path(path).write_text("models:\n  lgbm:\n    leavs: 3\n")
    with pytest.raises(ConfigError, match=r"toy\.tuned\.yaml:3: `models\.lgbm\.leavs`: unknown key\."):
        load_config(path)
    tuned_path(path).write_text("models:\n  lgb: {num_leaves: 3}\n")
    with pytest.raises(ConfigError, match=r"toy\.tuned\.yaml:2: .* no model 'lgb'\. Did you mean 'lgbm'"):
        load_config(path)
    tuned_path(path).write_text("lgbm: {num_leaves: 3}\n")
    with pytest.raises(ConfigError, match="must hold one section, `models`"):
        load_config(path)


def test_search_spaces_are_checked_with_the_rest_of_the_yaml(path):
    path.write_text(YAML + "search:\n  lgbm: {num_leaves: {int: [9, 3]}}\n  lgmb: {}\n")
    with pytest.raises(ConfigError, match="cannot be used") as error:
        load_config(path)
    assert "toy.yaml:7: `search.lgbm.num_leaves`: `int`: low must be below high" in str(error.value)
    assert "`search`: no model 'lgmb'. Did you mean 'lgbm'?" in str(error.value)
