import io
import zipfile

import pytest

from pipeline.cli import main
from pipeline.errors import DataError, KaggleError
from pipeline.kaggle.download import download


def packed(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def offers(kaggle, files):
    (kaggle.state / "data.zip").write_bytes(packed(files))


def test_the_zip_stays_a_zip_and_is_fetched_once(kaggle, tmp_path):
    offers(kaggle, {"train.csv": "id,a\n1,2\n", "test.csv": "id\n2\n"})
    heard = []
    (line,) = download("toy", tmp_path / "data" / "toy", False, heard.append)
    assert line.endswith("toy.zip is fetched (2 files); it is read as it is.")
    assert "100%" in "".join(heard)
    assert [path.name for path in (tmp_path / "data" / "toy").iterdir()] == ["toy.zip"]
    (line,) = download("toy", tmp_path / "data" / "toy", False)
    assert "holds files already" in line
    assert len(kaggle.calls) == 1
    download("toy", tmp_path / "data" / "toy", True)
    assert kaggle.calls[-1][-1] == "--force"


def test_a_download_that_was_broken_off_goes_on(kaggle, tmp_path):
    offers(kaggle, {"train.csv": "id\n1\n"})
    (tmp_path / "toy.zip").write_bytes(b"PK half of it")
    assert "is fetched" in download("toy", tmp_path, False)[0]


def test_zips_within_the_zip_are_unpacked(kaggle, tmp_path):
    inner = packed({"imgs/w_1.jpg": "picture"})
    offers(kaggle, {"train.csv.zip": packed({"train.csv": "id\n1\n"}), "imgs.zip": inner, "more.7z": "7z"})
    lines = download("toy", tmp_path / "toy", False)
    assert (tmp_path / "toy" / "train.csv").read_text() == "id\n1\n"
    assert (tmp_path / "toy" / "imgs" / "w_1.jpg").exists()
    assert not list((tmp_path / "toy").glob("*.zip"))
    assert lines[-1] == "Unpack by hand, no zip: more.7z."


def test_a_zip_that_points_outside_is_refused(kaggle, tmp_path):
    offers(kaggle, {"a.zip": packed({"../../evil": "x"})})
    with pytest.raises(DataError, match="points outside the zip"):
        download("toy", tmp_path / "toy", False)
    assert not (tmp_path.parent / "evil").exists()


def test_no_files_at_all(kaggle, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.kaggle.download.run_kaggle", lambda *_: "nothing to see\n")
    with pytest.raises(KaggleError, match=r"sent no files for 'toy'\. It said: nothing to see"):
        download("toy", tmp_path / "toy", False)


def test_the_command_takes_the_contest_from_name_configuration_or_option(kaggle, workplace, capsys):
    offers(kaggle, {"train.csv": "id\n1\n"})
    assert main(["data", "house_prices"]) == 0
    said = capsys.readouterr().out
    assert "fetching house-prices from Kaggle into data/house_prices" in said
    assert "make new COMP=house_prices" in said
    assert (workplace / "data/house_prices/house-prices.zip").exists()
    config = workplace / "configs" / "toy.yaml"
    config.write_text(config.read_text().replace("target: species", "kaggle: real-toy, target: species"))
    assert main(["data", "toy", "--force"]) == 0
    assert main(["data", "other", "--slug", "named"]) == 0
    assert [words[3] for words in kaggle.calls] == ["house-prices", "real-toy", "named"]


def test_a_refusal_ends_with_exit_code_1(kaggle, workplace, capsys):
    kaggle.answers(fails="403 Client Error: Forbidden")
    assert main(["data", "other"]) == 1
    assert "accept the rules" in capsys.readouterr().err
