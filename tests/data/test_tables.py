import gzip

import pandas as pd
import pytest

from pipeline.config.data_section import DataConfig
from pipeline.data import csv_text
from pipeline.data import tables as module
from pipeline.data.source import FolderSource
from pipeline.data.tables import read_table, read_tables
from pipeline.errors import DataError

TRAIN = "id,a,label\n0007,1,x\n0008,2,NA\n0010,3,x\n"
TEST = "id,a\n0011,1\n0012,2\n"
SAMPLE = "id,label\n0012,x\n0011,x\n"


@pytest.fixture
def files(tmp_path):
    def files(train=TRAIN, test=TEST, sample=SAMPLE):
        for name, text in (("train", train), ("test", test), ("sample_submission", sample)):
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{name}.csv").write_bytes(data)
        return FolderSource(tmp_path)

    return files


def test_ids_and_labels_keep_their_exact_text(files):
    tables = read_tables(files(), DataConfig())
    assert tables.train["id"].tolist() == ["0007", "0008", "0010"]
    assert tables.train["label"].tolist() == ["x", "NA", "x"]
    assert tables.sample["id"].tolist() == ["0012", "0011"]
    assert (tables.id, tables.targets, tables.features) == ("id", ("label",), ["a"])


def test_columns_that_test_lacks_are_no_features(files):
    train = "id,a,later,label\n1,1,5,x\n2,2,6,y\n"
    tables = read_tables(files(train, "id,a\n3,1\n", "id,label\n3,x\n"), DataConfig(target="label"))
    assert tables.features == ["a"]


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"train": "id,a,label\n1,1,x\n1,2,y\n"}, r"train.csv: ids that stand twice in 'id': 1"),
        ({"train": "id,a,label\n1,1,\n2,2,y\n"}, r"rows without a 'label': 1"),
        ({"train": "id,a,b\n1,1,2\n2,2,3\n"}, r"no target column 'label'"),
        ({"train": "Id,a,label\n1,1,x\n"}, r"train.csv has no id column 'id'. Did you mean 'Id'"),
        ({"train": ""}, r"train.csv is empty"),
        ({"train": "id,a,label\n"}, r"header but no rows"),
        ({"train": "id,a,a,label\n1,1,1,x\n"}, r"columns of the same name: a"),
        ({"test": "id,a,label\n0011,1,x\n0012,2,y\n"}, r"holds the target column 'label'"),
        ({"sample": "id,label\n0011,x\n"}, r"lacks ids of test.csv: 0012"),
        ({"sample": "id,label\n0011,x\n0012,x\n0013,x\n"}, r"asks for ids that test.csv lacks: 0013"),
    ],
)
def test_what_does_not_fit_is_named(files, change, expected):
    with pytest.raises(DataError, match=expected):
        read_tables(files(**change), DataConfig(target="label"))


