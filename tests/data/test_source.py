import os
import zipfile

import pytest

from pipeline.data.source import FolderSource, ZipSource, open_source
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
    assert isinstance(open_source(folder, "images/{label}/{id}.png"), FolderSource)
    assert isinstance(open_source(folder, "train/{label}/{id}.png"), ZipSource)
