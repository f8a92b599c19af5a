"""Files of pretrained vectors: two forms, and what is wrong with one."""

import numpy as np
import pytest

from pipeline.errors import ModelError
from pipeline.networks.tokens.vectors import read_vectors, table_of, width_of


def written(tmp_path, text):
    path = tmp_path / "words.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("head", ["", "3 2\n"], ids=["glove", "fasttext"])
def test_both_forms_are_read(tmp_path, head):
    path = written(tmp_path, f"{head}the 0.5 -1\nnew york 1 2 \ncat 3 4\n")
    assert width_of(path) == 2
    found = read_vectors(path, {"the", "new york", "dog"})
    assert {word: vector.tolist() for word, vector in found.items()} == {"the": [0.5, -1], "new york": [1, 2]}


def test_words_that_a_file_has_not_stay_as_they_begin(tmp_path):
    path = written(tmp_path, "the 0.5 -1\ncat 3 4\n")
    filled, count = table_of(path, ["The", "dog", "cat"], 1, np.zeros((5, 2), np.float32))
    assert filled.tolist() == [[0, 0], [0.5, -1], [0, 0], [3, 4], [0, 0]]
    assert count == 2
    with pytest.raises(ModelError, match="has none of the 1 words"):
        table_of(path, ["bird"], 1, np.zeros((5, 2), np.float32))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 of .* holds no word and its numbers"),
        ("the 1 2\ncat 3\n", "line 2 of .* holds 1 numbers"),
        ("the 1 2\ncat 3 x\n", "line 2 of .* holds what is no number"),
        ("the 1 2\ncat 3 nan\n", "line 2 of .* not finite"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(ModelError, match=said):
        read_vectors(written(tmp_path, text), {"cat"})


def test_a_file_that_is_not_there_or_no_text_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"there is no file 'gone\.txt'"):
        width_of(tmp_path.joinpath("gone.txt").relative_to(tmp_path))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ModelError, match="is no text in UTF-8"):
        width_of(tmp_path / "binary")
