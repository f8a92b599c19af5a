"""Networks of texts from scratch: what they learn from, how they stop and go on, what they begin with."""

import re

import numpy as np
import pandas as pd
import pytest

from pipeline.context import Context
from pipeline.models.text_net import TextNet
from pipeline.networks.keras_import import to_numpy
from pipeline.networks.tokens.config import TextNetConfig
from pipeline.package.weights import weights_files
from pipeline.tasks.base import make_task
from pipeline.testing import TASKS, build, dataset_of, small_dataset
from tests.models.killing import stopping_at

pytestmark = pytest.mark.usefixtures("untraced")  # a few steps each

QUICK = {
    "columns": ["words"],
    "layers": {"word": "E4 GA"},
    "min_count": 1,
    "epochs": 1,
    "batch_size": 20,
    "learning_rate": 0.02,
}
ROWS, INNER = np.arange(60), np.arange(60, 75)


def fit(context=Context(seed=3), data=None, task="classification", rows=ROWS, **keys):
    data = data or small_dataset(task)
    model = build("text_net", QUICK | keys, TASKS[task])
    inner = data.rows(INNER) if model.wants_inner_split else None
    return model.fit(data.rows(rows), inner, context)


def same(one, other):
    pairs = zip(one.learned_.values, other.learned_.values, strict=True)
    words = [{name: v.tokens for name, v in model.vocabularies_.items()} for model in (one, other)]
    return words[0] == words[1] and all(np.array_equal(a, b) for a, b in pairs)


def test_it_learns_what_the_words_say():
    data = small_dataset("classification")
    model = fit(epochs=4, learning_rate=0.1, layers={"word": "E4 GM", "char": "E4 C4k2 AT"})
    asked = data.rows(np.arange(75, 90))
    assert (model.predict(asked).argmax(axis=1) == asked.target).all()
    assert model.embed(asked).shape == (15, 8)


def test_words_and_answers_of_scored_and_of_inner_rows_are_not_learned():
    """With one epoch there is nothing that the inner rows could choose."""
    spoiled = small_dataset("classification")
    spoiled.table.loc[60:, "words"] = "never seen words"
    spoiled.target[60:] = 0
    assert same(fit(patience=1), fit(data=spoiled, patience=1))


def test_values_are_scaled_by_the_training_rows():
    spoiled = small_dataset("regression")
    spoiled.target[60:] = 1e6
    assert same(fit(task="regression"), fit(data=spoiled, task="regression"))


def test_inner_rows_say_when_to_stop():
    notes = fit(patience=1, epochs=30, learning_rate=0.5).notes()
    assert notes["best_epoch"] < notes["epochs"] < 30


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize(
    "more", [{"averaging": "ema"}, {"averaging": "swa"}, {"adversarial": {"size": 0.5}, "awp": {"begin": 3}}]
)
def test_a_killed_fit_goes_on_and_becomes_the_same(tmp_path, more):
    keys = {"epochs": 3, **more}
    with pytest.raises(KeyboardInterrupt, match="killed"):
        fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at("network: epoch 2/3", [])), **keys)
    after = []
    resumed = fit(Context(seed=3, checkpoint=tmp_path, report=stopping_at("", after)), **keys)
    assert after == ["network: epoch 3/3"]
    assert same(resumed, fit(**keys))


def test_time_that_is_over_ends_the_training(steps):
    model = fit(max_seconds=5.0, epochs=4)  # of three steps each
    assert steps[0] == 5.0
    assert model.notes()["history"][0]["late"]


def test_weights_of_rows_are_heard():
    data = small_dataset("classification")
    weighed = dataset_of(
        data.ids,
        data.table,
        target=data.target,
        weights=np.where(data.target == 1, 9, 0.1).astype(np.float32),
    )
    plain, said = (
        fit(data=one, epochs=1, learning_rate=0.1).predict(data.rows()).mean(axis=0)
        for one in (data, weighed)
    )
    assert said[1] > plain[1] + 0.05


