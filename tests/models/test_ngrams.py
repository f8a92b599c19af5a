"""Linear models on n-grams: sparse throughout, honest about their strength, and plain about mistakes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from pipeline.errors import DataError
from pipeline.models import sparse as sparse_models
from pipeline.models.base import Context
from pipeline.models.ngrams import Ngrams, NgramsConfig
from pipeline.models.sparse_linear import LEARNERS
from pipeline.tasks.base import make_task
from pipeline.testing import dataset_of

TASKS = {
    "binary": make_task("classification", ("no", "yes")),
    "multiclass": make_task("classification", ("a", "b", "c")),
    "multilabel": make_task("multilabel", ("one", "two")),
    "regression": make_task("regression", ("value", "other")),
}
ROWS, LEARNED = 240, 160


def make(task, seed=0, noise=0.0):
    """Returns texts of common words and one of three topics, which the target follows."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(3, size=ROWS)
    common = [" ".join(rng.choice(["the", "and", "of", "it", "was"], 6)) for _ in range(ROWS)]
    own = np.array(["whale ocean", "forest, trees", "city streets!"])[topic]
    said = np.where(rng.random(ROWS) < noise, topic[rng.permutation(ROWS)], topic)
    target = {
        "binary": (said > 0).astype(np.int64),
        "multiclass": said.astype(np.int64),
        "multilabel": np.column_stack([said == 0, said != 1]).astype(float),
        "regression": np.column_stack([said * 10.0 + 50, 3.0 - said]),
    }[task]
    text = [f"{a} {number} {b}" for number, (a, b) in enumerate(zip(common, own, strict=True))]
    table = pd.DataFrame({"number": rng.normal(size=ROWS), "text": text})
    return dataset_of(np.arange(ROWS).astype(str), table, target=target)


def build(task, **options):
    return Ngrams(NgramsConfig(kind="ngrams", **options), TASKS[task])


def fit(model, data):
    rows = np.arange(LEARNED)
    if not model.wants_inner_split:
        return model.fit(data.rows(rows))
    return model.fit(data.rows(rows[rows % 4 > 0]), data.rows(rows[::4]), Context(seed=3))


def error(task, target, predicted):
    if task in ("binary", "multiclass"):
        return np.mean(predicted.argmax(axis=1) != target)
    return np.mean((predicted - target) ** 2) / np.var(target)


@pytest.mark.parametrize(
    "task, learner",
    [(t, x) for t in ("binary", "multiclass", "multilabel") for x in ("nb_svm", "logistic", "naive_bayes")]
    + [("regression", "auto")],
)
def test_what_the_words_say_is_learned(task, learner):
    data = make(task)
    new = np.arange(LEARNED, ROWS)
    model = fit(build(task, learner=learner), data)
    assert error(task, data.target[new], model.predict(data.rows(new))) < 0.1
    assert model.notes()["columns"] == ["text"]


def test_texts_and_targets_of_scored_rows_change_nothing():
    honest, spoiled = make("multiclass"), make("multiclass")
    spoiled.table.loc[LEARNED:, "text"] = "whale whale unheard words of the scored rows"
    spoiled.target[LEARNED:] = 0
    probe = make("multiclass", seed=7).rows()
    models = [fit(build("multiclass"), data) for data in (honest, spoiled)]
    np.testing.assert_array_equal(*(model.predict(probe) for model in models))
    assert models[1].tfidf_.names() == models[0].tfidf_.names()


