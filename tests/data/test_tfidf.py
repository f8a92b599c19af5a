"""TF-IDF of n-grams: the numbers are scikit-learn's, the memory is not."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.data.text import tfidf
from pipeline.data.text.tfidf import Settings, Tfidf

WORD = r"(?u)\w[\w']*|[^\w\s]"
SYLLABLES = ["ka", "Ro", "mi", "tel", "s'", "é", "?!", "42", "xx", "un"]


def texts(rows, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array(["".join(rng.choice(SYLLABLES, rng.integers(1, 4))) for _ in range(40)])
    lines = [" ".join(rng.choice(words, rng.integers(0, 12))) for _ in range(rows)]
    return [*lines[:-2], "", "a  b\ta"]


def plain(analyzer, span, min_df, sublinear=True):
    token = {"token_pattern": WORD} if analyzer == "word" else {}
    return TfidfVectorizer(
        analyzer=analyzer, ngram_range=span, min_df=min_df, sublinear_tf=sublinear, dtype=np.float32, **token
    )


def compare(found, names, vectorizer, rows):
    wanted = vectorizer.transform(rows)
    assert sorted(names) == sorted(vectorizer.vocabulary_)
    columns = [vectorizer.vocabulary_[name] for name in names]
    np.testing.assert_allclose(found.toarray(), wanted[:, columns].toarray(), atol=1e-6)


@pytest.mark.parametrize("min_df", [1, 2, 5])
@pytest.mark.parametrize("analyzer, span", [("word", (1, 2)), ("word", (2, 4)), ("char_wb", (2, 5))])
def test_the_numbers_are_those_of_scikit_learn(analyzer, span, min_df):
    train, new = texts(60), texts(30, seed=1)
    ours = Tfidf(Settings({analyzer: span}, min_df))
    found = ours.fit_transform({"text": train})
    theirs = plain(analyzer, span, min_df).fit(train)
    names = ours.counters_["text", analyzer].names()
    compare(found, names, theirs, train)
    compare(ours.transform({"text": new}), names, theirs, new)


def test_parts_of_the_rows_make_no_difference(monkeypatch):
    settings, rows = Settings({"word": (1, 2), "char_wb": (2, 4)}, sublinear_tf=False), texts(50)
    whole = Tfidf(settings).fit_transform({"text": rows})
    monkeypatch.setattr(tfidf, "CELLS_AT_ONCE", 40)
    parts = Tfidf(settings).fit_transform({"text": rows})
    assert (whole != parts).nnz == 0
    compare(parts[:, : len(plain("word", (1, 2), 1).fit(rows).vocabulary_)],
            [name.removeprefix("text word: ") for name in _names(settings, rows) if "text word: " in name],
            plain("word", (1, 2), 1, sublinear=False).fit(rows), rows)  # fmt: skip


def _names(settings, rows):
    ours = Tfidf(settings)
    ours.fit_transform({"text": rows})
    return ours.names()


def test_the_most_frequent_are_kept():
    rows = ["b a a a", "a c c", "b d"]
    ours = Tfidf(Settings({"word": (1, 1)}, max_features=2))
    assert ours.fit_transform({"text": rows}).shape == (3, 2)
    assert ours.names() == ["text word: b", "text word: a"]


def test_several_columns_are_read_alone_and_together():
    columns = {"title": ["one two", "two"], "body": ["three", "One"]}
    ours = Tfidf(Settings({"word": (1, 1)}))
    found = ours.fit_transform(columns).toarray()
    assert ours.names() == [
        *("title word: one", "title word: two", "body word: three", "body word: one"),
        *("* word: one", "* word: two", "* word: three"),
    ]
    for block in (slice(0, 2), slice(2, 4), slice(4, 7)):
        np.testing.assert_allclose((found[:, block] ** 2).sum(axis=1), 1, atol=1e-6)


def test_case_is_kept_where_it_counts():
    rows = ["Rose rose", "rose"]
    assert Tfidf(Settings({"word": (1, 1)}, lowercase=False)).fit_transform({"t": rows}).shape[1] == 2
    assert Tfidf(Settings({"word": (1, 1)})).fit_transform({"t": rows}).shape[1] == 1


def test_what_was_learned_is_read_back(tmp_path):
    settings = Settings({"word": (1, 3), "char_wb": (2, 4)}, min_df=2)
    columns = {"a": texts(40), "b": texts(40, seed=3)}
    ours = Tfidf(settings)
    ours.fit_transform(columns)
    ours.save(tmp_path)
    again = Tfidf(settings).load(tmp_path)
    new = {"a": texts(9, seed=5), "b": texts(9, seed=6)}
    assert (ours.transform(new) != again.transform(new)).nnz == 0
    assert again.names() == ours.names()


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_texts_without_a_word_have_no_columns(analyzer):
    ours = Tfidf(Settings({analyzer: (1, 2)}))
    assert ours.fit_transform({"text": ["", " "]}).shape == (2, 0)
    assert ours.transform({"text": ["a word"]}).shape == (1, 0)
