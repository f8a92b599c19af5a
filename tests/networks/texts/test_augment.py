"""Changes of texts: what is left out, what changes places, which translation is read, by which seed."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ModelError
from pipeline.networks.texts.augment import (
    TextAugmentConfig,
    TextAugmenter,
    read_translations,
    seeds_of,
)
from pipeline.networks.texts.batches import ChangedWindows, WindowBatches
from pipeline.networks.texts.config import TransformerConfig
from pipeline.networks.texts.windows import windows_of
from pipeline.networks.tokens.config import TextNetConfig
from tests.networks.texts.small import small_tokens

TEXT = "one two, three four five six seven eight nine ten"


def changed(augmenter, texts, seeds=None, ids=None):
    return augmenter.changed([texts], ids, range(len(texts)) if seeds is None else seeds)[0]


def test_a_share_of_the_words_is_left_out_and_one_stays():
    found = changed(TextAugmenter(0.3, 0.0), [TEXT] * 400)
    left = np.mean([len(text.replace(",", "").split()) for text in found])
    assert left == pytest.approx(7, abs=0.4)
    order = TEXT.replace(",", "").split()
    assert all(sorted(words := text.replace(",", "").split(), key=order.index) == words for text in found)
    assert all(text.strip() for text in changed(TextAugmenter(0.99, 0.0), ["a b"] * 50))


def test_neighbours_change_places_and_none_is_lost():
    found = changed(TextAugmenter(0.0, 0.2), [TEXT] * 200)
    assert all(
        sorted(text.replace(",", " ").split()) == sorted(TEXT.replace(",", " ").split()) for text in found
    )
    assert 0.5 < np.mean([text != TEXT for text in found]) < 1.0
    assert changed(TextAugmenter(0.0, 0.99), ["a b"] * 9).count("b a") > 5


def test_equal_seeds_give_equal_changes_and_a_text_has_its_own():
    augmenter = TextAugmenter(0.3, 0.3)
    assert changed(augmenter, [TEXT] * 3, [5, 6, 5])[::2] == changed(augmenter, [TEXT] * 2, [5, 5])
    both = seeds_of([[TEXT, "other"], ["a", "b"]], 0)
    assert both[1:] == seeds_of([["other"], ["b"]], 0), "a text's reading depends on the rows beside it"
    assert len({*both, *seeds_of([[TEXT, "other"], ["a", "b"]], 1)}) == 4
    for text in ("", " ", "!?"):
        assert isinstance(changed(augmenter, [text])[0], str)


def test_translations_are_those_of_the_row(tmp_path):
    table = pd.DataFrame({"id": ["a", "a", "c"], "words": ["A one", "A two", "C"], "more": ["x", "y", "z"]})
    for name in ("t.csv", "t.parquet"):
        path = tmp_path / name
        table.to_csv(path, index=False) if name == "t.csv" else table.to_parquet(path)
        assert read_translations(path, ["more", "words"])["a"] == [["x", "A one"], ["y", "A two"]]
    section = TextAugmentConfig(translations=str(tmp_path / "t.csv"), translated=0.5)
    augmenter = TextAugmenter.of(section, ["words"])
    found = changed(augmenter, ["plain"] * 200, ids=["a"] * 100 + ["b"] * 100)
    assert set(found[:100]) == {"plain", "A one", "A two"}
    assert found[:100].count("plain") == pytest.approx(50, abs=15)
    assert set(found[100:]) == {"plain"}
    assert changed(TextAugmenter.of(section), ["plain"] * 9, ids=["a"] * 9) == ["plain"] * 9
    one, other = augmenter.digest(["a", "b", "c"]), augmenter.digest(["a", "b", "a"])
    assert (one == other).tolist() == [True, True, False]
    with pytest.raises(ModelError, match=r"t.csv lacks the columns text. It has: id, words, more"):
        read_translations(tmp_path / "t.csv", ["text"])
    with pytest.raises(ModelError, match=r"gone.csv cannot be read"):
        read_translations(tmp_path / "gone.csv", ["text"])


def test_windows_of_changed_texts_are_those_of_the_same_number():
    tokens = small_tokens("folder", 8, 0)
    texts = ["abc", "abcdefghijklmnop", "xyz"]
    windows = windows_of(tokens.tokenizer, texts, 4)
    targets = np.arange(3, dtype=np.float32)[:, None, None]
    names = ("token_ids", "padding_mask")
    told = (windows, targets, None, names, tokens.longest, tokens.pad)
    rows = np.arange(len(windows))
    plain = WindowBatches(*told)(rows, rows)
    same = ChangedWindows(*told, lambda some, seeds: [texts[one] for one in some], tokens.tokenizer, 4)(
        rows, rows
    )
    for name in names:
        assert np.array_equal(plain[0][name], same[0][name])
    assert np.array_equal(plain[1], same[1])
    short = ChangedWindows(*told, lambda some, seeds: ["a"] * len(some), tokens.tokenizer, 4)(rows, rows)
    assert len({tuple(one) for one in short[0]["token_ids"].tolist()}) == 1, (
        "a shorter text has its last window"
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"tta": 2}, "`m.tta` needs `augment.word_dropout` or `augment.word_swap`. Received: 2."),
        ({"augment": {}}, "`m.augment` changes nothing: set"),
        ({"augment": {"translations": "gone.csv"}}, "`m.augment.translations`: there is no file 'gone.csv'"),
    ],
)
def test_mistakes_are_said_before_any_work(keys, said):
    [problem] = TextNetConfig(kind="text_net", **keys).problems("m")
    assert problem.startswith(said)
    problems = dict(TransformerConfig(kind="transformer", finetune="all", **keys)._learned())
    assert any(f"`m.{key}`{text}".startswith(said) for key, text in problems.items())
    frozen = dict(TransformerConfig(kind="transformer", **keys)._learned())
    assert "is for an encoder that learns" in frozen[next(iter(keys))]


def test_augmentation_is_for_tasks_whose_answers_lie_not_in_the_text():
    config = TextNetConfig(kind="text_net", augment={"word_dropout": 0.1})
    assert "span" not in config.needs_task()["augment"]
