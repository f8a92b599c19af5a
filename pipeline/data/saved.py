"""Encoders and scikit-learn estimators on disk, in skops' format, which runs no code when read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError

# Types beyond skops' own list that a file may hold: ours, and the arrays of a decision tree, whose
# node numbers are checked below because scikit-learn follows them without looking.
TRUSTED = [
    "pipeline.data.encode.TableEncoder",
    "pipeline.data.encoders.categories.CategoryEncoder",
    "pipeline.data.encoders.numbers.NumberScaler",
    "pipeline.data.encoders.parts.PartsMaker",
    "pipeline.data.encoders.texts.TextEncoder",
    "pipeline.data.features.maker.FeatureMaker",
    "sklearn.model_selection._split.KFold",
    "sklearn.tree._tree.Tree",
]


def write_estimator(estimator: Any, path: Path) -> None:
    """Writes the estimator to a new file."""
    import skops.io

    skops.io.dump(estimator, path)


def read_estimator(path: Path) -> Any:
    """Reads what `write_estimator` wrote.

    Raises:
        ModelError: the file is missing, damaged, or holds a type that is not on the list.
    """
    import zipfile

    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        estimator = skops.io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise ModelError(f"{path.name} holds types that are not trusted: {error}") from error
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path.name} cannot be read: {error}") from error
    for member in getattr(estimator, "estimators_", []):
        _check_tree(member, path)
    return estimator


def _check_tree(member: Any, path: Path) -> None:
    """Refuses a decision tree whose nodes point outside of it."""
    tree = getattr(member, "tree_", None)
    if tree is None:
        return
    inner = tree.children_left >= 0
    children = np.concatenate([tree.children_left[inner], tree.children_right[inner]])
    features = tree.feature[inner]
    sound = np.all((children > 0) & (children < tree.node_count))
    if not sound or np.any((features < 0) | (features >= tree.n_features)):
        raise ModelError(f"{path.name} is damaged: a tree's nodes point outside of it.")
