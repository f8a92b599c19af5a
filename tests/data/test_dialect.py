"""How a CSV is written, found from the file or said by the configuration."""

import gzip

import pytest

from pipeline.config.data_section import DataConfig
from pipeline.data.dialect import Dialect, find_dialect
from pipeline.data.source import FolderSource
from pipeline.data.tables import read_table
from pipeline.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8", packed=False):
        data = text.encode(encoding)
        (tmp_path / "t.csv").write_bytes(gzip.compress(data) if packed else data)
        return FolderSource(tmp_path)

    return write


def find(source, **data):
    return find_dialect(source, "t.csv", DataConfig(**data))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_separator_and_encoding_are_found(write, separator, encoding, packed):
    rows = [["id", "town", "note"], ["7", "Zürich", '"a; b, c | d"'], ["8", "Genève", "x"]]
    source = write("".join(separator.join(row) + "\r\n" for row in rows), encoding, packed)
    dialect = find(source)
    assert (dialect.separator, dialect.quote, dialect.encoding) == (separator, '"', encoding)
    table = read_table(source, "t.csv")
    assert table.to_dict("list") == {
        "id": [7, 8],
        "town": ["Zürich", "Genève"],
        "note": ["a; b, c | d", "x"],
    }


def test_decimal_commas_between_semicolons_part_no_fields(write):
    assert find(write("id;a;b\n1;2,5;3,5\n2;3,5;4,5\n")).separator == ";"


def test_separators_in_free_text_are_not_counted(write):
    text = "id,note\n" + "".join(f'{n},"a;b;c{";" * (n % 3)}"\n' for n in range(9))
    assert find(write(text)).separator == ","


def test_excel_says_its_separator(write):
    source = write("sep=|\nid|a,b\n1|2\n")
    assert find(source).names == ("id", "a,b")
    assert read_table(source, "t.csv").to_dict("list") == {"id": [1], "a,b": [2]}


def test_single_quotes(write):
    source = write("id,a\n1,'x, y'\n2,'z'\n")
    assert find(source).quote == "'"
    assert read_table(source, "t.csv")["a"].tolist() == ["x, y", "z"]
    assert find(write("id,a\n1,it's\n2,that's\n")).quote == '"'


def test_the_configuration_comes_first(write):
    source = write('a;b,c\n"1;2,3\n')
    assert read_table(source, "t.csv", data=DataConfig(separator=",", quote="none")).columns.tolist() == [
        "a;b",
        "c",
    ]
    assert find(write("a\tb\n1\t2\n"), separator="tab").names == ("a", "b")
    assert find(write("name\nжук\n", "cp1251"), encoding="cp1251").encoding == "cp1251"


def test_an_encoding_that_does_not_fit_is_refused(write):
    source = write("id\n" + "x" * 2_000_000 + "é\n", "latin-1")
    with pytest.raises(DataError, match=r"t.csv is not utf-8 at byte 2000003: set `data.encoding`"):
        find(source, encoding="utf-8")
    with pytest.raises(DataError, match=r"`data.encoding`: there is no encoding 'latin-99'"):
        find(source, encoding="latin-99")


def test_what_is_unusual_is_said(write):
    assert find(write("id;a\n1;ü\n", "cp1252")).said() == "fields between semicolons, encoding cp1252"
    assert find(write("id,a\n1,ü\n")).said() == ""


def test_it_survives_the_disk(write):
    dialect = find(write("id;a\n1;2\n"))
    assert Dialect.from_json(dialect.to_json()) == dialect


def test_rows_that_are_short_are_filled_and_rows_that_are_long_are_named(write):
    table = read_table(write("id,a,b\n1,2\n3,4,5\n6,7,8,\n"), "t.csv")
    assert table["b"].fillna(-1).tolist() == [-1, 5, 8]
    with pytest.raises(DataError, match=r"t.csv, line 3 has 4 fields, the header 3: is `data.separator`"):
        read_table(write("id,a,b\n1,2,3\n3,4,5,6\n"), "t.csv")


def test_columns_without_a_name_get_one(write):
    assert read_table(write(",a\n0,5\n1,6\n"), "t.csv").columns.tolist() == ["Unnamed: 0", "a"]
