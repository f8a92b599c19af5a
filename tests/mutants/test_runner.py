"""The runner of mutants, on a small tree of its own; and the list, held to the code that it changes."""

import re

import pytest

from tests.mutants import runner
from tests.mutants.mutant import Mutant, MutantError, read_mutants

CODE = "def double(x):\n    return 2 * x\n"
TESTS = """\
import pytest
from code_of_toy import double

def test_double():
    assert double(2) == 4

@pytest.mark.parametrize("x", [0, 3])
def test_many(x):
    assert double(x) == x + x

def test_nothing():
    assert double

def test_broken():
    assert double(1) == 3
"""


@pytest.fixture
def tree(tmp_path):
    """A root with one function, tests of it, and folders that no copy needs."""
    root = tmp_path / "toy"
    for folder in ("tests", "deep/data", "data", ".git"):
        (root / folder).mkdir(parents=True)
        (root / folder / "kept.txt").write_text(folder)
    (root / "code_of_toy.py").write_text(CODE)
    (root / "tests" / "test_toy.py").write_text(TESTS)
    return root


def mutant(becomes, test="test_double", text="2 * x", name="wrong"):
    return Mutant(name, "code_of_toy.py", text, becomes, (f"tests/test_toy.py::{test}",))


def test_each_mutant_gets_its_verdict_and_the_tree_stays(tree):
    mutants = [
        mutant("3 * x", name="seen"),
        mutant("3 * x", "test_many", name="seen for 3 only"),
        mutant("3 * x", "test_nothing", name="not seen"),
        mutant("x / 0", name="crashes"),
        mutant("3 * x", "test_broken", name="fails already"),
        mutant("3 * x", text="5 * x", name="gone"),
    ]
    lines = []
    verdicts = runner.try_all(mutants, tree, lines.append)
    assert [verdict.partition(":")[0] for verdict in verdicts.values()] == [
        *("killed", "killed", "survived", "broken", "broken", "stale")
    ]
    assert "ZeroDivisionError" in verdicts["crashes"]
    assert "without the mutant" in verdicts["fails already"]
    assert (tree / "code_of_toy.py").read_text() == CODE
    assert len(lines) == 1 + len(mutants)


@pytest.mark.parametrize("becomes", ["x * (", "x\nraise ImportError"])
def test_what_cannot_be_imported_proves_nothing(tree, becomes):
    (verdict,) = runner.try_all([mutant(becomes)], tree, str).values()
    assert verdict.startswith(("stale: code_of_toy.py is no Python then", "broken: no test ran"))


def test_only_a_list_of_dead_mutants_is_a_success(capsys):
    assert runner.report({"a": "killed", "b": "killed"}) == 0
    for verdict in ("survived: x", "stale: x", "broken: x"):
        assert runner.report({"a": "killed", "b": verdict}) == 1
    assert "1 killed, 0 survived, 0 stale, 1 broken" in capsys.readouterr().out


def test_the_copy_holds_the_code_alone(tree, tmp_path):
    runner.copy_tree(tree, tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {"tests", "deep", "code_of_toy.py"}
    assert (tmp_path / "copy" / "deep" / "data" / "kept.txt").exists()


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (mutant("3 * x", text="x"), "holds its text 2 times"),
        (mutant("2 * x"), "changes nothing"),
        (mutant("3 * x", "test_gone[1]"), "no such test: .*test_gone"),
        (Mutant("a", "gone.py", "x", "y", ()), "gone.py is not there"),
    ],
)
def test_what_does_not_fit_is_stale(tree, one, why):
    assert re.search(why, one.stale(tree))


def test_a_choice_by_a_word_finds_something():
    found = runner.chosen([mutant("a", name="one"), mutant("b", name="two")], "tw")
    assert [one.name for one in found] == ["two"]
    with pytest.raises(MutantError, match="no mutant has 'three'"):
        runner.chosen(found, "three")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[[mutant]]\nname = "a"\n', "mutant 1: the keys are name, file, text, becomes, tests"),
        (
            2 * '[[mutant]]\nname = "a"\nfile = "f"\ntext = "t"\nbecomes = "u"\ntests = ["x::y"]\n',
            "second one",
        ),
    ],
)
def test_a_list_with_a_mistake_is_refused(tmp_path, text, why):
    (tmp_path / "list.toml").write_text(text)
    with pytest.raises(MutantError, match=why):
        read_mutants([tmp_path / "list.toml"])


LISTED = read_mutants(sorted(runner.LISTS.glob("*.toml")))


@pytest.mark.parametrize("one", LISTED, ids=lambda one: one.name)
def test_every_listed_mutant_fits_the_code_as_it_is(one):
    """The quick half of `make mutants`: what has left the code is noticed by whoever changes it."""
    assert one.stale(runner.ROOT) is None


def test_there_is_a_list():
    assert len(LISTED) >= 35
