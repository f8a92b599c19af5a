import pytest

from pipeline.data.file_pattern import FilePattern
from pipeline.errors import DataError

FILES = ["train/ant/1.jpg", "train/bee/2.png", "train/bee/old/3.jpg", "{x}/4.jpg", "5/5.jpg"]


def test_a_name_from_values():
    pattern = FilePattern("train/{species}/{id}.jpg")
    assert pattern.fields == ["species", "id"]
    assert pattern.name(("ant", "1")) == "train/ant/1.jpg"
    assert not pattern.wild


@pytest.mark.parametrize(
    "text, found",
    [
        ("train/{species}/{id}.jpg", {("ant", "1"): ["train/ant/1.jpg"]}),
        ("train/{s}/{id}.*", {("ant", "1"): ["train/ant/1.jpg"], ("bee", "2"): ["train/bee/2.png"]}),
        ("train/**/{id}.jpg", {("1",): ["train/ant/1.jpg"], ("3",): ["train/bee/old/3.jpg"]}),
        ("{{x}}/{id}.jpg", {("4",): ["{x}/4.jpg"]}),
        ("{id}/{id}.jpg", {("5",): ["5/5.jpg"]}),
    ],
)
def test_values_from_names(text, found):
    assert FilePattern(text).index(FILES) == found


def test_another_value_stands_wherever_the_field_does():
    nested = FilePattern("test/{id}/{kind}/{id}_*.png")
    assert nested.renamed("test/7/red/7_left.png", "id", "7c1") == "test/7c1/red/7c1_left.png"
    assert nested.renamed("test/7/red/7_left.png", "kind", "blue") == "test/7/blue/7_left.png"
    assert nested.renamed("test/7/red/8_left.png", "id", "9") == "test/7/red/8_left.png"  # fits not


def test_braces_that_do_not_close():
    with pytest.raises(DataError, match=r"'images/\{id.jpg' is no pattern of file names"):
        FilePattern("images/{id.jpg")


def test_values_that_a_field_does_not_stand_for():
    pattern = FilePattern("{species:not Test,Spare parts}/{id}.png")
    names = ["cat/1.png", "Test/2.png", "Testudo/3.png", "Spare parts/4.png", "Spare/5.png"]
    assert [values for _, values in pattern.matches(names)] == [
        ("cat", "1"),
        ("Testudo", "3"),
        ("Spare", "5"),
    ]
    assert pattern.fields == ["species", "id"]
    assert pattern.name(("cat", "1")) == "cat/1.png"
    with pytest.raises(DataError, match=r"after a colon stands `not`.*Received: '>3'"):
        FilePattern("{species:>3}/{id}.png")
