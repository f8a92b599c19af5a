"""Vocabularies, and texts as numbers."""

import numpy as np

from pipeline.networks.texts.windows import STEP
from pipeline.networks.tokens.sequences import joined
from pipeline.networks.tokens.vocabulary import BREAK, FIRST, UNKNOWN, Reading, Vocabulary


def reading(reader="word", lowercase=True, longest=100, span=(2, 3)):
    return Reading(reader, lowercase, longest, span)


def texts_of(vocabulary, *columns):
    read = vocabulary.read(columns)
    return [read.ids[read.starts[row] : read.starts[row + 1]].tolist() for row in range(len(read))]


def test_frequent_tokens_have_numbers_and_rare_ones_share_one():
    learned = Vocabulary.learned(reading(), [["A cat, a dog.", "a cat"], ["dog"]], least=2, most=10)
    assert learned.tokens == ["a", "cat", "dog"]
    assert texts_of(learned, ["A bird", "dog"]) == [[FIRST, UNKNOWN], [FIRST + 2]]
    few = Vocabulary.learned(reading(), [["b b a a c"]], least=1, most=2)
    assert few.tokens == ["a", "b"], "of equals the first by their text"


def test_columns_stand_in_a_row_with_a_break_between_and_nothing_is_a_break():
    learned = Vocabulary(reading(), ["a", "b"])
    assert texts_of(learned, ["a", ""], ["b a", ""]) == [[3, BREAK, 4, 3], [BREAK]]
    assert texts_of(learned, [""]) == [[BREAK]]


def test_characters_and_runs_of_them_within_words():
    assert Vocabulary.learned(reading("char"), [["aba"]], 1, 9).tokens == ["a", "b"]
    runs = Vocabulary.learned(reading("subword"), [["ab ab"]], 2, 9).tokens
    assert sorted(runs) == sorted(["<a", "ab", "b>", "<ab", "ab>"])


def test_a_long_text_is_cut_after_so_many_words():
    cut = reading(longest=3)
    assert cut.seen("One, two three four").strip() == "one, two"
    assert cut.seen("a b c").strip() == "a b c"
    assert reading("char", lowercase=False, longest=1).seen("Only this").strip() == "Only"


def test_a_batch_is_filled_up_to_its_longest():
    read = joined([np.arange(3, 6), np.array([7]), np.arange(3, 3 + STEP + 1)])
    assert read.lengths.tolist() == [3, 1, STEP + 1]
    short = read.padded(np.array([1, 0]))
    assert short.shape == (2, STEP)
    assert short[:, :4].tolist() == [[7, 0, 0, 0], [3, 4, 5, 0]]
    assert read.padded(np.array([2])).shape == (1, 2 * STEP)