def test_another_encoding_than_the_declared_one_is_refused(files):
    source = files(train="id,a,label\n1,\xe9,x\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"train.csv is not utf-8 at byte 13: set `data.encoding`"):
        read_tables(source, DataConfig(target="label", encoding="utf-8"))


def test_all_mistakes_of_the_rows_come_in_one_error(files):
    source = files(train="id,a,label\n1,1,\n1,2,y\n", sample="id,label\n0011,x\n")
    with pytest.raises(DataError, match=r"(?s)stand twice.*lacks ids.*rows without"):
        read_tables(source, DataConfig(target="label"))


def test_gaps_of_parquet_are_gaps(tmp_path):
    """An id or a label that is null, and not empty text as in a CSV."""
    train = pd.DataFrame({"id": ["1", None, "3"], "x": [1.0, 2.0, 3.0], "y": ["a", "b", None]})
    train.to_parquet(tmp_path / "train.parquet")
    (tmp_path / "test.csv").write_text("id,x\n4,1\n")
    (tmp_path / "sample_submission.csv").write_text("id,y\n4,a\n")
    with pytest.raises(DataError, match=r"rows without an id: 3") as error:
        read_tables(FolderSource(tmp_path), DataConfig(id="id", train="train.parquet"))
    assert "rows without a 'y': 3" in str(error.value)


def test_text_of_any_length_keeps_itself(monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    column = pd.Series(["a", "0007", "", "ünï", "long text"], dtype=str)
    assert module.as_text(column).tolist() == column.tolist()
    assert module.as_text(column[:0]).tolist() == []


def test_gzip_and_parquet_are_read(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(TRAIN.encode()))
    pd.read_csv(tmp_path / "t.csv.gz", dtype={"id": str}).to_parquet(tmp_path / "t.parquet")
    source = FolderSource(tmp_path)
    for name in ("t.csv.gz", "t.parquet"):
        table = read_table(source, name, ("id",))
        assert table["id"].tolist() == ["0007", "0008", "0010"]
        assert table["a"].sum() == 6


def test_a_table_on_its_side_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text(",".join(f"c{i}" for i in range(60_000)) + "\n")
    with pytest.raises(DataError, match=r"has 60,000 columns; at most 50,000"):
        read_table(FolderSource(tmp_path), "t.csv")


def test_the_sample_may_take_the_place_of_the_test_table(files):
    tables = read_tables(files(), DataConfig(test="sample_submission.csv"))
    assert tables.test.columns.tolist() == ["id"]
    assert (tables.targets, tables.features) == (("label",), [])


def test_tables_without_ids_are_numbered(files):
    bare = files("a,label\n1,x\n2,y\n", "a\n1\n2\n")
    with pytest.raises(DataError, match="has no id column 'id'"):
        read_tables(bare, DataConfig())
    tables = read_tables(bare, DataConfig(number_rows=True))
    assert tables.train["id"].tolist() == ["train 1", "train 2"]
    assert tables.test["id"].tolist() == ["0012", "0011"]  # in the sample's order
    with pytest.raises(DataError, match="test table has 3 rows and no 'id', the sample 2 rows"):
        read_tables(files("a,label\n1,x\n", "a\n1\n2\n3\n"), DataConfig(number_rows=True))


def test_a_folder_per_class_makes_a_table(files, tmp_path):
    source = files()
    for name in ("train/ant/1.jpg", "train/bee/2.jpg", "test/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    table = read_table(source, "train/{species}/{id}.jpg")
    assert table.to_dict("list") == {
        "species": ["ant", "bee"],
        "id": ["1", "2"],
        "file": ["train/ant/1.jpg", "train/bee/2.jpg"],
    }
    with pytest.raises(DataError, match=r"holds no file that fits 'train/\{species\}/\{id\}.png'"):
        read_table(source, "train/{species}/{id}.png")


def test_a_folder_per_class_may_call_its_ids_file(files, tmp_path):
    source = files()
    for name in ("train/ant/1.jpg", "train/bee/2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    table = read_table(source, "train/{species}/{file}")
    assert table.to_dict("list") == {"file": ["1.jpg", "2.jpg"], "species": ["ant", "bee"]}


def test_words_for_gaps_are_no_targets_among_numbers(files):
    source = files("id,a,label\n1,1,0\n2,2,NA\n3,3,1\n", sample="id,label\n0012,0\n0011,1\n")
    with pytest.raises(DataError, match=r"rows without a 'label': 2. `data.missing_targets: leave_out`"):
        read_tables(source, DataConfig())
    tables = read_tables(source, DataConfig(missing_targets="leave_out"))
    assert tables.train["label"].tolist() == ["0", "1"]
    assert read_tables(source, DataConfig(columns={"label": "category"})).train["label"].tolist() == [
        "0",
        "NA",
        "1",
    ]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_as_many_training_rows_are_drawn_as_asked_for(tmp_path, files, form, monkeypatch):
    """The words of `late` come after the first blocks' numbers: it is read twice, and in the same rows."""
    monkeypatch.setattr(csv_text, "BLOCK", 1 << 16)
    rows = 60_000
    train = pd.DataFrame({"id": [f"r{row}" for row in range(rows)], "late": range(rows), "label": "x"})
    train["row"] = train.index
    train["late"] = (
        train["late"].astype(str).where(train.index < rows - 12_000, "word " + train["late"].astype(str))
    )
    train.loc[::2, "label"] = "y"
    source = files(train.to_csv(index=False), "id,late,row\nt,1,1\n", "id,label\nt,x\n")
    if form == "parquet":
        train.to_parquet(tmp_path / "train.parquet")
    config = DataConfig(target="label", rows=1_000, train=f"train.{form}")
    tables = read_tables(source, config)
    assert (len(tables.train), tables.drawn_of) == (1_000, rows)
    assert (tables.train["id"] == "r" + tables.train["row"].astype(int).astype(str)).all()
    assert (
        tables.train["late"].str.removeprefix("word ") == tables.train["row"].astype(int).astype(str)
    ).all()
    assert abs(tables.train["row"].mean() / rows - 0.5) < 0.05, "from everywhere in the file"
    assert tables.train.equals(read_tables(source, config).train), "the same rows every time"
    few = read_tables(source, config.model_copy(update={"rows": rows}))
    assert (len(few.train), few.drawn_of) == (rows, None)


def test_rows_of_one_picture_are_drawn_together(files):
    lines = [f"p{row // 3},{row % 3 + 1} 1" for row in range(900)]
    source = files("id,rle\n" + "\n".join(lines) + "\n", "id,a\nt,1\n", "id,rle\nt,1 1\n")
    tables = read_tables(source, DataConfig(target="rle", task="mask", rows=100))
    assert (len(tables.train), tables.drawn_of) == (100, 300)
    assert (tables.train["rle"].str.count("\n") == 2).all()