def test_nothing_is_ever_dense(monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("a sparse matrix was made dense")

    for name in ("toarray", "todense"):
        monkeypatch.setattr(sparse.csr_matrix, name, refuse)
        monkeypatch.setattr(sparse.csc_matrix, name, refuse)
    for task in TASKS:
        data = make(task)
        fit(build(task), data).predict(data.rows())


def test_noise_asks_for_a_stronger_penalty_than_signal():
    noisy = fit(build("binary", learner="logistic"), make("binary", noise=0.8)).notes()["C"]
    assert noisy < fit(build("binary", learner="logistic"), make("binary")).notes()["C"]


def test_the_strength_is_searched_on_inner_rows_alone():
    data = make("binary", noise=0.3)
    model, rows = build("binary", validate_on="fold"), np.arange(LEARNED)
    model.fit(data.rows(rows), data.rows(np.arange(LEARNED, ROWS)))
    assert not any(str(LEARNED + 1) in name for name in model.tfidf_.names())
    given = fit(build("binary", C=0.7), data)
    assert given.notes()["C"] == 0.7


def test_naive_bayes_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    features = sparse.csr_matrix(rng.random((30, 12)) * (rng.random((30, 12)) < 0.4), dtype=np.float32)
    label = np.arange(30) % 3
    learner = LEARNERS["naive_bayes"](TASKS["binary"], 100, 0.1)
    found = learner.answer(learner.fit(features, label, None, 1 / 0.3).score(features))
    np.testing.assert_allclose(
        found, MultinomialNB(alpha=0.3).fit(features, label).predict_proba(features), atol=1e-5
    )


def test_nb_svm_is_a_logistic_regression_on_weighted_counts():
    rng = np.random.default_rng(1)
    features = sparse.csr_matrix(rng.random((60, 8)) * (rng.random((60, 8)) < 0.5), dtype=np.float32)
    label = (features[:, :3].sum(axis=1).A1 > 1).astype(np.int64)
    dense = features.toarray()
    sums = [dense[label == value].sum(axis=0) for value in (1, 0)]
    share = sums[0].sum() / dense.sum()
    odds = (sums[0] + 0.1 * share) / (sums[1] + 0.1 * (1 - share))
    weighted = dense * np.log(odds / (share / (1 - share)))
    wanted = LogisticRegression(C=2.0).fit(weighted, label).predict_proba(weighted)
    learner = LEARNERS["nb_svm"](TASKS["binary"], 100, 0.1)
    found = learner.answer(learner.fit(features, label, None, 2.0).score(features))
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_a_label_with_one_value_is_predicted():
    data = make("multilabel")
    target = np.column_stack([data.target[:, 0], np.zeros(ROWS)])
    for learner in ("nb_svm", "naive_bayes"):
        model = fit(build("multilabel", learner=learner), dataset_of(data.ids, data.table, target=target))
        assert model.predict(data.rows())[:, 1].max() < 1e-9


def test_weights_count():
    data = make("binary", noise=0.5)
    heavy = np.where(data.target == 1, 20.0, 1.0).astype(np.float32)
    weighted = dataset_of(data.ids, data.table, target=data.target, weights=heavy)
    for learner in ("nb_svm", "naive_bayes"):
        plain = fit(build("binary", learner=learner, C=1.0), data).predict(data.rows())
        leaning = fit(build("binary", learner=learner, C=1.0), weighted).predict(data.rows())
        assert leaning[:, 1].mean() > plain[:, 1].mean() + 0.05


def test_without_text_it_says_what_there_is():
    data = make("binary")
    bare = dataset_of(data.ids, data.table[["number"]], target=data.target)
    with pytest.raises(DataError, match=r"no column is one. Columns: number \(numeric\).*data.columns"):
        fit(build("binary"), bare)
    with pytest.raises(DataError, match=r"no column 'txt'\. Did you mean 'text'"):
        fit(build("binary", columns=["txt"]), data)
    with pytest.raises(DataError, match="no n-gram stands in `min_df`, 999, of 160"):
        fit(build("binary", min_df=999), data)
    with pytest.raises(DataError, match=r"`learner: ridge` cannot do a classification; .*nb_svm"):
        fit(build("binary", learner="ridge"), data)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"ngram_range": {"word": [2, 1]}}, "ngram_range.word must be the shortest and the longest"),
        ({"ngram_range": {"char_wb": [1, 2, 3]}}, "ngram_range.char_wb must be the shortest"),
        ({"grid": [1.0, 0.1]}, "grid must hold positive numbers in rising order. Received"),
        ({"inputs": ["cnn.embedding"]}, "reads texts alone"),
    ],
)
def test_impossible_values_are_named(options, message):
    (problem,) = NgramsConfig(kind="ngrams", **options).problems("models.words")
    assert problem.startswith("models.words.")
    assert message in problem


def test_a_word_of_no_class_does_not_speak_for_a_rare_one():
    features = sparse.csr_matrix(np.vstack([np.eye(40), np.eye(40)]), dtype=np.float32)
    label = np.arange(80) == 0
    ratio = LEARNERS["nb_svm"]("classification", 100, 2.0)._ratio(features, label, None)
    assert ratio[0] > 2
    assert ratio[1:].max() < 0


