"""What a kind of model says of itself: no table elsewhere knows the names of kinds."""

import pytest

from pipeline.draft.models import NAMES
from pipeline.models.size import Size
from pipeline.registry import MODELS

SMALL = Size(1_000, 500, 10, "classification", 3)
LARGE = Size(50_000, 20_000, 10, "classification", 3)


@pytest.mark.parametrize("kind", sorted({*NAMES, "ngrams"} & set(MODELS)))
def test_what_make_new_writes_has_a_cost_that_grows_with_the_rows(kind):
    model = MODELS.get(kind)
    small = Size(1_000, 500, 10, "classification", 3, characters=100.0)
    large = Size(50_000, 20_000, 10, "classification", 3, characters=100.0)
    assert 0 < model.seconds(small) < model.seconds(large)


@pytest.mark.parametrize("kind", list(MODELS))
def test_settings_of_a_budget_are_keys_of_the_section(kind):
    model = MODELS.get(kind)
    for settings in (model.faster, *model.variants):
        assert set(settings) <= set(model.Config.model_fields)
        model.Config.model_validate({"kind": kind, **settings})


def test_one_kind_only_leads_where_several_are_there():
    places = [MODELS.get(kind).leads for kind in MODELS if MODELS.get(kind).leads]
    assert len(set(places)) == len(places)
    assert places


def test_what_speaks_against_a_kind_is_said_in_words():
    assert "too many to compare" in MODELS.get("neighbours").unsuitable(LARGE)
    assert MODELS.get("neighbours").unsuitable(SMALL) == ""
    assert "too few for boosting" in MODELS.get("lightgbm").unsuitable(Size(100, 50, 5, "classification", 20))


def test_a_kind_that_nobody_has_measured_says_so():
    with pytest.raises(TypeError, match="Nobody has measured what CNN costs"):
        MODELS.get("cnn").seconds(SMALL)
