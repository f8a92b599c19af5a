import numpy as np
import pytest

from pipeline.cli import main
from pipeline.config.load import load_config
from pipeline.draft.draft import config_path
from pipeline.draft.text import ConfigText, scalar
from pipeline.errors import ConfigError


def test_a_draft_says_what_and_why(folder):
    draft = folder.save_all().draft()
    assert draft.text.startswith("# Drafted by `make new`")
    assert "# one of two labels is asked for; the files cannot tell accuracy from auc" in draft.text
    assert any(line.startswith("metric  accuracy: ") for line in draft.lines)
    assert max(map(len, draft.text.splitlines())) <= 110


def test_it_is_written_once(folder, tmp_path):
    draft = folder.save_all().draft()
    path = draft.write(tmp_path / "configs")
    assert load_config(path).competition == "toy"
    with pytest.raises(ConfigError, match=r"toy.yaml is there already.*--force"):
        draft.write(tmp_path / "configs")
    assert draft.write(tmp_path / "configs", force=True) == path


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "with space"])
def test_names_that_are_none(name):
    with pytest.raises(ConfigError, match="A competition's name must match"):
        config_path(name)


def test_columns_with_awkward_names(folder):
    folder.table = folder.table.rename(columns={"target": "yes: or #no?", "place": "{place}"})
    folder.table["true"] = np.repeat(np.arange(20), 5)
    folder.save("train.csv", folder.train).save("test.csv", folder.test.drop(columns="yes: or #no?"))
    folder.save("sample_submission.csv", folder.sample(**{"yes: or #no?": 0}))
    config = folder.config()
    assert config.data.target == "yes: or #no?"


@pytest.mark.parametrize(
    "value", ["a", "0007", "1e-3", "true", "a: b", "x #y", "{id}", 5, 0.5, True, [1, "b"]]
)
def test_values_come_back(tmp_path, value):
    from pipeline.config.strict_yaml import read_yaml

    text = ConfigText()
    text.key("key", {"inner": value}, reason="a reason\nof two lines")
    (tmp_path / "x.yaml").write_text(str(text), encoding="utf-8")
    assert read_yaml(tmp_path / "x.yaml")[0] == {"key": {"inner": value}}
    assert scalar("plain words") == "plain words"


def test_the_command(folder, monkeypatch, capsys):
    folder.save_all()
    monkeypatch.chdir(folder.root.parent)
    monkeypatch.setenv("KERAS_HOME", str(folder.home))
    arguments = ["new", "toy", "--data", "toy", "--metric", "auc"]
    assert main(arguments) == 0
    assert "configs/toy.yaml is written. Now: make train COMP=toy" in capsys.readouterr().out
    config = load_config(folder.root.parent / "configs" / "toy.yaml")
    assert (config.metric, config.data.root) == ("auc", "toy")
    assert main(arguments) == 1
    assert "is there already" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0


def test_files_in_the_usual_place_need_no_root(folder, monkeypatch):
    (folder.root.parent / "data").mkdir()
    folder.root = folder.root.rename(folder.root.parent / "data" / "toy")
    folder.save_all()
    monkeypatch.chdir(folder.root.parents[1])
    assert main(["new", "toy"]) == 0
    assert load_config(folder.root.parents[1] / "configs" / "toy.yaml").data.root is None
