"""Exact ensemble weights: non-negative, summing to one, optimal for log loss or squared error.

Both problems are convex, so that a first-order bound proves how far a solution is from the best
one: for weights w on the simplex and a convex loss f, `f(w) - min f <= grad.w - min_j grad_j`
(the Frank-Wolfe gap; Jaggi, "Revisiting Frank-Wolfe", ICML 2013, section 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.ensemble.stack import Stack
from pipeline.ensemble.threads import single_threaded

CHUNK = 16_384  # rows that are worked on at a time: bounds the memory beside the matrix
COARSE = 20_000  # rows whose solution starts the search on a larger matrix
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Solution:
    """Weights and the proof of their quality.

    Attributes:
        weights: float64 (members,), non-negative, sum one.
        gap: no weights on the simplex are better by more than this: in nats for log loss; for
            squared error as a share of the loss, the mean squared error or its root.
    """

    weights: np.ndarray
    gap: float


@single_threaded
def log_loss_weights(truth: np.ndarray, tolerance: float = TOLERANCE) -> Solution:
    """Minimises -mean log(P w) over the simplex.

    Sequential quadratic programming with exact Hessians on the problem without the sum
    constraint, min -mean log(P x) + sum(x) over x >= 0, whose solution sums to one by itself
    (Kim, Carbonetto, Stephens and Anitescu, "A fast algorithm for maximum likelihood estimation
    of mixture proportions using sequential quadratic programming", JCGS 2020, sections 2 and 3).
    A large matrix is first solved on every k-th row.

    Args:
        truth: (rows, members), P: the probability at the true class, positive.
        tolerance: stop at this gap, max_j mean(P_j / P w) - 1.
    """
    members = truth.shape[1]
    weights = np.full(members, 1.0 / members)
    stride = len(truth) // COARSE
    if stride > 1:
        rough = log_loss_weights(truth[::stride], tolerance=1e-6).weights
        # A little of every member, so that none starts at zero.
        weights = 0.99 * rough + 0.01 * weights
    best, gap = weights, np.inf
    for _ in range(100):
        value, gradient, hessian = log_loss_derivatives(truth, weights)
        # The Frank-Wolfe gap, for gradient.w = -mean(P w / P w) = -1.
        bound = max(float(-gradient.min()) - 1.0, 0.0)
        if bound < gap:
            best, gap = weights, bound
        if gap <= tolerance:
            break
        # The quadratic model at w, minimised over x >= 0; b = H w - gradient - 1, H w = -gradient.
        target = nonnegative_quadratic(hessian, -2.0 * gradient - 1.0)
        slope = float((gradient + 1.0) @ (target - weights))
        moved = _line_search(truth, weights, target, value + weights.sum(), slope)
        if moved is None:
            break
        weights = moved / moved.sum()
    return Solution(best, gap)


def _line_search(
    truth: np.ndarray, start: np.ndarray, target: np.ndarray, value: float, slope: float
) -> np.ndarray | None:
    """Returns the first of the halved steps that descends enough (Armijo), None where none does."""
    if slope >= 0:
        return None
    # P w is linear in w: two products serve every step that is tried.
    at_start, at_target = truth @ start.astype(truth.dtype), truth @ target.astype(truth.dtype)
    share = 1.0
    for _ in range(40):
        mixed = (1.0 - share) * at_start + share * at_target
        weights = (1.0 - share) * start + share * target
        if mixed.min() > 0:
            loss = weights.sum() - np.log(mixed).mean(dtype=np.float64)
            # Float32 sums cannot tell the last steps apart: accept what is equal within noise.
            if loss <= value + 0.01 * share * slope + 1e-7 * (1.0 + abs(value)):
                return weights
        share /= 2.0
    return None


def log_loss_derivatives(truth: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Returns value, gradient (members,) and Hessian (members, members) of -mean log(P w).

    Raises:
        FloatingPointError: P w is not positive in some row.
    """
    rows, members = truth.shape
    value, gradient, hessian = 0.0, np.zeros(members), np.zeros((members, members))
    for part in _chunks(truth):
        mixed = part @ weights
        if mixed.min() <= 0:
            raise FloatingPointError("A blended probability of a true class is not positive.")
        # Rows of P / P w: their sums are minus the gradient, their products the Hessian.
        part /= mixed[:, None]
        value -= np.log(mixed).sum()
        gradient -= part.sum(axis=0)
        hessian += part.T @ part
    return value / rows, gradient / rows, hessian / rows


def _chunks(matrix: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(matrix), CHUNK):
        yield matrix[start : start + CHUNK].astype(np.float64)


def squared_error_weights(grams: np.ndarray, root: bool = True, tolerance: float = TOLERANCE) -> Solution:
    """Minimises the squared error of a blend over the simplex, from the members' Gram matrices.

    With weights that sum to one the blend's error is the blend of the errors, so that the mean
    squared error is w'Gw: a quadratic programme, solved by an active set method (Lawson and
    Hanson, "Solving Least Squares Problems", 1974, chapter 23). Several targets under a mean of
    roots are a sequence of such programmes, each the tangent majoriser of the last (iteratively
    reweighted least squares).

    Args:
        grams: (targets, members, members), mean products of the members' errors per target.
        root: minimise the mean over targets of sqrt(w'Gw), else of w'Gw.
        tolerance: stop at this gap, as a share of the loss.
    """
    members = grams.shape[1]
    weights = np.full(members, 1.0 / members)
    size = float(np.trace(grams, axis1=1, axis2=2).max()) / members
    if size <= 0:
        return Solution(weights, 0.0)
    # To unit size, so that the small constants below are shares of the members' own error.
    grams = grams / size
    gap = np.inf
    for _ in range(500):
        # Under roots: their tangents at the last weights, which sum to one quadratic form.
        weights = simplex_quadratic(np.tensordot(_scales(grams, weights, root), grams, axes=1))
        gap = _relative_gap(grams, weights, root)
        if gap <= tolerance or not root or len(grams) == 1:
            break
    return Solution(weights, gap)


def _scales(grams: np.ndarray, weights: np.ndarray, root: bool) -> np.ndarray:
    """Returns what each target's Gram matrix is multiplied by to give the gradient."""
    if not root or len(grams) == 1:
        return np.ones(len(grams))
    return 1.0 / np.sqrt(np.maximum(np.einsum("i,kij,j->k", weights, grams, weights), 1e-14))


def _relative_gap(grams: np.ndarray, weights: np.ndarray, root: bool) -> float:
    """Returns the Frank-Wolfe gap as a share of the loss that is minimised."""
    # The gradient of the summed roots, or half that of w'Gw: gradient.w is the loss in both.
    gradient = np.tensordot(_scales(grams, weights, root), grams, axes=1) @ weights
    loss = float(gradient @ weights)
    if loss <= 1e-11:  # of the members' own error: a perfect blend, nothing left to gain
        return 0.0
    halved = 1.0 if root else 2.0
    return max(halved * (loss - float(gradient.min())) / loss, 0.0)


def simplex_quadratic(gram: np.ndarray) -> np.ndarray:
    """Returns the w on the simplex that minimises w'Gw, for a positive semi-definite G.

    The minimiser of x'Gx/2 - sum(x) over x >= 0, divided by its sum, fulfils the same conditions.
    """
    scale = float(np.trace(gram)) / len(gram)
    if scale <= 0:
        return np.full(len(gram), 1.0 / len(gram))
    solution = nonnegative_quadratic(gram / scale, np.ones(len(gram)))
    return solution / solution.sum()


def nonnegative_quadratic(hessian: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Returns the x >= 0 that minimises x'Hx/2 - b'x, H positive semi-definite, by active set.

    H = LL' turns it into non-negative least squares. A ridge of 1e-12 of H's size keeps equal
    members apart; the gap of the caller is measured without it.
    """
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    size = max(float(np.trace(hessian)) / len(hessian), np.finfo(float).tiny)
    for ridge in (1e-12, 1e-10, 1e-8):
        try:
            lower = cholesky(hessian + ridge * size * np.eye(len(hessian)), lower=True)
            break
        except np.linalg.LinAlgError:
            continue
    else:
        raise FloatingPointError("The members' Gram matrix is not positive semi-definite.")
    # x'Hx/2 - b'x = |L'x - c|^2/2 + constant, with Lc = b.
    solution, _ = nnls(lower.T, solve_triangular(lower, linear, lower=True))
    return solution


def error_grams(stack: Stack, target: np.ndarray) -> np.ndarray:
    """Returns float64 (targets, members, members): mean products of the members' errors.

    Args:
        stack: the members' values.
        target: (rows, targets).
    """
    targets = target.shape[1]
    grams = np.zeros((targets, stack.n_members, stack.n_members))
    for start in range(0, len(target), CHUNK):
        part = stack.take(np.arange(start, min(start + CHUNK, len(target))))
        truth = target[start : start + CHUNK]
        # (members, rows, targets)
        errors = np.stack([part.member(m) - truth for m in range(part.n_members)], axis=0)
        for k in range(targets):
            grams[k] += errors[:, :, k] @ errors[:, :, k].T
    return grams / len(target)