def test_several_columns_are_one_sequence():
    words = ["small wing", "long tail"] * 12
    table = pd.DataFrame({"question": ["what"] * 24, "answer": words})
    data = dataset_of(np.arange(24).astype(str), table, target=np.arange(24) % 2)
    section = TextNetConfig(
        **QUICK | {"kind": "text_net", "columns": ["question", "answer"], "epochs": 4, "learning_rate": 0.1}
    )
    model = TextNet(section, make_task("classification", ("a", "b"))).fit(data.rows())
    read = model._read(data.rows(np.arange(2)))["word"]
    assert read.lengths.tolist() == [4, 4]
    assert (model.predict(data.rows()).argmax(axis=1) == data.target).mean() > 0.9


def test_words_begin_with_pretrained_vectors(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("wing 9 9 9 9\nnowhere 1 1 1 1\n")
    model = fit(vectors=str(path), learning_rate=1e-9)
    place = model.vocabularies_["word"].tokens.index("wing") + 3
    table = to_numpy(model._network(Context()).table("word"))
    np.testing.assert_allclose(table[place], 9, rtol=1e-3)
    assert model.notes()["pretrained"] == 1
    assert np.abs(np.delete(table, place, axis=0)).max() < 1
    assert list(weights_files([model.config])) == [str(path)], "a package says with which file it was made"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"layers": {"word": "E8 GM GA"}}, r"`m.layers.word`: there must be one of GM, GA, AT"),
        ({"subwords": [5, 2]}, r"`m.subwords` must be two numbers, from 1 to 8, the shortest first"),
        ({"inputs": ["table"]}, r"`m.inputs`: it reads texts alone"),
        ({"sam": 0.05, "awp": {}}, r"`m.awp`: and `sam` both move the weights"),
        ({"vectors": "gone.vec"}, r"`m.vectors`: there is no file 'gone.vec'"),
        (
            {"vectors": "V", "layers": {"char": "E8 GA"}},
            r"`m.vectors`: vectors are of words, and `layers` reads none",
        ),
        ({"vectors": "V"}, r"`m.layers.word`: the words of .* have 3 numbers, so .* must be E3"),
    ],
)
def test_mistakes_are_said_before_any_work(keys, said, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("the 1 2 3\n")
    keys = {key: str(path) if value == "V" else value for key, value in keys.items()}
    [problem] = TextNetConfig(kind="text_net", **keys).problems("m")
    assert re.match(said, problem), problem


def test_changed_texts_are_learned_from_and_read_by_the_fits_own_vocabulary():
    plain = fit(epochs=2)
    one, other = (fit(epochs=2, augment={"word_dropout": 0.4, "word_swap": 0.4}) for _ in "ab")
    assert same(one, other)
    assert not same(one, plain)
    assert one.vocabularies_["word"].tokens == plain.vocabularies_["word"].tokens


def test_translations_of_scored_rows_are_not_learned(tmp_path):
    data = small_dataset("classification")

    def told(name, scored):
        said = np.where(np.arange(90) >= 30, "quick small wing", scored)
        pd.DataFrame({"id": data.ids, "words": said}).to_csv(tmp_path / name, index=False)
        return {"translations": str(tmp_path / name)}

    rows = np.arange(30, 90)
    one, other = (fit(augment=told("t.csv", scored), rows=rows) for scored in ("never seen", "tail of fur"))
    assert same(one, other)
    assert not same(one, fit(rows=rows))
    assert str(tmp_path / "t.csv") in weights_files([one.config])


def test_answers_to_changed_readings_are_averaged_and_depend_on_no_other_row():
    data = small_dataset("classification")
    model = fit(augment={"word_dropout": 0.5}, tta=3, learning_rate=0.1)
    plain = fit(augment={"word_dropout": 0.5}, learning_rate=0.1)
    asked = data.rows(np.arange(60, 90))
    said = model.predict(asked)
    assert not np.allclose(said, plain.predict(asked), atol=1e-4)
    assert np.allclose(said.sum(axis=1), 1, atol=1e-5)
    few = model.predict(data.rows(np.arange(62, 65)))
    assert np.allclose(few, said[2:5], atol=1e-5)
