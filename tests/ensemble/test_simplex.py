import numpy as np
import pytest
from scipy.optimize import minimize

from pipeline.ensemble.simplex import (
    COARSE,
    _relative_gap,
    error_grams,
    log_loss_derivatives,
    log_loss_weights,
    nonnegative_quadratic,
    squared_error_weights,
)
from pipeline.ensemble.stack import Stack


def truths(rows, members, seed=0):
    random = np.random.default_rng(seed)
    signal = random.normal(1.0, 1.0, size=(rows, 1))
    quality = random.uniform(0.2, 1.0, members)
    return 1.0 / (1.0 + np.exp(-(signal * quality + random.normal(size=(rows, members)))))


def by_scipy(loss, members):
    found = minimize(
        loss,
        np.full(members, 1.0 / members),
        method="SLSQP",
        bounds=[(0.0, 1.0)] * members,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0},
        options={"ftol": 1e-13, "maxiter": 1000},
    )
    return found.fun


def on_simplex(weights):
    return np.all(weights >= 0) and abs(weights.sum() - 1.0) < 1e-12


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_weights_are_as_good_as_a_general_solver_finds(seed, dtype):
    truth = truths(300, 6, seed).astype(dtype)

    def loss(weights):
        return -np.log(truth @ weights).mean()

    solution = log_loss_weights(truth)
    assert on_simplex(solution.weights)
    assert solution.gap < 1e-8
    assert loss(solution.weights) <= by_scipy(loss, 6) + 1e-9


def test_the_gap_bounds_what_other_weights_could_gain():
    truth = truths(400, 5)
    best = -np.log(truth @ log_loss_weights(truth).weights).mean()
    for weights in np.random.default_rng(1).dirichlet(np.ones(5), 50):
        value, gradient, _ = log_loss_derivatives(truth, weights)
        assert value - best <= -gradient.min() - 1.0 + 1e-12


def test_derivatives_are_those_of_the_loss():
    truth, weights, step = truths(200, 4), np.array([0.1, 0.2, 0.3, 0.4]), 1e-5
    _, gradient, hessian = log_loss_derivatives(truth, weights)
    for member in range(4):
        moved = step * np.eye(4)[member]
        up, down = log_loss_derivatives(truth, weights + moved), log_loss_derivatives(truth, weights - moved)
        assert gradient[member] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-6)
        np.testing.assert_allclose(hessian[member], (up[1] - down[1]) / (2 * step), rtol=1e-6)


def test_derivatives_refuse_probabilities_of_zero():
    with pytest.raises(FloatingPointError, match="not positive"):
        log_loss_derivatives(np.zeros((3, 2)), np.array([0.5, 0.5]))


def test_many_rows_start_from_a_part_of_them_and_are_exact_too():
    solution = log_loss_weights(truths(2 * COARSE + 7, 4).astype(np.float32))
    assert on_simplex(solution.weights)
    assert solution.gap < 1e-8


def test_members_that_are_sometimes_sure_of_the_wrong_class():
    truth = truths(500, 4)
    truth[np.random.default_rng(0).random(truth.shape) < 0.3] = 1e-15
    assert log_loss_weights(truth).gap < 1e-6


@pytest.mark.parametrize("truth", [np.ones((4, 3)), np.full((5, 2), 1e-15), np.full((1, 1), 0.3)])
def test_members_that_cannot_be_told_apart(truth):
    solution = log_loss_weights(truth)
    assert on_simplex(solution.weights)
    assert solution.gap < 1e-9


def test_a_perfect_member_takes_everything():
    truth = truths(200, 3)
    truth[:, 1] = 1.0
    np.testing.assert_allclose(log_loss_weights(truth).weights, [0, 1, 0], atol=1e-9)


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("root", [True, False])
def test_squared_error_weights_are_as_good_as_a_general_solver_finds(targets, root):
    random = np.random.default_rng(targets)
    target = random.normal(size=(300, targets)) * np.array([1.0, 10.0, 100.0])[:targets]
    members = [target + random.normal(size=target.shape) * random.uniform(1, 20, targets) for _ in range(5)]

    def loss(weights):
        errors = sum(w * m for w, m in zip(weights, members, strict=True)) - target
        means = (errors**2).mean(axis=0)
        return np.sqrt(means).mean() if root else means.mean()

    solution = squared_error_weights(error_grams(Stack.of(members), target), root)
    assert on_simplex(solution.weights)
    assert solution.gap < 1e-8
    assert loss(solution.weights) <= by_scipy(loss, 5) * (1 + 1e-8)


def test_squared_error_of_copies_and_of_the_truth_itself():
    target = np.random.default_rng(0).normal(size=(50, 1))
    copies = squared_error_weights(error_grams(Stack.of([target + 1, target + 1]), target))
    assert on_simplex(copies.weights)
    assert copies.gap < 1e-9
    perfect = squared_error_weights(error_grams(Stack.of([target + 1, target]), target))
    np.testing.assert_allclose(perfect.weights, [0, 1], atol=1e-5)
    nothing_wrong = squared_error_weights(error_grams(Stack.of([target, target]), target))
    np.testing.assert_allclose(nothing_wrong.weights, [0.5, 0.5])


def test_quadratic_refuses_what_is_not_convex():
    with pytest.raises(FloatingPointError, match="not positive semi-definite"):
        nonnegative_quadratic(np.array([[1.0, 3.0], [3.0, 1.0]]), np.ones(2))


@pytest.mark.parametrize("root", [True, False])
def test_the_gap_bounds_what_the_best_weights_gain(root):
    """Weights (1, 0) on errors of 1 and 0.9: all weight on the second is better by 10 % (19 % squared)."""
    grams = np.outer([1.0, 0.9], [1.0, 0.9])[None]
    best = 0.9 if root else 0.81
    assert _relative_gap(grams, np.array([1.0, 0.0]), root) >= 1 - best - 1e-12
