"""Tables as JSON: every usual form, and what is nested as text."""

import json

import pandas as pd
import pytest

from pipeline.config.data_section import DataConfig
from pipeline.data.columns import guess_kind
from pipeline.data.source import FolderSource
from pipeline.data.tables import read_table
from pipeline.errors import DataError

RECORDS = [
    {"id": 7, "price": 1.5, "ingredients": ["salt", "olive oil"], "seller": {"name": "é"}},
    {"id": 8, "price": None, "ingredients": [], "extra": True},
]


def read(tmp_path, content, name="train.json", text=("id",), encoding="utf-8-sig"):
    data = content if isinstance(content, bytes) else content.encode(encoding)
    (tmp_path / name).write_bytes(data)
    return read_table(FolderSource(tmp_path), name, text, DataConfig(encoding=encoding))


FORMS = {
    "records": json.dumps(RECORDS),
    "lines": "\n".join(map(json.dumps, RECORDS)) + "\n",
    "columns": json.dumps({name: [row.get(name) for row in RECORDS] for name in ("id", "price")}),
    "pandas": pd.DataFrame(RECORDS)[["id", "price"]].to_json(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_table(form, tmp_path):
    table = read(tmp_path, FORMS[form])
    assert table["id"].tolist() == ["7", "8"]
    assert table["price"].isna().tolist() == [False, True]


def test_what_is_nested_is_text(tmp_path):
    table = read(tmp_path, FORMS["records"])
    assert list(table.columns) == ["id", "price", "ingredients", "seller", "extra"]
    assert table["ingredients"].fillna("").tolist() == ["salt, olive oil", ""]
    assert table["seller"][0] == '{"name": "é"}'
    assert table["extra"].isna().tolist() == [True, False]


def test_numbers_beside_words_are_words_and_can_be_stored(tmp_path):
    table = read(tmp_path, '[{"id": 1, "a": 1}, {"id": 2, "a": "x"}, {"id": 3, "a": null}]')
    assert table["a"].tolist()[:2] == ["1", "x"]
    assert table["a"].isna().tolist() == [False, False, True]
    table.to_parquet(tmp_path / "table.parquet")


def test_one_record_a_line_may_be_one_line(tmp_path):
    assert len(read(tmp_path, '{"id": 1, "a": 2}', "train.jsonl")) == 1


def test_labels_are_exact_text(tmp_path):
    table = read(tmp_path, '[{"id": 1, "y": true}, {"id": 2, "y": false}]', text=("id", "y"))
    assert table["y"].tolist() == ["True", "False"]


def test_lists_of_ingredients_are_text(tmp_path):
    rows = [{"id": n, "what": ["salt", f"oil {n}", "black pepper"]} for n in range(6)]
    assert guess_kind(read(tmp_path, json.dumps(rows))["what"]) == "text"


@pytest.mark.parametrize(
    "content, message",
    [
        ("[1, 2]", "train.json cannot be read as JSON: it holds neither records"),
        ('{"a": [1], "b": [1, 2]}', "its columns differ in length"),
        ('{"a": 1}\n{"a": ', "line 2: Expecting value at character 7"),
        ("[]", "holds no rows"),
        (b" ", "is empty"),
        ("id,a\n1,2\n", "cannot be read as JSON"),
        (b'[{"a": "\xe9"}]', "is not utf-8-sig at byte"),
    ],
)
def test_what_is_no_table_is_said(content, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read(tmp_path, content)
