"""Every shipped configuration, made small, gives the submission that is recorded: a change of the code
that is meant to change no result changes none.

The configurations are those of `configs/` with the settings of `tests/golden/settings.py`; contests
whose files do not come with the project have stand-ins, drawn by `tests/golden/tables.py` and
`pictures.py`. What is recorded lies in `tests/golden/NAME.json`, beside what it was made with: versions
of libraries, the processor's features, the kernels of the linear algebra.

Where all of that is the same here, every byte must be: of the submission, and of the ensemble's
out-of-fold and test predictions. Elsewhere last digits may differ, and a network or a tree makes more of
them: then the header, the ids and the number of rows must be the same, and the cross-fitted score must
be within `TOLERANCE`. A warning says what differs.

Only where a change of results is meant, they are recorded anew, and the change is noted in CHANGELOG.md:

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv/bin/python -m tests.golden.record NAME ...

(no names: all; --check: compare only; the threads are those of make test.)
"""

import json
import warnings
from dataclasses import asdict

import pytest

from tests.golden.machine import differences, made_with
from tests.golden.result import CONFIGS, record_path, train
from tests.golden.settings import GOLDEN

TOLERANCE = {  # of the cross-fitted score, on another machine: one or two rows of an accuracy
    "digits": 0.01,
    "house_prices": 0.01,
    "leaves": 0.05,
    "mnist": 0.05,
    "otto": 0.02,
    "titanic": 0.02,
    "whale_heads": 0.1,
    "whale_masks": 0.15,
    "whales": 0.3,  # three short networks in a chain, 68 scored pictures: 0.13 off where AVX-512 rounds
}


def test_every_shipped_configuration_is_held():
    shipped = {path.stem for path in CONFIGS.glob("*.yaml") if not path.stem.endswith(".tuned")}
    assert set(GOLDEN) == set(TOLERANCE) == shipped
    assert all(record_path(name).exists() for name in GOLDEN)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_submission_is_the_recorded_one(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorded = json.loads(record_path(name).read_text(encoding="utf-8"))
    result, expected = asdict(train(name)), recorded["result"]
    elsewhere = differences(recorded["made_with"], made_with())
    if not elsewhere:
        assert differences(expected, result) == [], "see the module's first lines"
        return
    warnings.warn(f"{name} is compared by its score, not by bytes: {'; '.join(elsewhere)}", stacklevel=1)
    for key in ("header", "rows", "ids"):
        assert result[key] == expected[key], key
    assert set(result["scores"]) == set(expected["scores"])
    score = expected["cross_fitted_score"]
    assert result["cross_fitted_score"] == pytest.approx(score, abs=TOLERANCE[name], rel=0)


def test_what_differs_is_named():
    one = {"versions": {"numpy": "2.0", "keras": "3"}, "machine": "x86_64"}
    other = {"versions": {"numpy": "2.1", "keras": "3"}, "machine": "x86_64", "more": 1}
    assert differences(one, one) == []
    assert differences(one, other) == [
        "more: recorded None, here 1",
        "versions.numpy: recorded 2.0, here 2.1",
    ]
