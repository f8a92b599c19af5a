"""Labels of pure noise: whatever a search claims is luck, and what it prints as honest must be 0."""

import numpy as np
import pytest

from bench.noise_search import after, request_of

DRAWS = 3


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Searches among neighbours, with the model's own space."""
    folders = [tmp_path_factory.mktemp("noise") for _ in range(DRAWS)]
    return [after(request_of(folder, seed, 150, 8, 16), parts=1) for seed, folder in enumerate(folders)]


def test_the_gain_that_a_search_claims_is_luck(verdicts):
    assert np.mean([verdict.claimed for verdict in verdicts]) > 0.03


def test_the_gain_on_held_back_rows_is_nothing(verdicts):
    gains = [verdict.gain for verdict in verdicts]
    error = np.sqrt(np.sum([gain.error**2 for gain in gains])) / DRAWS
    assert abs(np.mean([gain.value for gain in gains])) < 1.5 * error
    for gain in gains:
        assert gain.error > 0
        assert abs(gain.value) < 2 * gain.error
