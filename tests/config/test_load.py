import pytest

from pipeline.config.load import find_config, known_competitions, load_config
from pipeline.config.order import model_order
from pipeline.errors import ConfigError

GOOD = """\
competition: toy
data: {target: species, images: "images/{id}.png"}
metric: log_loss
folds: {n: 4}
models:
  trees: {kind: extra_trees}
  logit: {kind: logistic, inputs: [table, trees.prediction]}
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "toy.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_defaults_fill_what_is_not_said(write):
    config = load_config(write(GOOD))
    assert config.folds.n == 4
    assert config.folds.seed == 0
    assert config.data.train == "train.csv"
    assert config.models["trees"].kind == "extra_trees"
    assert config.ensemble.method == "auto"


def test_overrides_are_read_as_yaml(write):
    overrides = ["folds.n=3", "models.logit.inputs=[table]", "data.drop=[a, b]"]
    config = load_config(write(GOOD), overrides)
    assert config.folds.n == 3
    assert config.models["logit"].inputs == ["table"]
    assert config.data.drop == ["a", "b"]


def test_numbers_and_words_are_those_of_yaml_1_2(write):
    config = load_config(write(GOOD.replace("{n: 4}", "{n: 4, group: on}")), ["models.trees.seeds=2"])
    assert config.folds.group == "on"
    with pytest.raises(ConfigError, match=r"`folds.n` must be .*integer. Received: 1e3|Received: 1000.0"):
        load_config(write(GOOD.replace("{n: 4}", "{n: 1e3}")))


BAD = """\
competition: toy
data: {target: species, imges: x}
metric: log_los
folds: {kind: stratifed, n: 1}
models:
  lgbm: {kind: lightgbm, params: {num_leafs: 3}, seeds: "2"}
  trees: {kind: extra_tree}
  logit: {kind: logistic, inputs: [table, tres.prediction]}
ensemble: {method: grredy}
"""


@pytest.mark.parametrize(
    "expected",
    [
        r"toy.yaml:2: `data.imges`: unknown key. Did you mean 'images'\?",
        r"toy.yaml:4: `folds.kind` must be .*Received: 'stratifed'. Did you mean 'stratified'\?",
        r"toy.yaml:4: `folds.n` must be greater than or equal to 2. Received: 1.",
        r"toy.yaml:8: .*no model 'tres'. Did you mean 'trees'",
        r"toy.yaml:6: `models.lgbm.seeds` must be .*integer. Received: '2'.",
        r"toy.yaml:7: `models.trees.kind`: Unknown model 'extra_tree'. Did you mean 'extra_trees'\?",
    ],
)
def test_every_mistake_is_reported_at_once(write, expected):
    with pytest.raises(ConfigError, match=expected):
        load_config(write(BAD))


@pytest.mark.parametrize(
    "line, replacement, expected",
    [
        ("metric: log_loss", "metric: log_los", r"toy.yaml:3: `metric`: .*Did you mean 'log_loss'\?"),
        ("trees.prediction", "tres.prediction", r"toy.yaml:7: .*no model 'tres'. Did you mean 'trees'\?"),
        (
            "trees.prediction",
            "trees.guess",
            r"accepts trees.prediction or trees.embedding. Received: 'trees.gu",
        ),
        ("trees.prediction", "trees.embedding", r"model 'trees' has no embedding"),
        ("{n: 4}", "{kind: group}", r"`folds.kind: group` needs `folds.group`"),
        ("{n: 4}", "{time: day, repeats: 2}", r"`folds.repeats` must be 1"),
        ("{n: 4}", "{group: day, ahead: 7}", r"`folds.ahead` is for folds in time: it needs `folds.time`"),
        ("{n: 4}", "{time: day, ahead: 0}", r"`folds.ahead`.*Received: 0"),
        ("{n: 4}", "{n: 4, n: 5}", r"toy.yaml:4: .*duplicate key"),
        ("  trees:", "  my trees:", r"a model's name must be letters"),
        ("competition: toy", "competition: ../toy", r"`competition` must"),
    ],
)
def test_one_mistake(write, line, replacement, expected):
    with pytest.raises(ConfigError, match=expected):
        load_config(write(GOOD.replace(line, replacement)))


def test_an_unknown_ensemble_method_and_member(write):
    with pytest.raises(
        ConfigError, match=r"(?s)unknown method 'greddy'. Did you mean 'greedy'.*no model 'tree'"
    ):
        load_config(write(GOOD + "ensemble: {method: greddy, members: [tree]}\n"))


def test_an_override_is_named_as_the_source_of_its_mistake(write):
    with pytest.raises(ConfigError, match=r"--set: `folds.nn`: unknown key. Did you mean 'n'\?"):
        load_config(write(GOOD), ["folds.nn=3"])
    with pytest.raises(ConfigError, match=r"--set takes KEY=VALUE"):
        load_config(write(GOOD), ["folds.n"])
    with pytest.raises(ConfigError, match=r"`metric.x`|`metric` is no section"):
        load_config(write(GOOD), ["metric.x=3"])


def test_models_that_read_one_another_in_a_circle(write):
    circle = GOOD.replace("{kind: extra_trees}", "{kind: extra_trees, inputs: [logit.prediction]}")
    with pytest.raises(ConfigError, match=r"read one another in a circle: .*logit"):
        load_config(write(circle))


def test_models_come_after_those_that_they_read(write):
    config = load_config(write(GOOD))
    order = model_order(config.models)
    assert order.index("trees") < order.index("logit")


@pytest.mark.parametrize(
    "text, expected", [("- a\n", "must hold"), ("a: [1\n", "not valid YAML"), ("", "must hold")]
)
def test_a_file_that_is_no_mapping(write, text, expected):
    with pytest.raises(ConfigError, match=expected):
        load_config(write(text))


def test_an_unknown_competition_gets_the_nearest(tmp_path):
    (tmp_path / "whales.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "whales.tuned.yaml").write_text("", encoding="utf-8")
    assert known_competitions(tmp_path) == ["whales"]
    with pytest.raises(ConfigError, match=r"Did you mean 'whales'\? Known competitions: whales"):
        find_config("whale", tmp_path)