def test_a_floor_keeps_a_part_of_what_the_counts_do_not_tell():
    """A feature that both classes have alike is multiplied by the floor; slopes are of plain features."""
    features = csr_matrix(np.array([[1, 1, 0], [1, 0, 1], [1, 1, 0], [1, 0, 1]], np.float32))
    label = np.array([True, False, True, False])
    plain, kept = (LEARNERS["nb_svm"](TASKS["binary"], 100, 0.1, floor=floor) for floor in (0.0, 0.5))
    ratio = plain._ratio(features, label, None)
    np.testing.assert_allclose(kept._ratio(features, label, None), np.abs(ratio) + 0.5, rtol=1e-6)
    assert abs(ratio[0]) < 1e-6 < ratio[1]
    uneven = np.array([True, False, True, True])
    said = [
        one.fit(features, uneven.astype(int), None, 10.0).score(features).ravel() for one in (plain, kept)
    ]
    assert not np.allclose(*said, atol=1e-3)
    assert all(((one > 0) == uneven)[[0, 2]].all() for one in said)
    [problem] = NgramsConfig(kind="ngrams", floor=0.5, learner="logistic").problems("models.m")
    assert problem == "models.m.floor is for `learner: nb_svm`. Received: logistic."


def test_the_floor_that_is_asked_for_is_heard():
    data = make("multilabel", noise=0.3)
    plain, kept = (fit(build("multilabel", C=1.0, floor=floor), data) for floor in (0.0, 0.5))
    assert not np.allclose(plain.predict(data.rows()), kept.predict(data.rows()), atol=1e-3)


def test_smoothing_is_chosen_by_inner_rows():
    model = fit(build("multiclass"), make("multiclass", noise=0.3))
    assert model.notes()["smoothing"] in (0.1, 2.0)
    assert fit(build("multiclass", smoothing=0.5), make("multiclass")).notes()["smoothing"] == 0.5


def test_many_cells_choose_the_strength_on_a_part_of_the_rows(monkeypatch):
    sizes = []
    learn = LEARNERS["nb_svm"].fit
    monkeypatch.setattr(sparse_models, "MOST_CELLS", 100)
    monkeypatch.setattr(sparse_models, "FEWEST", 50)
    monkeypatch.setattr(
        LEARNERS["nb_svm"], "fit", lambda self, x, *rest: (sizes.append(x.shape[0]), learn(self, x, *rest))[1]
    )
    data = make("binary")
    model = fit(build("binary"), data)
    assert sizes[-1] == LEARNED
    assert set(sizes[:-1]) == {50}
    assert error("binary", data.target, model.predict(data.rows())) < 0.1


@pytest.mark.parametrize("task", list(TASKS))
def test_with_little_time_a_fit_tries_less_and_still_answers(task, monkeypatch):
    data, tried = make(task), []
    whole = sparse_models.SparseModel._loss
    monkeypatch.setattr(
        sparse_models.SparseModel, "_loss", lambda *said: tried.append(0) or whole(*said), raising=True
    )
    model = fit(build(task, max_seconds=1e-6), data)
    assert len(tried) == 1
    rows = np.arange(LEARNED, ROWS)
    assert error(task, data.target[rows], model.predict(data.rows(rows))) < 0.3


def test_an_end_that_is_far_away_changes_nothing():
    data = make("multiclass", noise=0.2)
    answers = [fit(build("multiclass", **end), data).predict(data.rows(np.arange(LEARNED, ROWS)))
               for end in ({}, {"max_seconds": 1e6})]  # fmt: skip
    np.testing.assert_allclose(*answers, atol=2e-3)  # the solver begins once more after its first steps


def test_strengths_are_climbed_from_the_middle_and_no_further_than_needed():
    losses, asked = [5.0, 3.0, 2.0, 2.5, 4.0, 1.0], []
    assert sparse_models.climb(lambda place: asked.append(place) or losses[place], 3, 6) == 2
    assert set(asked) == {1, 2, 3}
    assert sparse_models.climb(lambda place: float(place), 2, 6) == 0
    assert sparse_models.climb(lambda place: -float(place), 2, 6) == 5
