"""The plain way to learn from texts: scikit-learn's vectorizers side by side and a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MIN_DF = 3
MOST = 300_000
C = 1.0


def probabilities(train: Sequence[str], label: np.ndarray, valid: Sequence[str]) -> np.ndarray:
    """Returns (rows, 2) probabilities of the second texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    options = {"min_df": MIN_DF, "max_features": MOST, "sublinear_tf": True, "lowercase": False}
    words = TfidfVectorizer(
        token_pattern=r"(?u)\w[\w']*|[^\w\s]", ngram_range=(1, 2), dtype=np.float32, **options
    )
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), dtype=np.float32, **options)
    model = make_pipeline(make_union(words, characters), LogisticRegression(C=C))
    return model.fit(train, label).predict_proba(valid)
