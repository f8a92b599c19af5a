import pytest

from pipeline.config.load import load_config
from pipeline.config.tuned import read_tuned, tuned_path
from pipeline.errors import ConfigError
from pipeline.search.tuned_file import write_tuned

YAML = """\
competition: toy
metric: log_loss
models:
  lgbm: {kind: lightgbm, leaves: 5, params: {max_bin: 63}}
  logit: {kind: logistic, C: 1.0}
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "toy.yaml").write_text(YAML)
    return tmp_path / "toy.yaml"


def test_found_keys_lie_over_the_yaml_and_overrides_over_both(path):
    write_tuned(tuned_path(path), "lgbm", {"leaves": 9, "params": {"lambda_l1": 0.5}}, "trial 3")
    lgbm = load_config(path).models["lgbm"]
    assert (lgbm.leaves, lgbm.params) == (9, {"max_bin": 63, "lambda_l1": 0.5})
    assert load_config(path, tuned=False).models["lgbm"].leaves == 5
    assert load_config(path, besides="lgbm").models["lgbm"].leaves == 5
    assert load_config(path, ["models.lgbm.leaves=31"]).models["lgbm"].leaves == 31


def test_each_model_keeps_its_section_and_its_newest_comment(path):
    tuned = tuned_path(path)
    write_tuned(tuned, "lgbm", {"leaves": 9}, "trial 3 of 10, 2026-01-01")
    write_tuned(tuned, "logit", {"C": 0.5}, "trial 8 of 10, 2026-01-02")
    write_tuned(tuned, "lgbm", {"leaves": 11}, "trial 5 of 10, 2026-01-03")
    text = tuned.read_text()
    assert read_tuned(tuned)[0] == {"lgbm": {"leaves": 11}, "logit": {"C": 0.5}}
    assert "# trial 5 of 10, 2026-01-03" in text
    assert "# trial 8 of 10, 2026-01-02" in text
    assert "trial 3" not in text


def test_a_mistake_in_the_tuned_file_is_named_with_that_file(path):
    tuned_path(path).write_text("models:\n  lgbm:\n    leavs: 3\n")
    with pytest.raises(ConfigError, match=r"toy\.tuned\.yaml:3: `models\.lgbm\.leavs`: unknown key\."):
        load_config(path)
    tuned_path(path).write_text("models:\n  lgb: {leaves: 3}\n")
    with pytest.raises(ConfigError, match=r"toy\.tuned\.yaml:2: .* no model 'lgb'\. Did you mean 'lgbm'"):
        load_config(path)
    tuned_path(path).write_text("lgbm: {leaves: 3}\n")
    with pytest.raises(ConfigError, match="must hold one section, `models`"):
        load_config(path)


def test_search_spaces_are_checked_with_the_rest_of_the_yaml(path):
    path.write_text(YAML + "search:\n  lgbm: {leaves: {int: [9, 3]}}\n  lgmb: {}\n")
    with pytest.raises(ConfigError, match="cannot be used") as error:
        load_config(path)
    assert "toy.yaml:7: `search.lgbm.leaves`: `int`: low must be below high" in str(error.value)
    assert "`search`: no model 'lgmb'. Did you mean 'lgbm'?" in str(error.value)
