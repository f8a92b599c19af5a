import pytest

from pipeline.config.load import load_config
from pipeline.config.metric import MetricConfig, metric_key, metric_name, metric_of
from pipeline.errors import ConfigError

CONFIG = """\
competition: toy
data: {target: sales}
metric: METRIC
models: {trees: {kind: extra_trees}}
"""


@pytest.fixture
def load(tmp_path):
    def load(metric, overrides=()):
        path = tmp_path / "toy.yaml"
        path.write_text(CONFIG.replace("METRIC", metric), encoding="utf-8")
        return load_config(path, overrides).metric

    return load


def test_a_name_is_a_name(load):
    assert load("mae") == metric_key("mae") == metric_name("mae") == "mae"
    assert metric_of("quantile@0.9").quantile == 0.9


def test_what_it_sees_is_a_section(load):
    said = load("{kind: mae, weights: importance, groups: store, rows: {phase: in}}")
    assert metric_of(said).sees == ("weights", "groups", "rows")
    assert metric_name(said) == "mae (weights, groups, rows)"
    assert metric_key(said) == {
        "kind": "mae",
        "weights": "importance",
        "groups": "store",
        "rows": {"phase": "in"},
    }
    assert metric_of(load("{kind: mae}")) == metric_of("mae")


def test_cells_that_yaml_takes_for_numbers_are_text(load):
    said = load("{kind: mae, weights: {IsHoliday: {TRUE: 5, false: 1}}, rows: {u_out: 0, R: [5, 20.5]}}")
    assert said.weights == {"IsHoliday": {"True": 5.0, "False": 1.0}}
    assert said.rows == {"u_out": "0", "R": ["5", "20.5"]}


def test_keys_may_be_set_on_the_command_line(load):
    assert load("{kind: mae, groups: store}", ["metric.groups=shop"]) == MetricConfig(
        kind="mae", groups="shop"
    )


@pytest.mark.parametrize(
    "metric, message",
    [
        ("{weights: x}", r"toy.yaml:3: `metric.kind`: is required"),
        ("{kind: rmes, groups: x}", r"toy.yaml:3: `metric`: Unknown metric 'rmes'. Did you mean 'rmse'\?"),
        ("{kind: r2, weights: x}", r"`metric`: 'r2' is no mean over rows and cannot be weighted."),
        ("{kind: mae, weight: x}", r"`metric.weight`: unknown key. Did you mean 'weights'\?"),
        ("{kind: mae, weights: {a: {x: 1}, b: {y: 1}}}", r"`metric.weights` must be one column: `{COLUMN: "),
        ("{kind: mae, weights: {a: {x: much}}}", r"`metric.weights.*a.*x` must be "),
        ("{kind: mae, rows: phase}", r"`metric.rows` must be "),
        ("{kind: accuracy, rows: {a: {b: 1}}}", r"`metric.rows.*a.* must be "),
        ("[mae]", r"`metric` must be "),
    ],
)
def test_mistakes_are_named(load, metric, message):
    with pytest.raises(ConfigError, match=message):
        load(metric)
