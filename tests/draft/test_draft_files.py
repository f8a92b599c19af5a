import gzip
import zipfile

import pandas as pd
import pytest

from pipeline.data.source import FolderSource
from pipeline.draft.file_search import find_files
from pipeline.draft.files import Asked
from pipeline.errors import DataError


def test_usual_names_need_no_keys(folder):
    config = folder.save_all().config()
    assert (config.data.train, config.data.test, config.data.sample) == (
        "train.csv",
        "test.csv",
        "sample_submission.csv",
    )
    assert (config.data.id, config.data.target, config.metric) == ("id", "target", "accuracy")
    assert set(config.models) >= {"lgbm", "linear"}


@pytest.mark.parametrize(
    "train, test, sample",
    [
        ("training_set.csv", "evaluation.csv", "gender_submission.csv"),
        ("raw/train.csv", "raw/test.csv", "sampleSubmission.csv"),
        ("train.parquet", "test.parquet", "SampleSubmission.csv"),
        ("train.csv.gz", "test.csv.gz", "sample_submission.csv.gz"),
        ("known.csv", "unknown.csv", "answers.csv"),
        ("a.csv", "b.csv", "submission_example.csv"),
    ],
)
def test_names_and_folders_of_every_kind(folder, train, test, sample):
    folder.save(train, folder.train).save(test, folder.test).save(sample, folder.sample())
    data = folder.config().data
    assert (data.train, data.test, data.sample) == (train, test, sample)


def test_files_that_the_person_names(folder):
    folder.save_all()
    folder.save("train_old.csv", folder.train).save("other.csv", folder.test)
    data = folder.config(train="train_old.csv", test="other.csv").data
    assert (data.train, data.test) == ("train_old.csv", "other.csv")
    with pytest.raises(DataError, match=r"no file 'trian.csv'. Did you mean 'train.csv'"):
        folder.draft(train="trian.csv")


def test_of_several_the_choice_is_said(folder):
    folder.save_all().save("train_extra.csv", folder.train).save("notes.csv", pd.DataFrame({"a": [1]}))
    lines = "\n".join(folder.draft().lines)
    assert "train.csv: its name says so; train_extra.csv would fit too" in lines
    assert "unread  notes.csv, train_extra.csv" in lines


def test_a_table_that_matters_to_nothing_may_be_broken(folder):
    folder.save_all()
    (folder.root / "notes.csv").write_bytes(b"")
    assert folder.config().data.train == "train.csv"


def test_a_zip_and_a_folder_around_everything(folder, tmp_path):
    folder.save_all()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in folder.root.iterdir():
            archive.write(path, f"contest/{path.name}")
    draft = folder.draft(root=tmp_path / "all.zip")
    assert f"root: {tmp_path / 'all.zip'}" in draft.text


def test_ids_keep_their_text(folder):
    assert folder.save_all().config().data.id == "id"  # "0007" in train, test and sample alike


def test_the_test_table_is_known_by_its_ids(folder):
    folder.save("train.csv", folder.train).save("sample_submission.csv", folder.sample())
    folder.save("test_old.csv", folder.test.assign(id=folder.test["id"] + "x"))
    folder.save("rows.csv", folder.test)
    draft = folder.draft()
    assert "test    rows.csv: its ids are those of sample_submission.csv" in draft.lines


def test_labels_of_the_test_rows_are_not_the_test_table(folder):
    labels = folder.ids.to_frame().assign(target=-1, a=1, b=2, c=3, d=4)
    folder.save_all().save("test_labels.csv", labels)
    assert find_files(FolderSource(folder.root), Asked()).test.value == "test.csv"


def test_tables_without_an_id_are_numbered(folder):
    folder.save("train.csv", folder.train.drop(columns="id")).save("test.csv", folder.test.drop(columns="id"))
    folder.save("sample_submission.csv", folder.sample().assign(id=range(1, 21)))
    config = folder.config()
    assert config.data.number_rows
    assert config.data.id == "id"


def test_no_sample(folder):
    folder.save("train.csv", folder.train)
    with pytest.raises(DataError, match=r"holds no sample submission.*SAMPLE=file.*It holds: train.csv"):
        folder.draft()


def test_no_test_table(folder):
    folder.save("train.csv", folder.train).save("sample_submission.csv", folder.sample())
    with pytest.raises(DataError, match=r"holds no test table.*TEST=file"):
        folder.draft()


def test_no_training_table(folder):
    folder.save("test.csv", folder.test).save("sample_submission.csv", folder.sample())
    with pytest.raises(DataError, match=r"holds no training table.*TRAIN=file"):
        folder.draft()


@pytest.mark.parametrize("content, said", [(b"", "train.csv is empty"), (b"id,target\n", "no rows")])
def test_empty_files(folder, content, said):
    folder.save_all()
    (folder.root / "train.csv").write_bytes(content)
    with pytest.raises(DataError, match=said):
        folder.draft()


def test_another_encoding_is_found_and_said_or_told_and_taken(folder):
    folder.table["place"] = "Málaga"
    folder.save_all()
    for name in ("train.csv", "test.csv"):
        text = (folder.root / name).read_text(encoding="utf-8")
        (folder.root / name).write_bytes(text.encode("latin-1"))
    draft = folder.draft()
    assert "read    train.csv: encoding cp1252" in draft.lines
    assert "# train.csv: encoding cp1252" in draft.text
    with pytest.raises(DataError, match=r"is not utf-8 at byte \d+.*ENCODING=latin-1"):
        folder.draft(encoding="utf-8")
    assert folder.config(encoding="latin-1").data.encoding == "latin-1"


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_and_decimal_commas_are_found_and_said(folder, separator):
    plain = folder.save_all(target=0.5).draft()
    for name, table in (
        ("train", folder.train),
        ("test", folder.test),
        ("sample_submission", folder.sample(target=0.5)),
    ):
        table.to_csv(folder.root / f"{name}.csv", index=False, sep=separator, decimal=",")
    draft = folder.draft()
    assert any(line.startswith("read    train.csv: fields between") for line in draft.lines)
    assert "read    numbers with a decimal comma: width, shade" in draft.lines
    assert [line for line in draft.lines if "read " not in line] == plain.lines


def test_ids_that_stand_twice(folder):
    folder.save_all()
    folder.save("train.csv", pd.concat([folder.train, folder.train.head(2)]))
    with pytest.raises(DataError, match="ids that stand twice in 'id'"):
        folder.draft()


def test_a_csv_with_too_many_columns(folder):
    folder.save_all()
    (folder.root / "train.csv").write_text(",".join(f"c{n}" for n in range(60_000)) + "\n1\n")
    with pytest.raises(DataError, match="60,000 columns; at most 50,000"):
        folder.draft()


def test_a_zip_that_points_outside(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("train.csv", "id\n1\n")
        archive.writestr("../evil.csv", "x")
    with pytest.raises(DataError, match=r"points outside the zip"):
        folder.draft(root=tmp_path / "bad.zip")


def test_there_is_nothing(folder, tmp_path):
    with pytest.raises(DataError, match="There is no data at"):
        folder.draft(root=tmp_path / "nowhere")


def test_gzip_is_read_by_its_content(folder):
    folder.save_all()
    data = (folder.root / "train.csv").read_bytes()
    (folder.root / "train.csv").write_bytes(gzip.compress(data))
    assert folder.config().data.train == "train.csv"
