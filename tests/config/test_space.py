import pytest

from pipeline.config.checks import space_messages
from pipeline.config.space import parse_space
from pipeline.registry import MODELS


def section(kind="lightgbm", **keys):
    return MODELS.get(kind).Config(kind=kind, **keys)


def messages(specs, kind="lightgbm", **keys):
    return "\n".join(f"{name}: {text}" for name, text in space_messages(specs, section(kind, **keys)))


@pytest.mark.parametrize("kind", [name for name in MODELS if name not in ("baseline", "linear")])
def test_every_kind_has_a_default_space_that_its_own_section_accepts(kind):
    own = section(kind)
    assert own.space()
    if kind not in ("catboost", "transformer"):  # say that the library is missing, where it is
        assert messages(own.space(), kind) == ""


PENALTIES = {"reg_lambda", "reg_alpha", "C", "alpha", "gamma", "weight_decay"}


@pytest.mark.parametrize("kind", MODELS.names())
def test_rates_and_penalties_are_searched_by_their_logarithm(kind):
    for name, spec in section(kind).space().items():
        if name.endswith("learning_rate") or name in PENALTIES:
            assert spec["log"], name


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (5, "must be one of {int: [low, high]}"),
        ({"int": [1, 5], "float": [1, 5]}, "must be one of"),
        ({"int": [1.5, 5]}, "must be two whole numbers"),
        ({"int": [5]}, "must be two whole numbers"),
        ({"int": [8, 2]}, "low must be below high"),
        ({"int": [True, 5]}, "must be two whole numbers"),
        ({"float": [0.0, 1.0], "log": True}, "needs a low above 0"),
        ({"float": [0.1, 1.0], "log": 1}, "`log` must be true or false"),
        ({"float": [0.1, 1.0], "step": 0}, "`step` must be a number above 0"),
        ({"float": [0.1, 1.0], "log": True, "step": 0.1}, "does not go with"),
        ({"choice": []}, "at least one value"),
        ({"choice": [3, 3]}, "holds a value twice"),
        ({"choice": [2, 3], "log": True}, "`log` does not go with `choice`"),
        ({"int": [2, 5], "lgo": True}, "unknown key 'lgo'. Did you mean 'log'?"),
        ({"int": [2, 5], "when": 3}, "`when` must be"),
        ({"int": [2, 5], "when": {"extra": 1}}, "'extra' is no parameter of this space"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said(spec, said):
    assert said in messages({"num_leaves": spec})


def test_all_mistakes_at_once_and_values_are_those_that_the_section_takes():
    said = messages(
        {
            "num_leafs": {"int": [2, 8]},
            "subsample": {"float": [0.5, 1.5]},
            "colsample_bytree": {"choice": ["a"]},
            "reg_lambda": {"float": [0, 1], "log": True},
        }
    )
    assert "num_leafs: params: lightgbm has no parameter 'num_leafs'" in said
    assert "Did you mean the key `num_leaves`, beside `params`?" in said
    assert "subsample: `subsample` must be less than or equal to 1. Received: 1.5" in said
    assert "colsample_bytree: `colsample_bytree` must be a number. Received: 'a'" in said
    assert "reg_lambda: `log: true` needs a low above 0" in said


def test_the_librarys_own_names_are_understood():
    specs = {
        "lambda_l2": {"float": [0.1, 9.0]},
        "eta": {"float": [0.01, 0.1]},
        "path_smooth": {"int": [0, 9]},
    }
    assert messages(specs) == ""
    space, _ = parse_space(specs, section())
    found = space.apply(section(params={"max_bin": 63}), {"lambda_l2": 2.0, "eta": 0.05, "path_smooth": 3})
    assert (found.reg_lambda, found.learning_rate) == (2.0, 0.05)
    assert found.params == {"max_bin": 63, "path_smooth": 3}
    assert space.nested({"eta": 0.05, "path_smooth": 3}) == {
        "learning_rate": 0.05,
        "params": {"path_smooth": 3},
    }


def test_a_setting_is_searched_under_one_name_and_not_set_under_another():
    rate = {"float": [0.01, 0.1]}
    said = messages({"learning_rate": rate, "eta": rate})
    assert said == "eta: and 'learning_rate' are both the key `learning_rate`; keep one."
    said = messages({"num_leaves": {"int": [3, 9]}}, params={"max_leaf": 7})
    assert "`num_leaves` and `params.max_leaf` are the same setting; keep `num_leaves`." in said


def test_conditions_must_be_possible():
    depends = {
        "extra_trees": {"choice": [True, False]},
        "num_leaves": {"int": [2, 9], "when": {"extra_trees": 7}},
    }
    assert "'extra_trees' cannot be 7. Its choices: True, False" in messages(depends)
    number = {"max_depth": {"int": [1, 9]}, "num_leaves": {"int": [2, 9], "when": {"max_depth": 3}}}
    assert "'max_depth' must be a `choice`" in messages(number)
    circle = {
        "extra_trees": {"choice": [True, False], "when": {"num_leaves": 4}},
        "num_leaves": {"choice": [2, 4], "when": {"extra_trees": True}},
    }
    assert "goes in a circle" in messages(circle)


def test_a_parameter_comes_after_those_that_it_depends_on():
    specs = {
        "num_leaves": {"int": [2, 9], "when": {"extra_trees": True}},
        "extra_trees": {"choice": [True, False]},
    }
    space, wrong = parse_space(specs, section())
    assert not wrong
    assert [parameter.name for parameter in space.parameters] == ["extra_trees", "num_leaves"]
