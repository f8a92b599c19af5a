import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.data.source import FolderSource, ZipSource, looked_into, open_source
from pipeline.errors import DataError


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "toy"
    (root / "images").mkdir(parents=True)
    (root / "train.csv").write_text("id\n1\n")
    (root / "images" / "1.png").write_bytes(b"png")
    return root


def zipped(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_folder_and_zip_read_alike(folder, tmp_path):
    packed = zipped(tmp_path / "toy.zip", {"train.csv": "id\n1\n", "images/1.png": b"png"})
    for source in (FolderSource(folder), ZipSource(packed)):
        assert source.names() == ["images/1.png", "train.csv"]
        assert source.read("images/1.png") == b"png"
        assert source.has("train.csv")
        assert not source.has("test.csv")


def test_one_folder_around_everything_is_looked_through(tmp_path):
    packed = zipped(
        tmp_path / "t.zip", {"comp/train.csv": "x", "comp/test.csv": "y", "__MACOSX/comp/._a": ""}
    )
    assert ZipSource(packed).names() == ["test.csv", "train.csv"]


def test_a_missing_file_names_the_nearest(folder):
    with pytest.raises(DataError, match=r"no file 'trian.csv'. Did you mean 'train.csv'"):
        FolderSource(folder).read("trian.csv")


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil", "a/../../b", "C:/evil", "..\\evil"])
def test_entries_that_point_outside_are_refused(tmp_path, name):
    packed = zipped(tmp_path / "t.zip", {"train.csv": "x", name: "y"})
    with pytest.raises(DataError, match="points outside the zip"):
        ZipSource(packed)


def test_a_bomb_is_refused(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", b"\0" * (101 * 2**20))
    with pytest.raises(DataError, match="unpacks from"):
        ZipSource(path)


def test_what_is_no_zip_is_named(tmp_path):
    path = tmp_path / "t.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(DataError, match="not a zip that can be read"):
        ZipSource(path)


def test_places_where_kaggle_files_lie(folder, tmp_path):
    assert isinstance(open_source(folder, "train.csv"), FolderSource)
    container = tmp_path / "container"
    container.mkdir()
    zipped(container / "any-name.zip", {"train.csv": "x"})
    assert isinstance(open_source(container, "train.csv"), ZipSource)
    zipped(tmp_path / "other.zip", {"train.csv": "x"})
    assert isinstance(open_source(tmp_path / "other", "train.csv"), ZipSource)
    with pytest.raises(DataError, match="There is no data at"):
        open_source(tmp_path / "nothing", "train.csv")


def test_the_fingerprint_follows_the_content(folder):
    before = FolderSource(folder).fingerprint(["train.csv"])
    status = (folder / "train.csv").stat()
    assert FolderSource(folder).fingerprint(["train.csv"]) == before
    (folder / "train.csv").write_text("id\n2\n")
    os.utime(folder / "train.csv", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert FolderSource(folder).fingerprint(["train.csv"]) != before


def test_a_pattern_tells_an_unpacked_folder_too(folder):
    zipped(folder / "left-over.zip", {"train.csv": "x"})
    (folder / "train.csv").unlink()
    assert open_source(folder, "images/{label}/{id}.png").has("images/1.png")
    assert isinstance(open_source(folder, "train/{label}/{id}.png"), ZipSource)


def packed(entries, how=zipfile.ZIP_STORED):
    """The bytes of a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file.getvalue()


def filled(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


INNER = {
    "labels.csv": b"id\n1\n",
    "train.zip": packed({"train/1.png": b"one", "train/2.png": b"two", "__MACOSX/train/._1.png": b""}),
    "test.zip": packed({"3.png": b"three", "4.png": b"four"}),
    "notes.csv.zip": packed({"notes.csv": b"a\n"}),
}
UNPACKED = ["labels.csv", "notes.csv", "test/3.png", "test/4.png", "train/1.png", "train/2.png"]


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zips_inside_are_looked_into(tmp_path, how):
    folder = filled(tmp_path / "folder", INNER)
    (tmp_path / "all.zip").write_bytes(packed(INNER, how))
    for source in (open_source(folder, "labels.csv"), open_source(tmp_path / "all.zip", "labels.csv")):
        assert source.names() == UNPACKED
        names = ["train/2.png", "test/3.png", "train/1.png", "notes.csv", "labels.csv"] * 20
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(source.read, names))
        assert found == [b"two", b"three", b"one", b"a\n", b"id\n1\n"] * 20
        with source.open("train/1.png") as file:
            assert file.read() == b"one"
        with pytest.raises(DataError, match=r"no file 'train/9.png'"):
            source.read("train/9.png")


@pytest.mark.parametrize(
    "zipped, inside, name",
    [
        ("train.csv.zip", "data.csv", "train.csv"),
        ("train.zip", "train.csv", "train.csv"),
        ("train.zip", "deep/train.csv", "train.csv"),
        ("train.zip", "data.csv", "train/data.csv"),
        ("raw/test.csv.zip", "test.csv", "raw/test.csv"),
    ],
)
def test_a_zip_of_one_file(tmp_path, zipped, inside, name):
    filled(tmp_path, {zipped: packed({inside: b"x"}), "sample.csv": b"y"})
    assert open_source(tmp_path, "").names() == sorted([name, "sample.csv"])


def test_three_zips_in_one_another(tmp_path):
    inmost = packed({"a/1.png": b"1", "a/2.png": b"2"})
    outer = packed({"middle.zip": packed({"a.zip": inmost, "b.txt": b""}), "train.csv": b"x"})
    (tmp_path / "all.zip").write_bytes(outer)
    source = open_source(tmp_path / "all.zip", "train.csv")
    assert source.names() == ["middle/a/1.png", "middle/a/2.png", "middle/b.txt", "train.csv"]
    assert source.read("middle/a/2.png") == b"2"
    assert "middle.zip" in looked_into(ZipSource(tmp_path / "all.zip"), depth=0).names()


def test_what_is_there_goes_before_what_is_packed(tmp_path):
    folder = filled(tmp_path, {**INNER, "train/1.png": b"mine", "train/2.png": b"too", "notes.csv": b"b"})
    source = open_source(folder, "labels.csv")
    assert source.names() == UNPACKED
    assert source.read("train/1.png") == b"mine"
    assert source.read("notes.csv") == b"b"


def test_a_zip_by_its_name_only_stays_a_file(tmp_path):
    folder = filled(tmp_path, {"train.csv": b"x", "page.zip": b"<html>"})
    assert isinstance(open_source(folder, "train.csv"), FolderSource)
    (tmp_path / "all.zip").write_bytes(packed({"train.csv": b"x", "page.zip": b"<html>"}))
    assert open_source(tmp_path / "all.zip", "train.csv").names() == ["page.zip", "train.csv"]


def test_a_table_that_is_a_zip_by_its_content(tmp_path):
    folder = filled(tmp_path, {"train.csv": packed({"train.csv": b"id\n1\n"})})
    assert open_source(folder, "train.csv").read("train.csv") == b"id\n1\n"
    filled(folder, {"train.csv": packed({"a": b"", "b": b""})})
    with pytest.raises(DataError, match=r"train.csv is a zip of 2 files, not a table"):
        open_source(folder, "train.csv").read("train.csv")


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    "inner, expected",
    [
        (packed({"../evil.png": b""}), r"train.zip is refused: its entry '../evil.png' points outside"),
        (packed({"x": b"\0" * (101 * 2**20)}, zipfile.ZIP_DEFLATED), r"train.zip is refused: 'x' unpacks"),
        (INNER["train.zip"][:-30], r"train.zip is not a zip that can be read"),
    ],
)
def test_zips_inside_that_are_refused(tmp_path, inner, expected, how):
    files = {"train.csv": b"x", "train.zip": inner}
    filled(tmp_path / "folder", files)
    (tmp_path / "all.zip").write_bytes(packed(files, how))
    for place in ("folder", "all.zip"):
        with pytest.raises(DataError, match=expected):
            open_source(tmp_path / place, "train.csv")


def test_the_fingerprint_follows_the_zips_inside(tmp_path):
    source = open_source(filled(tmp_path, INNER), "labels.csv")
    before, status = source.fingerprint(["notes.csv"]), (tmp_path / "notes.csv.zip").stat()
    assert open_source(tmp_path, "labels.csv").fingerprint(["notes.csv"]) == before
    filled(tmp_path, {"notes.csv.zip": packed({"notes.csv": b"b\n"})})
    os.utime(tmp_path / "notes.csv.zip", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert open_source(tmp_path, "labels.csv").fingerprint(["notes.csv"]) != before


def test_a_pattern_of_classes_at_the_top_of_a_zip(tmp_path):
    files = {"cat/1.png": b"", "dog/2.png": b"", "sample.csv": b"id,label\n"}
    filled(tmp_path, {"all.zip": packed(files), "description.md": b"x"})
    assert isinstance(open_source(tmp_path, "{label}/{id}.png"), ZipSource)
