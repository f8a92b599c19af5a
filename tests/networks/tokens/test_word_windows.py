"""Windows of words: each knows where its words stand in their text, and what stands beside it follows."""

from pipeline.networks.tokens.pointing import word_windows
from pipeline.networks.tokens.vocabulary import BREAK, Reading, Vocabulary

READING = Reading("word", True, 99, (1, 1))
TEXT = "a b c d e f g h i"


def windows_of(texts, longest, reading=READING):
    vocabularies = {"word": Vocabulary.learned(reading, texts, 1, 100)}
    found = word_windows(vocabularies, texts, longest)
    parts = [slice(*pair) for pair in zip(found.starts[:-1].tolist(), found.starts[1:].tolist(), strict=True)]
    return vocabularies["word"], found, parts


def test_windows_reach_to_the_end_of_their_text():
    vocabulary, found, parts = windows_of([[TEXT, "a"], ["x", "y z y z y z"]], 4)
    assert found.texts.tolist() == [0, 0, 0, 1]
    places = [[place for place in found.first[part].tolist() if place >= 0] for part in parts]
    assert places == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8], [0]]
    assert (found.first == found.last).all()
    words = [[vocabulary.tokens[number - 3] for number in found.ids[part].tolist()[:4]] for part in parts[:2]]
    assert words == [list("abcd"), list("defg")]


def test_what_stands_beside_follows_each_window_up_to_its_length():
    vocabulary, found, parts = windows_of([[TEXT, " "], ["x y", "x x x x x x x"]], 4)
    x, y = (vocabulary.tokens.index(word) + 3 for word in "xy")
    assert [found.ids[part].tolist()[4:] for part in parts[:2]] == [[BREAK, x, y]] * 2
    assert found.ids[parts[3]].tolist() == [BREAK, x, x, x, x], "a text without a word has none to point at"
    assert found.first[parts[3]].tolist() == [-1] * 5
    alone = windows_of([["", "a"]], 4)[1]
    assert alone.ids.tolist()[:1] == [BREAK]
    assert alone.first.tolist() == [-1, 0]
