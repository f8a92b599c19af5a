import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.draft.cost import Machine, learned_pictures, plan_of, table_seconds
from pipeline.draft.models import choose_models
from pipeline.draft.network import SCRATCH_NET, choose_network
from pipeline.draft.weights import Weights
from pipeline.models.size import Size
from pipeline.networks.config import CNNConfig
from pipeline.networks.plan import make_plan

TWO = Machine(threads=2)
SMALL = Weights("mobilenet", 0.25)
LARGE = Weights("convnext_tiny")


def size(rows=1_000, columns=20, kind="classification", outputs=2, picture=None, numeric=1.0):
    return Size(rows, rows // 3, columns, kind, outputs, picture, numeric)


def kinds(data, fits=5, metric="log_loss", weights=()):
    chosen, left_out = choose_models(data, fits, metric, TWO, list(weights))
    return [model.section["kind"] for model in chosen], " ".join(left_out)


def test_a_small_table_gets_one_model_of_each_family():
    found, left_out = kinds(size())
    assert {"lightgbm", "xgboost", "extra_trees", "linear", "neighbours"} <= set(found)
    assert left_out == ""


def test_a_large_table_gets_what_ends_in_time():
    found, left_out = kinds(size(rows=20_000_000, columns=50))
    assert found == ["lightgbm"]
    assert "neighbours: 20,000,000 rows" in left_out
    assert "all its fits would take about" in left_out


def test_words_have_no_distances():
    found, left_out = kinds(size(numeric=0.2))
    assert "neighbours" not in found
    assert "distances need" in left_out


def test_names_with_many_levels_get_a_model_of_what_they_say_together():
    assert "crosses" in kinds(replace(size(numeric=0.2), categories=3))[0]
    assert "crosses" not in kinds(replace(size(numeric=0.2), categories=2))[0]


def test_few_rows_per_class_are_not_boosted():
    found, left_out = kinds(size(rows=500, outputs=99))
    assert not {"lightgbm", "xgboost"} & set(found)
    assert "5 rows per class" in left_out


@pytest.mark.parametrize("model", ["lightgbm", "extra_trees", "neighbours", "tabular", "linear"])
def test_more_threads_and_fewer_rows_cost_less(model):
    slow = table_seconds(model, size(rows=50_000), 5, TWO)
    assert table_seconds(model, size(rows=50_000), 5, Machine(threads=8)) == pytest.approx(slow / 4)
    assert table_seconds(model, size(rows=20_000), 5, TWO) < slow


def test_pictures_and_table_are_combined():
    found, _ = choose_models(size(picture=(200, 300)), 5, "log_loss", TWO, [SMALL])
    assert found[0].section["kind"] == "cnn"
    assert found[1].section["inputs"] == ["auto", "cnn.embedding"]


def test_pictures_alone():
    found, _ = choose_models(size(columns=0, picture=(200, 300)), 5, "log_loss", TWO, [SMALL])
    assert [model.section.get("inputs") for model in found] == [None, ["cnn.embedding"]]


def test_a_network_from_scratch_is_read_by_what_it_sees_too():
    found, _ = choose_models(size(picture=(28, 28)), 5, "log_loss", TWO, [])
    assert found[1].section["inputs"] == ["auto", "cnn.embedding"]
    found, _ = choose_models(size(columns=0, picture=(28, 28)), 5, "log_loss", TWO, [])
    assert [model.name for model in found] == ["cnn", "embedding"]


def section(data, weights=(), threads=2):
    found = choose_network(data, 5, Machine(threads), list(weights)).section
    config = CNNConfig(**found)
    assert config.problems("models.cnn") == []
    return found


def test_tiny_pictures_get_a_net_from_scratch():
    found = section(size(picture=(8, 8)), [SMALL])
    assert found["backbone"].startswith("32C3s")
    assert found["size"] == 8
    assert section(size(rows=60_000, picture=(28, 20)))["size"] == [28, 20]


def test_many_tiny_pictures_get_a_cheaper_net_and_fewer_epochs():
    found = section(size(rows=60_000, picture=(28, 28)))
    assert found["backbone"] == "20C5 MP2 50C5 MP2 FC256"
    assert found["epochs"] < 10


def test_weights_that_are_there_are_tuned_where_time_allows():
    found = section(size(rows=800, picture=(300, 500)), [SMALL, LARGE])
    assert (found["backbone"], found["alpha"], found["weights"]) == ("mobilenet", 0.25, "imagenet")
    assert "finetune" not in found
    assert (
        section(size(rows=800, picture=(300, 500)), [SMALL, LARGE], threads=1_000)["backbone"]
        == "convnext_tiny"
    )


def test_a_large_network_stays_frozen():
    assert section(size(rows=5_000, picture=(300, 500)), [LARGE])["finetune"] == "none"


def test_the_size_follows_the_pictures():
    assert section(size(rows=300, picture=(100, 120)), [SMALL])["size"] == 128


def test_without_weights_the_comment_says_how_to_get_them():
    chosen = choose_network(size(rows=800, picture=(300, 500)), 5, TWO, [])
    assert chosen.section["backbone"] == SCRATCH_NET
    assert "mobilenet_v2" in chosen.reason


@pytest.mark.parametrize("rows, outputs", [(300, 3), (800, 2), (6_000, 10), (50_000, 10)])
def test_the_cost_is_that_of_the_plan_which_trains(rows, outputs):
    data = size(rows=rows, picture=(300, 500), outputs=outputs)
    target = np.arange(round(0.8 * rows)) % outputs
    for keys in ({"backbone": "mobilenet", "weights": "imagenet"}, {"backbone": SCRATCH_NET}):
        trained = make_plan(CNNConfig(kind="cnn", **keys), target)
        planned = plan_of({"kind": "cnn", **keys}, data)
        assert planned == trained
        assert learned_pictures(planned, data) == len(target) * trained.epochs


@pytest.mark.parametrize("rows, outputs, why", [(150, 2, "120 training"), (900, 400, "2 per class")])
def test_too_few_pictures_to_fine_tune_are_said_to_be(rows, outputs, why):
    chosen = choose_network(size(rows=rows, picture=(300, 500), outputs=outputs), 5, TWO, [SMALL])
    assert re.search(rf"frozen \(none: .*{why}", chosen.reason)
    assert "finetune" not in chosen.section


def test_texts_get_ngrams_first_the_quickest_of_them_and_tables_none():
    texts = Size(5_000, 2_000, 1, "classification", 3, numeric=0.0, texts=("story",), characters=150.0)
    found, _ = choose_models(texts, 5, "log_loss", TWO, [])
    assert [model.name for model in found][:4] == ["words", "ngrams", "chars", "logit"]
    several, _ = choose_models(replace(texts, kind="multilabel"), 5, "log_loss", TWO, [])
    assert [model.name for model in several][:3] == ["words", "ngrams", "logit"]
    assert "story" in found[1].reason
    assert not any(model.section["kind"] == "ngrams" for model in choose_models(size(), 5, "auc", TWO, [])[0])


def test_a_regression_on_texts_has_no_naive_bayes():
    texts = Size(5_000, 2_000, 1, "regression", 1, numeric=0.0, texts=("story",), characters=150.0)
    found, _ = choose_models(texts, 5, "rmse", TWO, [])
    sections = [model.section for model in found if model.section["kind"] == "ngrams"]
    assert sections == [{"kind": "ngrams"}]
