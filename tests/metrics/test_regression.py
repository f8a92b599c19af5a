import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from pipeline.metrics import find_metric

BY_COLUMN = {"multioutput": "uniform_average"}


def test_values_agree_with_scikit_learn(drawn):
    target, guess = drawn.columns, drawn.guesses
    for name, expected in {
        "rmse": reference.root_mean_squared_error(target, guess),
        "mse": reference.mean_squared_error(target, guess),
        "rmsle": reference.root_mean_squared_log_error(target, guess),
        "mae": reference.mean_absolute_error(target, guess),
        "medae": reference.median_absolute_error(target, guess),
        "mape": reference.mean_absolute_percentage_error(target, guess),
        "r2": reference.r2_score(target, guess),
        "quantile@0.5": reference.mean_pinball_loss(target, guess),
        "quantile@0.9": reference.mean_pinball_loss(target, guess, alpha=0.9),
        "poisson_deviance": reference.mean_poisson_deviance(target.ravel(), guess.ravel()),
    }.items():
        assert find_metric(name)(target, guess) == pytest.approx(expected), name


def test_correlations_agree_with_scipy(drawn):
    for guess in (drawn.guesses, drawn.guesses.round()):
        for name, function in {"pearson": stats.pearsonr, "spearman": stats.spearmanr}.items():
            expected = np.mean([function(drawn.columns[:, k], guess[:, k])[0] for k in range(3)])
            assert find_metric(name)(drawn.columns, guess) == pytest.approx(expected), name


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_nothing_goes_along_with_a_constant(name, drawn):
    constant = np.full((200, 3), 2.5)
    assert find_metric(name)(drawn.columns, constant) == 0.0
    assert find_metric(name)(constant, drawn.columns) == 0.0


def test_r2_of_a_constant_target_is_that_of_scikit_learn():
    constant = np.full((5, 1), 3.0)
    off = constant + 1e-9
    r2 = find_metric("r2")
    assert r2(constant, off) == reference.r2_score(constant, off) == 0.0
    assert r2(constant, constant) == reference.r2_score(constant, constant) == 1.0
    both = np.hstack([constant, np.arange(5.0)[:, None]])
    guess = both + np.array([[1.0, 0.5]])
    assert r2(both, guess) == pytest.approx(reference.r2_score(both, guess))


def test_log_of_the_mean_error_by_hand():
    target, guess = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 0.0], [5.0, 0.0]])
    expected = (np.log((1 + 3) / 2) + np.log(1e-9)) / 2
    assert find_metric("log_mae")(target, guess) == pytest.approx(expected)


def test_counts_that_are_predicted_as_none_cost_much_but_not_everything():
    score = find_metric("poisson_deviance")
    assert score(np.array([[0.0]]), np.array([[0.0]])) == pytest.approx(0.0, abs=1e-8)
    assert score(np.array([[1.0]]), np.array([[-1.0]])) == pytest.approx(2 * (np.log(1e9) - 1))


def test_relative_errors_by_hand():
    target, guess = np.array([[10.0], [4.0], [0.0]]), np.array([[8.0], [6.0], [0.0]])
    assert find_metric("mape")(target, guess) == pytest.approx((0.2 + 0.5) / 2)
    assert find_metric("rmspe")(target, guess) == pytest.approx(np.sqrt((0.2**2 + 0.5**2) / 2))
    assert find_metric("smape")(target, guess) == pytest.approx(100 * (2 / 9 + 2 / 5 + 0) / 3)
    assert find_metric("smape")(target, -target) == pytest.approx(200 * 2 / 3)


def test_relative_errors_of_nothing_are_none():
    for name in ("mape", "rmspe"):
        assert np.isnan(find_metric(name)(np.zeros((3, 1)), np.ones((3, 1))))


def test_divergence_of_shares_agrees_with_scipy(drawn):
    target, guess = drawn.random.dirichlet(np.ones(3), (2, 200))
    target[0] = [1.0, 0.0, 0.0]
    score = find_metric("kl_divergence")
    assert score(target, guess) == pytest.approx(np.mean(stats.entropy(target, guess, axis=1)))
    assert score(target, 5 * guess) == pytest.approx(score(target, guess))
    assert score(20 * target, guess) == pytest.approx(score(target, guess)), "votes are shares"
    assert score(target[:1], np.array([[-0.2, 0.5, 0.5]])) == pytest.approx(-np.log(1e-15), rel=1e-3)


def vectors(directions):
    azimuth, zenith = directions.T
    sine = np.sin(zenith)
    return np.stack([np.cos(azimuth) * sine, np.sin(azimuth) * sine, np.cos(zenith)], axis=1)


def test_an_angle_is_that_between_vectors(drawn):
    target, guess = drawn.random.uniform([0, 0], [2 * np.pi, np.pi], (2, 200, 2))
    angles = np.arccos((vectors(target) * vectors(guess)).sum(axis=1))
    assert find_metric("angular_error")(target, guess) == pytest.approx(angles.mean())
    once_around = target + np.array([2 * np.pi, 0])
    assert find_metric("angular_error")(target, once_around) == pytest.approx(0, abs=1e-7)
    up, down = np.array([[0.0, 0.0]]), np.array([[1.0, np.pi]])
    assert find_metric("angular_error")(up, down) == pytest.approx(np.pi)


def test_distances_on_the_earth_agree_with_scikit_learn(drawn):
    target = drawn.random.uniform([-80, -180], [80, 180], (200, 2))
    guess = target + drawn.random.normal(0, 1e-3, (200, 2))
    paired = reference.pairwise.haversine_distances(np.radians(target), np.radians(guess)).diagonal()
    metres = 6_367_000 * paired
    assert find_metric("haversine")(target, guess) == pytest.approx(metres.mean())
    expected = (np.percentile(metres, 50) + np.percentile(metres, 95)) / 2
    assert find_metric("haversine_50_95")(target, guess) == pytest.approx(expected)
