import pytest

from pipeline.errors import KaggleError
from pipeline.kaggle.command import refusal, run_kaggle

URL = "for url: https://www.kaggle.com/api/v1/competitions/data/download-all/toy"
HELP = "Authentication required to call the Kaggle API.\n\nFirst, you will need a Kaggle account."


@pytest.mark.parametrize(
    "says, fails, expected",
    [
        ("", f"403 Client Error: Forbidden {URL}", r"competitions/toy/rules in a browser.*accept the rules"),
        ("", f"404 Client Error: Not Found {URL}", r"knows no contest 'toy'.*data\.kaggle"),
        ("", f"401 Client Error: Unauthorized {URL}", r"kaggle auth login"),
        (HELP, "", r"access_token \(or the older ~/\.kaggle/kaggle\.json\)"),
        ("", f"429 Client Error: Too Many Requests {URL}", r"asks to wait"),
        ("", "HTTPSConnectionPool(host='www.kaggle.com'): Max retries exceeded", r"on the network\?"),
        ("", f"400 Client Error: Bad Request {URL}", r"is a submission left today"),
        ("", "Something else\nwent wrong", r"command line failed: went wrong"),
    ],
)
def test_a_refusal_says_in_one_line_what_to_do(kaggle, says, fails, expected):
    kaggle.answers(says=says, fails=fails or " ")
    with pytest.raises(KaggleError, match=expected) as caught:
        run_kaggle(["download", "-c", "toy", "-p", "."], "toy")
    assert "\n" not in str(caught.value)


def test_without_the_program_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(KaggleError, match=r"make setup KAGGLE=1"):
        run_kaggle(["submissions"], "toy")


def test_the_program_beside_python_is_found(kaggle, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    assert "No submissions found" in run_kaggle(["submissions", "-c", "toy"], "toy")


def test_an_answer_without_words_is_still_an_error():
    assert "it said nothing" in str(refusal("  \n", "toy"))
