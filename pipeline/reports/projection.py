"""Projection of a representation onto a page: principal components, and t-SNE.

van der Maaten and Hinton, "Visualizing data using t-SNE", Journal of Machine Learning Research 9 (2008).
"""

from __future__ import annotations

import numpy as np

WIDTH = 30  # principal components that t-SNE sees
ROUNDS = 300
PERPLEXITY = 30.0


def components(values: np.ndarray, most: int = 2) -> tuple[np.ndarray, float]:
    """Returns (rows, most) principal components, and their share of all variance."""
    centred = values - values.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    total = float((sizes**2).sum())
    return left[:, :most] * sizes[:most], float((sizes[:most] ** 2).sum()) / total if total > 0 else 0.0


def tsne(values: np.ndarray) -> np.ndarray:
    """Returns float32 (rows, 2): rows that are near one another stay so; distances far away mean little."""
    from sklearn.manifold import TSNE

    some = components(values.astype(np.float64), WIDTH)[0]
    if np.ptp(some, axis=0).max(initial=0.0) <= 0:
        return np.zeros((len(values), 2), np.float32)
    perplexity = min(PERPLEXITY, max(2.0, (len(values) - 1) / 3))
    made = TSNE(2, perplexity=perplexity, init="pca", random_state=0, max_iter=ROUNDS, n_jobs=1)
    return made.fit_transform(some).astype(np.float32)
