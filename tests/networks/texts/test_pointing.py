"""Words by tokens, windows that hold an answer, and what several windows say of a text together."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.networks.texts.encoder import read_pair_tokens
from pipeline.networks.texts.pointing import EMPTY, pointed, taught
from pipeline.networks.texts.span_windows import ABSENT, NOWHERE, span_windows_of
from pipeline.tasks.span import Span
from pipeline.tasks.words import word_places
from tests.networks.texts.pieces import Pieces

ALL = 99
TEXTS = [
    "so sad, so SAD... and sad",  # repeated words, a mark that three times is one token of some
    "Café naïve ÉCOLE cafe\u0301 İstanbul",  # accents, of two letters too; a capital of two small ones
    "love it 😀😀 so much 👩‍👩‍👧 #yes!!",  # emoji of several letters
    "zzqxqz qqq don't zzqxqz \n\n  gap\tand\xa0end",  # words that no vocabulary has, white space of all kinds
    "ﬁne ½ ⅷ №5 日本語 हिन्दी",  # letters that a tokenizer writes as others
    "",
]


def round_trips(tokenizer, texts, coarse=()):
    """Every span of every text is that of its tokens; of `coarse` ones at least one that holds it."""
    for text in texts:
        whole = text[1] if isinstance(text, tuple) else text
        count = len(word_places(whole))
        windows = span_windows_of(tokenizer, [text], ALL, ALL)
        spans = [(a, b) for a in range(count) for b in range(a, count)]
        for span in spans:
            places = windows.places(np.array([span]))
            for window, (start, end) in enumerate(places.tolist()):
                if start != ABSENT:
                    at = windows.starts[window] - 1
                    said = (windows.first[at + start], windows.last[at + end])
                    assert said == span or (whole in coarse and said[0] <= span[0] <= span[1] <= said[1])
            assert (places[:, 0] != ABSENT).any() or len(windows) > 1


def test_a_span_is_told_by_its_tokens():
    round_trips(Pieces(64), TEXTS)
    round_trips(Pieces(12, 4), TEXTS)
    round_trips(Pieces(20, 4), [("what is said", text) for text in TEXTS])


def test_of_a_pair_only_the_second_text_is_pointed_at():
    windows = span_windows_of(Pieces(64), [("so sad", "so sad so")], ALL, ALL)
    assert windows.first[windows.first != NOWHERE].tolist() == [0, 1, 2]
    assert windows.places(np.array([[2, 2]])).tolist() == [[7, 7]], "1, so, sad, end, then the text"
    seen = windows.padded(np.array([0]), 10, 0)
    assert seen["pointed"].tolist() == [[0, 0, 0, 0, 1, 1, 1, 0, 0, 0]]
    short = span_windows_of(Pieces(64), [("so sad", "so sad so")], ALL, 2)
    assert short.first.max() == 1, "words behind the width cannot be answered"


def test_windows_hold_an_answer_whole_or_not_at_all():
    windows = span_windows_of(Pieces(8, 2), ["a b c d e f g h i j k l m n"], ALL, ALL)
    assert [windows.first[start + 1] for start in windows.starts[:-1].tolist()] == [0, 4, 8]
    assert windows.places(np.array([[5, 8]])).tolist() == [[ABSENT, ABSENT], [3, 6], [ABSENT, ABSENT]]
    assert windows.places(np.array([[3, 6]])).tolist() == [[ABSENT, ABSENT]] * 3
    assert windows.places(np.array([[13, 13]])).tolist() == [[ABSENT, ABSENT]] * 2 + [[7, 7]]
    assert windows.places(np.array([[NOWHERE, NOWHERE]])).tolist() == [[ABSENT, ABSENT]] * 3


def test_few_windows_without_the_answer_teach():
    texts = ["x y", "a b c d e f g h i j k l m n o p q r s t", "a b c d e f g h i j k l"]
    windows = span_windows_of(Pieces(6, 1), texts, ALL, ALL)
    spans = np.array([[0, 1], [0, 0], [2, 9]])
    few, places, kept = taught(windows, spans, seed=1)
    assert kept.tolist() == [0, 1], "no window holds the answer of the third"
    assert np.bincount(few.texts).tolist() == [1, 1 + EMPTY]
    assert (places[:, 0] != ABSENT).tolist() == [True, True, False, False]
    words = [few.first[start : few.starts[at + 1]] for at, start in enumerate(few.starts[:-1].tolist())]
    assert all(len(part) <= 6 for part in words)
    drawn = [taught(windows, spans, seed)[0].first.tolist() for seed in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert drawn[0] not in drawn[2:] or len({tuple(one) for one in drawn}) > 1


def test_a_word_that_the_tokenizer_drops_is_told_by_its_neighbours():
    class Dropping(Pieces):
        def _window(self, tokens):
            return super()._window([token for token in tokens if token.place[0] not in (0, 4, 10)])

    windows = span_windows_of(Dropping(64), ["a b c d e f"], ALL, ALL)
    assert windows.first.tolist() == [NOWHERE, 1, 3, 4, NOWHERE]
    spans = [[0, 2], [1, 2], [2, 3], [3, 5], [2, 2]]
    said = [windows.places(np.array([span])).tolist()[0] for span in spans]
    assert said == [[2, 2], [2, 2], [3, 3], [3, 4], [ABSENT, ABSENT]]


class Says:
    """A model whose logits are drawn by the tokens; `best` says the logits of one token of one window."""

    def __init__(self, seed=0):
        self.input = dict.fromkeys(["token_ids", "pointed"])
        self.table = np.random.default_rng(seed).normal(0, 2, (600, 2))

    def predict_on_batch(self, seen):
        ids = seen["token_ids"]
        absent = self.table[ids[:, 1]] * 0.5  # other in every window
        return np.concatenate([absent[:, None], self.table[ids]], axis=1)


def test_a_text_is_told_by_the_pairs_of_all_its_windows():
    """As by counting every pair of every window."""
    text, model = "ab cdefgh ij kl mnopqr st uv wx yz ab ij", Says()
    windows = span_windows_of(Pieces(8, 2), [text], ALL, ALL)
    width = len(word_places(text))
    task = Span(("start", "end"), width)
    [said] = pointed(model, windows, 1, task, 8, 0).astype(float)
    expected = np.zeros((2, width))
    for window in range(len(windows)):
        part = slice(windows.starts[window], windows.starts[window + 1])
        odds = np.exp(model.table[windows.ids[part]] - 0.5 * model.table[windows.ids[part][1]])
        first, last = windows.first[part], windows.last[part]
        own = np.flatnonzero(first != NOWHERE).tolist()
        for begin in own:
            for end in own:
                expected[0, first[begin]] += odds[begin, 0] * odds[end, 1]
                expected[1, last[end]] += odds[begin, 0] * odds[end, 1]
    assert np.allclose(said, (expected / expected.sum(axis=1, keepdims=True)).ravel(), atol=2e-3)


def test_the_window_that_holds_the_answer_speaks_for_its_text():
    """Both windows hold likely tokens; in one of them the answer is likelier than its absence."""

    class Sure(Says):
        def predict_on_batch(self, seen):
            said = np.zeros((*seen["token_ids"].shape, 2))
            said[:, 1:3] = 5.0
            absent = np.where((seen["token_ids"] == sure).any(axis=1), -5.0, 9.0)
            return np.concatenate([np.repeat(absent[:, None, None], 2, axis=2), said], axis=1)

    windows = span_windows_of(Pieces(6), ["a b c d e f g h"], ALL, ALL)
    sure = int(windows.ids[windows.starts[1] + 1])
    task = Span(("start", "end"), 8)
    said = pointed(Sure(), windows, 1, task, 6, 0)
    assert task.decided(said)[0, 0] >= 4


@pytest.fixture
def wordpiece():
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed (make setup TEXT=1)")
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "so",
        "sad",
        "cafe",
        "naive",
        "and",
        "##s",
        "##t",
        ",",
        ".",
    ]
    vocabulary += [*"abcdefghijklmnopqrstuvwxyz"[:20], *(f"##{letter}" for letter in "abcdefghijklmnopqr")]
    known = tokenizers.models.WordPiece({word: at for at, word in enumerate(vocabulary)}, unk_token="[UNK]")
    made = tokenizers.Tokenizer(known)
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


@pytest.fixture
def bytepair():
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed (make setup TEXT=1)")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=letters, special_tokens=["<s>", "</s>"], show_progress=False
    )
    made.train_from_iterator([*TEXTS, "sad..."] * 3, trainer)
    made.post_processor = tokenizers.processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return made


@pytest.mark.parametrize("name", ["wordpiece", "bytepair"])
def test_tokenizers_say_where_their_tokens_lie(name, request):
    """Letters of the text as it was given; an unknown run of marks is one token of several words."""
    tokenizer = request.getfixturevalue(name)
    round_trips(tokenizer, TEXTS, coarse=TEXTS)
    exact = [TEXTS[1], TEXTS[3]]
    round_trips(tokenizer, exact, coarse=exact if name == "bytepair" else ())
    tokenizer.enable_truncation(16, stride=4, strategy="only_second")
    round_trips(tokenizer, [("so", text) for text in TEXTS], coarse=TEXTS)


def test_what_stands_beside_is_cut_and_stands_before_every_window(tmp_path, wordpiece, monkeypatch):
    wordpiece.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 16}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    monkeypatch.setattr("pipeline.networks.texts.encoder.installed", lambda: True)
    tokens = read_pair_tokens(tmp_path, 99, 99)
    windows = span_windows_of(tokens.tokenizer, [("a b c d e f g h", "so sad " * 20)], ALL, ALL)
    assert (tokens.longest, len(windows) > 4) == (16, True)
    assert windows.lengths.max() == 16
    begun = {tuple(windows.ids[start : start + 6].tolist()) for start in windows.starts[:-1].tolist()}
    assert len(begun) == 1, "the same four tokens, between their marks"
    assert windows.first.max() == 39
    [short] = tokens.tokenizer.encode_batch([("so", "sad")])
    assert isinstance(short.ids, list)
    assert not isinstance(short, SimpleNamespace)
